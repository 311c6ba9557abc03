// SPDX-License-Identifier: Apache-2.0
#include "schedules/long_rows.h"

#include "arith/exact_sum.h"
#include "schedules/row_schedule.h"

namespace softlane {
namespace internal {
namespace {

// A block is summed by its own maximum: terms count down to 129.75 octaves
// below it. By the row's exponent, where the exp value of the row's maximum is
// near 2^peak, the least term that counts is normal if the block's maximum is
// at most this far below that of the row.
constexpr float MaxFall(int peak) {
  return static_cast<float>(peak) - static_cast<float>(kHeadroom);
}
// The peak of rows with a block that falls further. A sum of 2^24 exp values is
// then below 2^96. So the second float of its reciprocal has all bits that it
// has with other peaks, even where it is subnormal.
constexpr int kHighPeak = 72;
// The sum of a block that falls this far adds nothing: it is at most 14 octaves
// above its maximum, and 97 octaves below that of the row.
constexpr float kNegligibleFall = 112.0f;

// The blocks and columns of a job.
constexpr size_t kJobBlocks = 64;
constexpr size_t kJobCols = kJobBlocks * kSumCols;
// The maxima of blocks that the stack keeps. Those of further blocks are looked
// for again.
constexpr size_t kKeptMaxima = 256;

// The exponent that a block's sum counts from.
int64_t UnitOf(const ExpRange& range) {
  return static_cast<int64_t>(range.offset) - kRangeTop;
}
size_t BlockAt(size_t i, size_t n) {
  return n - i < kSumCols ? n - i : kSumCols;
}

class LongRows : private RowSchedule {
 public:
  LongRows(const SoftmaxCall& call, const SoftmaxPlan& plan, float* scratch)
      : RowSchedule(call, plan, scratch), unit_parts_(call.parts) {
    unit_parts_.scale /= unit_parts_.unit;
    unit_parts_.unit = 1.0;
  }

  // Rows [first, end).
  void Run(size_t first, size_t end) {
    end_ = end;
    if (first != end && MayPredict()) Sample(first);
    for (size_t r = first; r < end; ++r) {
      const Row row = RowOf(r);
      if (!IsPredicted() || !RunPredicted(row)) RunByMaximum(row);
    }
    Divide(SlotOf(0), {});
    if (is_streamed_) call_.row.flush();
  }

 private:
  // False if the row must be done by its maximum.
  [[gnu::noinline]] bool RunPredicted(const Row& row) {
    params_.range = prediction_.Range();
    float* const place = PlaceOf(row);
    if (!CanTry(row, place, params_.range)) return false;
    Pending& slot = SlotOf(row.r);
    if (slot.has_tiny) Divide(slot, {});
    ExactSum blocks;
    double sum = 0.0;
    float max = call_.Sink(row.r);
    const int64_t unit = UnitOf(params_.range);
    for (size_t i = 0; i < row.n; i += kJobCols) {
      RowJob job;
      RowResult result;
      SetPart(row, place, i, kJobCols, slot, job);
      PredictedPass()(call_.source, &job, 1, params_, &result);
      TakePending(job.pending_n, slot);
      if (!result.in_range || HasLowBlock(job.n)) return Fail();
      max = max < result.max ? result.max : max;
      const size_t count = (job.n + kSumCols - 1) / kSumCols;
      if (job.n == row.n) {
        sum = TotalOfSums(block_sums_, count);
      } else {
        AddBlockSums(block_sums_, count, unit, blocks);
      }
    }
    if (row.n > kJobCols) sum = TotalOf(blocks, unit);
    if (sum == 0.0) return Fail();
    backoff_.Succeeded();
    End(row, place, sum, max, params_.range, false);
    prediction_.Follow(sum);
    return true;
  }
  bool Fail() {
    has_masked_ = !is_log_;
    backoff_.Failed();
    return false;
  }
  // Whether a block of a job has masked elements that may count: its maximum is
  // far below the prediction. A block that is all masked is negligible in a row
  // that fits.
  bool HasLowBlock(size_t n) const {
    for (size_t i = 0; has_masked_ && i < n; i += kSumCols) {
      const double sum = block_sums_[i / kSumCols];
      if (sum != 0.0 && sum < LeastSum(BlockAt(i, n))) return true;
    }
    return false;
  }

  // A job for up to `most` columns of a row from column i on. As much of the
  // pending row is divided beside it.
  void SetPart(const Row& row, float* place, size_t i, size_t most,
               const Pending& slot, RowJob& job) {
    const size_t n = row.n - i < most ? row.n - i : most;
    SetJob({row.r, row.begin + i, n, row.to + i}, place + i, job);
    job.sink = -kInfinity;
    job.block_sums = block_sums_;
    // Log-softmax has parts of one length only.
    if (is_log_ ? slot.n >= n : slot.n != 0) {
      SetPending(slot, job);
      job.pending_n = slot.n < n ? slot.n : n;
    }
    if (is_streamed_) job.ahead = AheadOfBlock(row.r + 1, i);
  }
  static void TakePending(size_t n, Pending& pending) {
    pending.e += n;
    pending.to += n;
    pending.n -= n;
  }
  ReadAhead AheadOfBlock(size_t r, size_t i) const {
    ReadAhead ahead = AheadOf(r);
    if (ahead.first != nullptr) ahead.first += i;
    if (ahead.second != nullptr) ahead.second += i;
    return ahead;
  }

