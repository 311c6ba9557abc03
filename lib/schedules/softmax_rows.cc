// SPDX-License-Identifier: Apache-2.0
#include "schedules/softmax_rows.h"

#include <cstdint>

#include "schedules/prediction.h"

namespace softlane {
namespace internal {
namespace {

// Rows of fewer columns are divided beside the row after the next, whose pass
// need not wait for their sum; longer ones beside the next, since they would
// leave the first cache.
constexpr size_t kMinNextCols = 1280;
static_assert(3 * kMinNextCols <= 2 * kMaxScratchCols, "three places");
constexpr size_t kSampledCols = 64;

struct Row {
  size_t r, begin, n;
  float* to;  // n probabilities
};

// A row whose exp values wait for their division; n is 0 if there is none.
struct Pending {
  const float* e;
  float* to;
  size_t n;
  double sum;
  bool has_tiny;     // probabilities below 2^-126
  bool is_streamed;  // past the caches
};

class SoftmaxRows {
 public:
  // `scratch` is null, or has 2 * kMaxScratchCols.
  SoftmaxRows(const SoftmaxCall& call, const SoftmaxPlan& plan, float* scratch)
      : call_(call),
        plan_(plan),
        scratch_(scratch),
        distance_(call.x.cols < kMinNextCols ? 2 : 1),
        is_streamed_(plan.places == Places::kStreamed),
        params_{call.parts, {}, false, plan.is_staged, plan.is_uniform},
        prediction_(call.parts),
        may_predict_(call.plain.exp_rows[0] != nullptr &&
                     (plan.places != Places::kScratch || scratch != nullptr)),
        has_equal_rows_(call.ranges == nullptr && call.sinks == nullptr),
        is_log_(call.is_log),
        has_results_(call.y.data != nullptr) {}

  // Rows [first, end).
  void Run(size_t first, size_t end) {
    end_ = end;
    if (has_equal_rows_) SetEqualFields(MostOf(first));
    if (first != end && may_predict_) Sample(first);
    for (size_t r = first; r < end;) {
      const bool can_predict =
          may_predict_ && prediction_.IsUsable() && !is_wide_;
      if (can_predict && backoff_.NextIsDue()) {
        r = RunPredicted(r);
      } else {
        RunByMaximum(RowOf(r));
        ++r;
      }
    }
    for (Pending& pending : pending_) Divide(pending, {});
    if (is_streamed_) call_.row.flush();
  }

 private:
  // The first elements of the first row predict its exponent.
  [[gnu::noinline]] void Sample(size_t first) {
    const Row row = RowOf(first);
    if (row.n < kSampledCols) return;
    RowJob job;
    SetJob(row, nullptr, job);
    job.n = kSampledCols;
    alignas(64) float logits[kSampledCols];
    const float* z = job.logits;
    if (call_.logits.write_logits != nullptr) {
      call_.logits.write_logits(call_.source, job, logits);
      z = logits;
    }
    const RowSample sample = call_.row.sample(z, kSampledCols, call_.parts);
    prediction_.SetMax(sample.max);
    is_wide_ = sample.is_wide;
    if (sample.is_wide || sample.has_masked) has_masked_ = true;
  }

  [[gnu::noinline]] Row RowOf(size_t r) {
    float* const to = call_.y.Row(r);
    if (call_.ranges == nullptr) return {r, 0, call_.x.cols, to};
    const KeyRange keys = call_.ranges->Of(r);
    if (r >= filled_) {
      filled_ = r + 1;
      FillZero(to, keys.begin);
      FillZero(to + keys.end, call_.x.cols - keys.end);
    }
    return {r, keys.begin, keys.end - keys.begin, to + keys.begin};
  }
  void FillZero(float* to, size_t n) const {
    if (is_streamed_) {
      call_.row.zero_streamed(to, n);
    } else {
      FillRow(to, n, 0.0f);
    }
  }

