// SPDX-License-Identifier: Apache-2.0
#include "schedules/softmax_rows.h"

#include "arith/exact_sum.h"
#include "schedules/row_schedule.h"
#include "schedules/uniform_rows.h"

namespace softlane {
namespace internal {
namespace {

// Log-softmax of rows by their maximum is faster one by one, up to this number
// of columns. The time beside a pending row divided by the time one by one, a
// third of the elements masked, AVX2 on Zen 3: 1.19 at 8 x 160, 1.02 at 16 x
// 256, 1.01 at 16 x 600, 0.96 at 8 x 1024. Longer rows may be streamed.
constexpr size_t kMaxWideLogCols = 500;

class SoftmaxRows : private RowSchedule {
 public:
  SoftmaxRows(const SoftmaxCall& call, const SoftmaxPlan& plan, float* scratch)
      : RowSchedule(call, plan, scratch),
        has_equal_rows_(call.ranges == nullptr && call.sinks == nullptr) {}

  // Does rows [first, end).
  void Run(size_t first, size_t end) {
    if (first != end && MayPredict()) Sample(first);
    RunFrom(first, end);
  }
  // Does rows [first, end), where row `first` has been tried and did not fit.
  void RunAfterFailure(size_t first, size_t end) {
    end_ = end;
    Fail(first);
    RunFrom(first + 1, end);
  }

 private:
  void RunFrom(size_t first, size_t end) {
    end_ = end;
    if (has_equal_rows_ && first != end) SetEqualFields(MostOf(first));
    if (is_log_ && is_wide_ && call_.x.cols <= kMaxWideLogCols) {
      return RunRowByRow(call_, first, end - first);
    }
    for (size_t r = first; r < end;) {
      if (has_failed_) Sample(r);
      if (!IsPredicted()) {
        RunByMaximum(RowOf(r));
        ++r;
      } else if (call_.x.cols > kMaxJobCols) {
        const Row row = RowOf(r);
        if (!RunInParts(row)) RunByMaximum(row);
        ++r;
      } else {
        r = RunPredicted(r);
      }
    }
    for (Pending& pending : pending_) Divide(pending, {});
    if (is_streamed_) call_.row.flush();
  }

  // Does up to plan_.rows_per_call rows from r on by the predicted exponent.
  // Returns the first row that is not done.
  size_t RunPredicted(size_t r) {
    const bool needs_max = call_.logsumexp != nullptr;
    params_.range = prediction_.Range();
    for (Pending& pending : pending_) {
      if (pending.has_tiny) Divide(pending, {});
    }
    const size_t count = SetJobs(r, MostOf(r), params_.range);
    if (count == 0) {
      RunByMaximum(RowOf(r));
      return r + 1;
    }
    const RowsDone done =
        PredictedPass()(call_.source, jobs_, count, params_, results_);
    const size_t tried = done.count + (done.has_failed ? 1 : 0);
    for (size_t k = 0; k < tried && k < distance_; ++k) SlotOf(r + k).n = 0;
    for (size_t k = 0; needs_max && k < done.count; ++k) {
      const RowResult& result = results_[k];
      const double log =
          is_log_ ? result.sum : LogOf(result.max, result.sum, params_.range);
      SetLog(log, r + k);
    }
    // A row that is tried divides an earlier row beside it, even if the tried
    // row does not fit.
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
    Fail(r + done.count);
    return r + done.count + 1;
  }
  // Handles row r, which was tried and did not fit.
  void Fail(size_t r) {
    has_failed_ = true;
    has_masked_ = !is_log_;
    backoff_.Failed();
    RunByMaximum(RowOf(r));
  }

  // Sets jobs for up to `most` rows from r on, as long as rows may be tried.
  // Returns the number of jobs.
  size_t SetJobs(size_t r, size_t most, const ExpRange& range) {
    if (has_equal_rows_) return SetEqualJobs(r, most);
    size_t count = 0;
    for (; count < most; ++count) {
      const Row row = RowOf(r + count);
      float* const place = PlaceOf(row);
      if (!CanTry(row, place, range)) break;
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
  // SetJobs for rows with all columns and without sinks. SetEqualFields has set
  // the fields that are equal for all rows, so this takes half of the time.
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
      // A single row may have any stride, so no pointer behind it is computed.
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
  // The largest number of rows in a call of the kernel from row r on.
  size_t MostOf(size_t r) const {
    const size_t left = end_ - r;
    const size_t most = has_failed_ ? 1 : plan_.rows_per_call;
    return left < most ? left : most;
  }
  const bool has_equal_rows_;
  // After a failure, each row predicts its own exponent from its first
  // elements.
  bool has_failed_ = false;
  RowJob jobs_[kMaxRowsPerCall];
  RowResult results_[kMaxRowsPerCall];
};

// Rows of a target that does not predict. They take no stack for jobs.
class RowsByMaximum : private RowSchedule {
 public:
  RowsByMaximum(const SoftmaxCall& call, const SoftmaxPlan& plan)
      : RowSchedule(call, plan, nullptr) {}

  // Does rows [first, end).
  void Run(size_t first, size_t end) {
    for (size_t r = first; r < end; ++r) RunByMaximum(RowOf(r));
  }
};

// Not inlined, so that a call takes only the stack that its function needs.
[[gnu::cold, gnu::noinline]] void RunByMaxima(const SoftmaxCall& call,
                                              const SoftmaxPlan& plan,
                                              size_t first, size_t end) {
  RowsByMaximum(call, plan).Run(first, end);
}
[[gnu::noinline]] void RunPredicted(const SoftmaxCall& call,
                                    const SoftmaxPlan& plan, float* scratch,
                                    size_t first, size_t end) {
  SoftmaxRows(call, plan, scratch).Run(first, end);
}
[[gnu::noinline]] void RunAfterFailure(const SoftmaxCall& call,
                                       const SoftmaxPlan& plan, float* scratch,
                                       size_t first, size_t end) {
  SoftmaxRows(call, plan, scratch).RunAfterFailure(first, end);
}
void RunRows(const SoftmaxCall& call, const SoftmaxPlan& plan, float* scratch,
             size_t first, size_t end) {
  if (plan.is_uniform && first == 0 && end == call.x.rows &&
      call.logits.exp_uniform[0] != nullptr && KeepsLogits(plan, scratch)) {
    const RowsDone done = RunUniformRows(call, scratch);
    if (done.count == end) return;
    first = done.count;
    if (done.has_failed) {
      return RunAfterFailure(call, plan, scratch, first, end);
    }
  }
  call.plain.exp_rows[0] == nullptr
      ? RunByMaxima(call, plan, first, end)
      : RunPredicted(call, plan, scratch, first, end);
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
