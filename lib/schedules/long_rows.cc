// SPDX-License-Identifier: Apache-2.0
#include "arith/exact_sum.h"
#include "schedules/row_schedule.h"

// Rows of more than kSumCols columns.

namespace softlane {
namespace internal {
namespace {

// A block is summed by its own maximum: terms count down to 129.75 octaves
// below it. Exp values by the row's exponent are such that the exp value of the
// row's maximum is near 2^peak. With them, the least term that counts is normal
// if the block's maximum is at most this far below the row's maximum.
constexpr float MaxFall(int peak) {
  return static_cast<float>(peak) - static_cast<float>(kHeadroom);
}
// The peak of rows with a block that falls further. With it, a sum of 2^24 exp
// values is below 2^96. So the second float of the sum's reciprocal has the
// same bits as with other peaks, even if it is subnormal.
constexpr int kHighPeak = 72;
// A block that falls this far adds nothing to the sum: the block's sum is at
// most 14 octaves above its maximum, so it is more than 97 octaves below the
// row's maximum.
constexpr float kNegligibleFall = 112.0f;

// The number of blocks whose maxima are kept on the stack. The maxima of
// further blocks are found a second time.
constexpr size_t kKeptMaxima = 256;

// Whether a block that counts is too low for a peak.
bool IsLow(float fall, int peak) {
  return fall > MaxFall(peak) && fall < kNegligibleFall;
}
// Multiplies exp values by 2^-octaves. The product is inexact only where the
// probability is below 2^-126 and becomes +0.
void Lower(float* e, size_t n, float octaves) {
  const auto power = static_cast<float>(PowerOfTwo(-double{octaves}));
  for (size_t k = 0; k < n; ++k) e[k] *= power;
}

}  // namespace

bool RowSchedule::RunInParts(const Row& row) {
  params_.range = prediction_.Range();
  float* const place = PlaceOf(row);
  if (!CanTry(row, place, params_.range)) return false;
  Pending& slot = SlotOf(row.r);
  if (slot.has_tiny) Divide(slot, {});
  ExactSum blocks;
  float max = call_.Sink(row.r);
  for (size_t i = 0; i < row.n; i += kMaxJobCols) {
    RowJob job;
    RowResult result;
    SetPart(row, place, i, kMaxJobCols, slot, job);
    PredictedPass()(call_.source, &job, 1, params_, &result);
    TakePending(job.pending_n, slot);
    if (!result.in_range) {
      has_masked_ = !is_log_;
      backoff_.Failed();
      return false;
    }
    max = max < result.max ? result.max : max;
    AddBlockSums(block_sums_, BlocksOf(job.n), UnitOf(params_.range), blocks);
  }
  backoff_.Succeeded();
  const double sum = TotalOf(blocks, UnitOf(params_.range));
  EndLong(row, place, sum, max, params_.range, false);
  prediction_.Follow(sum);
  return true;
}

// Sets a job for up to `most` columns of a row from column i on. The job also
// divides as many columns of the pending row.
void RowSchedule::SetPart(const Row& row, float* place, size_t i, size_t most,
                          const Pending& slot, RowJob& job) {
  const size_t n = row.n - i < most ? row.n - i : most;
  // Log-softmax has no place for exp values. Logsumexp alone has no results,
  // either.
  float* const to = row.to == nullptr ? nullptr : row.to + i;
  SetJob({row.r, row.begin + i, n, to}, place == nullptr ? place : place + i,
         job);
  job.sink = -kInfinity;
  job.block_sums = block_sums_;
  // Log-softmax has parts of one length only.
  if (is_log_ ? slot.n >= n : slot.n != 0) {
    SetPending(slot, job);
    job.pending_n = slot.n < n ? slot.n : n;
  }
  if (!is_streamed_) return;
  job.ahead = AheadOf(row.r + 1);
  if (job.ahead.first != nullptr) job.ahead.first += i;
  if (job.ahead.second != nullptr) job.ahead.second += i;
}

void RowSchedule::RunLongByMaximum(const Row& row) {
  Pending& slot = SlotOf(row.r);
  float* const place = PlaceOf(row);
  const float* z = call_.x.Row(row.r) + row.begin;
  if (call_.logits.write_logits != nullptr) {
    WriteLogits(call_, call_.x.Row(row.r), row.r, row.begin, row.n, place);
    z = place;
  }
  float falls[kKeptMaxima];  // holds the maxima first
  float max = call_.Sink(row.r);
  for (size_t i = 0, b = 0; i < row.n; i += kSumCols, ++b) {
    const float block_max = call_.row.max(z + i, BlockCols(i, row.n));
    if (b < kKeptMaxima) falls[b] = block_max;
    max = block_max > max ? block_max : max;
  }
  if (!HasNoFarBlock(max, call_.parts)) return RunByItself(row, z, max);
  const RowPlan plan = PlanDirectRow(max, call_.parts);
  prediction_.SetMax(max);
  if (slot.has_tiny) Divide(slot, {});
  const float octaves = static_cast<float>(plan.offset + kHeadroom);
  // How many octaves a block of this maximum is below the row.
  const auto fall_of = [&](float block_max) {
    return octaves - OctavesOf(block_max, call_.parts);
  };
  const size_t count = BlocksOf(row.n);
  bool has_low = count > kKeptMaxima;
  for (size_t b = 0; b < count && b < kKeptMaxima; ++b) {
    falls[b] = fall_of(falls[b]);
    has_low = has_low || IsLow(falls[b], kPredictedPeak);
  }
  const int peak = has_low ? kHighPeak : kPredictedPeak;
  ExpParams params = ExactParams(octaves);
  params.range.offset = octaves + static_cast<float>(kRangeTop - peak);
  const ExpRange range = params.range;
  ExactSum blocks;
  double sum = 0.0;  // of a row that one job has added
  bool has_tiny = has_low;
  for (size_t b = 0; b < count;) {
    // One job does blocks of the same offset.
    const size_t first = b;
    float far = 0.0f;
    do {
      const size_t at = b * kSumCols;
      const float fall =
          b < kKeptMaxima
              ? falls[b]
              : fall_of(call_.row.max(z + at, BlockCols(at, row.n)));
      const float own_far = IsLow(fall, peak) ? fall : 0.0f;
      if (b == first) far = own_far;
      if (far != own_far) break;
      // A sum that adds nothing may be replaced by any sum that adds nothing.
      block_sums_[b - first] =
          fall < kNegligibleFall
              ? ExactRange(octaves - fall, call_.parts).lowest
              : range.lowest;
      ++b;
    } while (b < count && b - first < kMaxJobBlocks);
    RowJob job;
    SetPart(row, place, first * kSumCols, (b - first) * kSumCols, slot, job);
    job.logits = z + first * kSumCols;
    job.begin = 0;
    params.range.offset = range.offset - far;
    RowResult result;
    call_.plain.exp_rows[1](nullptr, &job, 1, params, &result);
    TakePending(job.pending_n, slot);
    if (!(result.row_sum == result.row_sum)) {
      Divide(slot, {});
      return Special(row, z, call_.LogAt(row.r));
    }
    has_tiny = has_tiny || !result.in_range;
    if (b - first == count && far == 0.0f) {
      sum = result.row_sum;
    } else {
      AddBlockSums(block_sums_, b - first, UnitOf(params.range), blocks);
    }
    if (far != 0.0f && !is_log_) Lower(job.e, job.n, far);
  }
  if (!is_log_) is_wide_ = has_tiny;
  if (sum == 0.0) sum = TotalOf(blocks, UnitOf(range));
  EndLong(row, place, sum, max, range, has_tiny);
}

// Adds the sink to the sum, and keeps the row for its last step.
void RowSchedule::EndLong(const Row& row, const float* place, double sum,
                          float max, const ExpRange& range, bool has_tiny) {
  Divide(SlotOf(row.r), {});
  sum += ExpOfSink(row.r, range);
  End(row, is_log_ ? call_.x.Row(row.r) : place, sum, max, range, has_tiny);
}

// A job without columns sums the sink alone.
double RowSchedule::ExpOfSink(size_t r, const ExpRange& range) {
  if (call_.Sink(r) == -kInfinity) return 0.0;
  RowJob job;
  SetJob({r, 0, 0, nullptr}, nullptr, job);
  ExpParams params = ExactParams(0.0f);
  params.range = range;
  RowResult result;
  call_.plain.exp_rows[1](nullptr, &job, 1, params, &result);
  return result.sum;
}

}  // namespace internal
}  // namespace softlane