  // Where the row's exp values go: a place of no other row that is pending.
  float* PlaceOf(const Row& row) const {
    if (scratch_ == nullptr || row.n > kMaxScratchCols) return row.to;
    return scratch_ + (distance_ == 2 ? row.r % 3 * kMinNextCols
                                      : row.r % 2 * kMaxScratchCols);
  }
  Pending& SlotOf(size_t r) { return pending_[r & (distance_ - 1)]; }

  // Each field by itself: a copy of a job would wait for the stores that made
  // it.
  void SetJob(const Row& row, float* e, RowJob& job) const {
    job.logits = call_.x.Row(row.r);
    job.row = row.r;
    job.begin = row.begin;
    job.n = row.n;
    job.sink = call_.Sink(row.r);
    job.e = e;
    job.pending_n = 0;
    job.is_streamed = false;
    job.ahead.first = job.ahead.second = nullptr;
  }
  static void SetPending(const Pending& pending, RowJob& job) {
    job.pending = pending.e;
    job.pending_n = pending.n;
    job.pending_sum = &pending.sum;
    job.probs = pending.to;
    job.is_streamed = pending.is_streamed;
  }

  // Whether the row may be tried with the predicted range. Exp values that take
  // the place of their logits must be right.
  bool CanTry(const Row& row, const float* place, const ExpRange& range) const {
    const float sink = call_.Sink(row.r);
    const bool is_final = plan_.places == Places::kScratch && place == row.to;
    return row.n != 0 && !is_final &&
           (sink == -kInfinity || IsInRange(sink, range, call_.parts));
  }

  // Jobs for up to `most` rows from r on, as far as they may be tried. Gives
  // their number.
  size_t SetJobs(size_t r, size_t most) {
    if (has_equal_rows_) return SetEqualJobs(r, most);
    size_t count = 0;
    for (; count < most; ++count) {
      const Row row = RowOf(r + count);
      float* const place = PlaceOf(row);
      if (!CanTry(row, place, params_.range)) break;
      RowJob& job = jobs_[count];
      SetJob(row, place, job);
      if (count < distance_) {
        SetPending(SlotOf(r + count), job);
      } else {
        const RowJob& before = jobs_[count - distance_];
        job.pending = PendingOf(before);
        job.pending_n = before.n;
        job.pending_sum = &results_[count - distance_].sum;
        job.probs = ProbsOf(before);
        job.is_streamed = IsStreamed(job.pending, job.probs);
      }
      if (is_streamed_) job.ahead = AheadOf(r + count + 1);
    }
    return count;
  }
  // The same for rows that have all columns and no sinks, whose constant fields
  // SetEqualFields has set: half of the time.
  [[gnu::noinline]] size_t SetEqualJobs(size_t r, size_t most) {
    const float* x = call_.x.Row(r);
    float* y = call_.y.Row(r);
    for (size_t count = 0;;) {
      RowJob& job = jobs_[count];
      job.logits = x;
      job.row = r + count;
      job.e = scratch_ == nullptr ? y : PlaceOf({r + count, 0, job.n, y});
      if (count < distance_) {
        SetPending(SlotOf(r + count), job);
      } else {
        job.pending = PendingOf(jobs_[count - distance_]);
        job.probs = y - distance_ * call_.y.stride;
      }
      if (is_streamed_) job.ahead = AheadOf(r + count + 1);
      // A row alone may have any stride: no pointer behind it.
      if (++count == most) return most;
      x += call_.x.stride;
      y += call_.y.stride;
    }
  }
  void SetEqualFields(size_t most) {
    for (size_t k = 0; k < most; ++k) {
      SetJob({0, 0, call_.x.cols, nullptr}, nullptr, jobs_[k]);
      if (k < distance_ || !has_results_) continue;
      jobs_[k].pending_n = call_.x.cols;
      jobs_[k].pending_sum = &results_[k - distance_].sum;
      jobs_[k].is_streamed = is_streamed_;
    }
  }
  // The rows of a call from r on, at most.
  size_t MostOf(size_t r) const {
    const size_t left = end_ - r;
    return left < plan_.rows_per_call ? left : plan_.rows_per_call;
  }
  // What the last step of a job's row reads.
  const float* PendingOf(const RowJob& job) const {
    return is_log_ ? job.logits + job.begin : job.e;
  }
  float* ProbsOf(const RowJob& job) const {
    return call_.y.Row(job.row) + job.begin;
  }