  [[gnu::noinline]] void RunByMaximum(const Row& row) {
    Pending& slot = SlotOf(row.r);
    float* const place = PlaceOf(row);
    const float* z = call_.x.Row(row.r) + row.begin;
    if (call_.logits.write_logits != nullptr) {
      RowJob job;
      SetJob(row, place, job);
      call_.logits.write_logits(call_.source, job, place);
      z = place;
    }
    float maxima[kKeptMaxima];
    float max = call_.Sink(row.r);
    for (size_t i = 0, b = 0; i < row.n; i += kSumCols, ++b) {
      const float block_max = call_.row.max(z + i, BlockAt(i, row.n));
      if (b < kKeptMaxima) maxima[b] = block_max;
      max = block_max > max ? block_max : max;
    }
    float* const log = call_.LogAt(row.r);
    if (!(-kInfinity < max && max < kInfinity)) {
      Divide(slot, {});
      return Special(row, z, log);
    }
    const RowPlan plan = PlanRow(max, call_.parts);
    prediction_.SetMax(max);
    const bool has_unit = call_.parts.unit != 1.0;
    if (plan.shift != 0.0 || call_.plain.exp_rows[1] == nullptr ||
        (has_unit && is_log_)) {
      Divide(slot, {});
      const RowResult result = call_.kernels.one_row(
          z, row.to, row.n, call_.Sink(row.r), call_.parts, log);
      if (!(result.sum == result.sum)) Special(row, z, log);
      return;
    }
    if (slot.has_tiny) Divide(slot, {});
    // Logits times a unit, a power of two, are the logits of a row without.
    const auto unit = static_cast<float>(call_.parts.unit);
    if (has_unit) {
      for (size_t i = 0; i < row.n; ++i) place[i] = z[i] * unit;
      z = place;
    }
    const float octaves = static_cast<float>(plan.offset + kHeadroom);
    const size_t count = (row.n + kSumCols - 1) / kSumCols;
    const bool has_low =
        count > kKeptMaxima || HasLowMaximum(maxima, count, octaves, unit);
    ExpParams params = ExactParams(octaves);
    if (has_low) params.range.offset = octaves + (kRangeTop - kHighPeak);
    const ExpRange range = params.range;
    ExactSum blocks;
    bool has_tiny = has_low;
    for (size_t i = 0, b = 0; i < row.n; i += kSumCols, ++b) {
      const float block_max = b < kKeptMaxima
                                  ? maxima[b] * unit
                                  : call_.row.max(z + i, BlockAt(i, row.n));
      RowJob job;
      SetPart(row, place, i, kSumCols, slot, job);
      job.logits = z + i;
      job.begin = 0;
      const float own = OctavesOf(block_max, call_.parts);
      const float fall = octaves - own;
      const bool counts = fall < kNegligibleFall;
      params.range = range;
      if (counts) params.range.lowest = ExactRange(own, call_.parts).lowest;
      const bool is_far =
          counts && fall > MaxFall(has_low ? kHighPeak : kPredictedPeak);
      if (is_far) params.range.offset -= fall;
      RowResult result;
      call_.plain.exp_rows[1](nullptr, &job, 1, params, &result);
      TakePending(job.pending_n, slot);
      const double sum = block_sums_[0];
      if (!(sum == sum)) {
        Divide(slot, {});
        return Special(row, z, log);
      }
      has_tiny = has_tiny || !result.in_range;
      if (counts && sum != 0.0) {
        AddBlockSum(sum, UnitOf(params.range), blocks);
      }
      if (is_far && !is_log_) Lower(job.e, job.n, fall);
    }
    if (!is_log_) is_wide_ = has_tiny;
    End(row, place, TotalOf(blocks, UnitOf(range)), max * unit, range,
        has_tiny);
  }
  // Whether a block that counts is too low for the usual peak.
  static bool IsLow(float fall) {
    return fall > MaxFall(kPredictedPeak) && fall < kNegligibleFall;
  }
  bool HasLowMaximum(const float* maxima, size_t count, float octaves,
                     float unit) const {
    size_t b = 0;
    while (b < count &&
           !IsLow(octaves - OctavesOf(maxima[b] * unit, call_.parts))) {
      ++b;
    }
    return b < count;
  }
  // Takes octaves off exp values. Inexact only where the probability is below
  // 2^-126, which is +0.
  static void Lower(float* e, size_t n, float octaves) {
    const auto power = static_cast<float>(PowerOfTwo(-double{octaves}));
    for (size_t k = 0; k < n; ++k) e[k] *= power;
  }

  // Takes the sink in, and keeps the row for its last step.
  void End(const Row& row, const float* place, double sum, float max,
           const ExpRange& range, bool has_tiny) {
    Pending& slot = SlotOf(row.r);
    Divide(slot, {});
    sum += ExpOfSink(row.r, range);
    double log = 0.0;
    if (is_log_ || call_.logsumexp != nullptr)
      log = call_.kernels.log_of_sum(max, sum, range, unit_parts_);
    if (call_.logsumexp != nullptr) SetLog(log, row.r);
    if (is_log_) {
      SetSlot(row.r, call_.x.Row(row.r), row.to, row.n, log, false);
    } else {
      SetSlot(row.r, place, row.to, row.n, sum, has_tiny || MayHaveTiny(sum));
    }
  }
  // A job without columns has the sink alone.
  double ExpOfSink(size_t r, const ExpRange& range) const {
    if (call_.Sink(r) == -kInfinity) return 0.0;
    RowJob job;
    SetJob({r, 0, 0, nullptr}, nullptr, job);
    ExpParams params = ExactParams(0.0f);
    params.range = range;
    RowResult result;
    call_.plain.exp_rows[1](nullptr, &job, 1, params, &result);
    return result.sum;
  }

  ScaleParts unit_parts_;  // of logits times the unit
  double block_sums_[kJobBlocks];
};

}  // namespace

void RunLongRows(const SoftmaxCall& call, const SoftmaxPlan& plan,
                 float* scratch, size_t first, size_t end) {
  LongRows(call, plan, scratch).Run(first, end);
}

}  // namespace internal
}  // namespace softlane