  // Rows from r on, up to plan_.rows_per_call, by the predicted exponent. Gives
  // the first that is not done.
  size_t RunPredicted(size_t r) {
    const bool needs_max = call_.logsumexp != nullptr;
    params_.range = prediction_.Range();
    for (Pending& pending : pending_) {
      if (pending.has_tiny) Divide(pending, {});
    }
    const size_t count = SetJobs(r, MostOf(r));
    if (count == 0) {
      RunByMaximum(RowOf(r));
      return r + 1;
    }
    ExpRowsFunction* const exp_rows =
        call_.logits.exp_rows[(has_masked_ ? 1 : 0) + (needs_max ? 2 : 0)];
    const RowsDone done =
        exp_rows(call_.source, jobs_, count, params_, results_);
    const size_t tried = done.count + (done.has_failed ? 1 : 0);
    for (size_t k = 0; k < tried && k < distance_; ++k) SlotOf(r + k).n = 0;
    for (size_t k = 0; needs_max && k < done.count; ++k) {
      call_.logsumexp[r + k] = call_.kernels.log_sum_exp(
          results_[k].max, results_[k].sum, params_.range, call_.parts);
    }
    // The rows before these were divided beside a row that was tried.
    const size_t first = tried > distance_ ? tried - distance_ : 0;
    for (size_t k = first; k < done.count; ++k) {
      const RowJob& job = jobs_[k];
      SetSlot(r + k, PendingOf(job), ProbsOf(job), job.n, results_[k].sum,
              MayHaveTiny(results_[k].sum));
    }
    if (done.count != 0) {
      backoff_.Succeeded();
      prediction_.Follow(results_[done.count - 1].row_sum);
    }
    if (!done.has_failed) return r + done.count;
    has_masked_ = true;
    backoff_.Failed();
    RunByMaximum(RowOf(r + done.count));
    return r + done.count + 1;
  }

  [[gnu::noinline]] void SetSlot(size_t r, const float* e, float* to, size_t n,
                                 double sum, bool has_tiny) {
    if (!has_results_) return;
    Pending& slot = SlotOf(r);
    slot = {e, to, n, sum, has_tiny, IsStreamed(e, to)};
    if (slot.is_streamed && (plan_.divides_at_once || !IsAligned(to))) {
      Divide(slot, AheadOf(r + 1));
    }
  }
  // Exp values that wait in the output are divided there.
  bool IsStreamed(const float* e, const float* to) const {
    return is_streamed_ && e != to;
  }
  static bool IsAligned(const float* to) {
    return reinterpret_cast<uintptr_t>(to) % 64 == 0;
  }

  [[gnu::noinline]] void RunByMaximum(const Row& row) {
    Pending& slot = SlotOf(row.r);
    float* const place = PlaceOf(row);
    RowJob job;
    SetJob(row, place, job);
    const float* z = job.logits + row.begin;
    if (call_.logits.write_logits != nullptr) {
      call_.logits.write_logits(call_.source, job, place);
      z = place;
    }
    const float row_max = call_.row.max(z, row.n);
    const float max = job.sink > row_max ? job.sink : row_max;
    float* const log = call_.LogAt(row.r);
    if (!(-kInfinity < max && max < kInfinity)) {
      Divide(slot, {});
      return Special(row, z, log);
    }
    const RowPlan plan = PlanRow(max, call_.parts);
    prediction_.SetMax(max);
    if (!plan.as_is || call_.plain.exp_rows[1] == nullptr) {
      Divide(slot, {});
      const RowResult result =
          call_.kernels.one_row(z, row.to, row.n, job.sink, call_.parts, log);
      if (!(result.sum == result.sum)) Special(row, z, log);
      return;
    }
    if (slot.has_tiny) Divide(slot, {});
    SetPending(slot, job);
    if (is_streamed_) job.ahead = AheadOf(row.r + 1);
    job.logits = z;
    job.begin = 0;
    const ExpParams params = {
        call_.parts,
        ExactRange(static_cast<float>(plan.offset + kHeadroom), call_.parts),
        true, plan_.is_staged, false};
    RowResult result;
    call_.plain.exp_rows[1](nullptr, &job, 1, params, &result);
    slot.n = 0;
    is_wide_ = !result.in_range;
    if (!(result.sum == result.sum)) return Special(row, z, log);
    if (log != nullptr) {
      *log =
          call_.kernels.log_sum_exp(max, result.sum, params.range, call_.parts);
    }
    SetSlot(row.r, PendingOf(job), row.to, row.n, result.sum,
            !result.in_range || MayHaveTiny(result.sum));
  }

  void Special(const Row& row, const float* z, float* log) const {
    const float special = call_.special(call_, row.r, row.begin, row.n, z);
    if (log != nullptr) *log = special;
  }

  [[gnu::noinline]] void Divide(Pending& row, const ReadAhead& ahead) const {
    if (row.n == 0) return;
    if (row.is_streamed) {
      call_.kernels.divide_streamed(row.e, row.to, row.n, row.sum, ahead,
                                    call_.parts);
    } else {
      call_.kernels.divide(row.e, row.to, row.n, row.sum, row.has_tiny,
                           call_.parts);
    }
    row.n = 0;
    row.has_tiny = false;
  }

  // The row that is read next.
  [[gnu::noinline]] ReadAhead AheadOf(size_t r) const {
    if (r >= end_) return {};
    size_t begin = 0;
    if (call_.ranges != nullptr) {
      const KeyRange keys = call_.ranges->Of(r);
      // Lines that take stores from both sides, so not past the caches.
      __builtin_prefetch(call_.y.Row(r) + keys.begin);
      __builtin_prefetch(call_.y.Row(r) + keys.end);
      begin = keys.begin;
    }
    const Rows<const float>* const second = call_.second;
    return {call_.x.Row(r) + begin,
            second == nullptr ? nullptr : second->Row(r) + begin};
  }

  const SoftmaxCall& call_;
  const SoftmaxPlan& plan_;
  float* const scratch_;
  const size_t distance_;  // from a row to the one that is divided beside it
  const bool is_streamed_;
  ExpParams params_;  // of predicted rows
  Prediction prediction_;
  Backoff backoff_;
  RowJob jobs_[kMaxRowsPerCall];
  RowResult results_[kMaxRowsPerCall];
  Pending pending_[2] = {};
  size_t end_ = 0;
  size_t filled_ = 0;     // rows whose other columns are zero
  bool is_wide_ = false;  // the last row was too wide for the range
  // False where the target has no pass for it, and where exp values take the
  // place of their logits, which a failure needs again.
  const bool may_predict_;
  const bool has_equal_rows_;
  const bool is_log_, has_results_;
  bool has_masked_ = false;
};

// A function of its own, since few calls need the scratch.
[[gnu::noinline]] void RunRows(const SoftmaxCall& call, const SoftmaxPlan& plan,
                               float* scratch, size_t first, size_t end) {
  SoftmaxRows(call, plan, scratch).Run(first, end);
}
[[gnu::noinline]] void RunWithScratch(const SoftmaxCall& call,
                                      const SoftmaxPlan& plan) {
  alignas(64) float scratch[2 * kMaxScratchCols];
  RunRows(call, plan, scratch, 0, call.x.rows);
}

}  // namespace

void RunSoftmaxRows(const SoftmaxCall& call, const SoftmaxPlan& plan) {
  if (plan.has_scratch) return RunWithScratch(call, plan);
  RunRows(call, plan, nullptr, 0, call.x.rows);
}

void RunSoftmaxRows(const SoftmaxCall& call, const SoftmaxPlan& plan,
                    size_t first, size_t count) {
  RunRows(call, plan, nullptr, first, first + count);
}

}  // namespace internal
}  // namespace softlane
