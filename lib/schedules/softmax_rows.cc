// SPDX-License-Identifier: Apache-2.0
#include "schedules/softmax_rows.h"

#include "schedules/prediction.h"
#include "schedules/row_jobs.h"

namespace softlane {
namespace internal {
namespace {

constexpr size_t kSampledCols = 64;

class SoftmaxRows : private RowJobs {
 public:
  SoftmaxRows(const SoftmaxCall& call, const SoftmaxPlan& plan, float* scratch)
      : RowJobs(call, plan, scratch),
        params_{call.parts, {}, false, plan.is_staged, plan.is_uniform},
        prediction_(call.parts),
        may_predict_(call.plain.exp_rows[0] != nullptr &&
                     (plan.places != Places::kScratch || scratch != nullptr)) {}

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
    size_t begin = 0, n = call_.x.cols;
    if (call_.ranges != nullptr) {
      const Row row = RowOf(first);
      begin = row.begin;
      n = row.n;
    }
    if (n < kSampledCols) return;
    RowJob job;
    // Each by itself: see SetJob.
    job.logits = call_.x.Row(first);
    job.row = first;
    job.begin = begin;
    job.n = kSampledCols;
    alignas(64) float logits[kSampledCols];
    const float* z = job.logits;
    if (call_.logits.write_logits != nullptr) {
      call_.logits.write_logits(call_.source, job, logits);
      z = logits;
    }
    const RowSample sample = call_.row.sample(z, kSampledCols, call_.parts);
    prediction_.SetMax(sample.max);
    is_wide_ = sample.is_wide || (sample.has_masked && is_log_);
    if (sample.is_wide || sample.has_masked) has_masked_ = !is_log_;
  }

  // Rows from r on, up to plan_.rows_per_call, by the predicted exponent. Gives
  // the first that is not done.
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
    ExpRowsFunction* const exp_rows =
        call_.logits.exp_rows[(has_masked_ ? 1 : 0) + (needs_max ? 2 : 0)];
    const RowsDone done =
        exp_rows(call_.source, jobs_, count, params_, results_);
    const size_t tried = done.count + (done.has_failed ? 1 : 0);
    for (size_t k = 0; k < tried && k < distance_; ++k) SlotOf(r + k).n = 0;
    for (size_t k = 0; needs_max && k < done.count; ++k) {
      const RowResult& result = results_[k];
      const double log =
          is_log_ ? result.sum : LogOf(result.max, result.sum, params_.range);
      SetLog(log, r + k);
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
    has_masked_ = !is_log_;
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
    if (!is_log_) is_wide_ = !result.in_range;
    if (!(result.sum == result.sum)) return Special(row, z, log);
    double log_sum = 0.0;
    if (is_log_ || log != nullptr) {
      log_sum = LogOf(max, result.sum, params.range);
    }
    if (log != nullptr) SetLog(log_sum, row.r);
    if (is_log_) {
      SetSlot(row.r, PendingOf(job), row.to, row.n, log_sum, false);
    } else {
      SetSlot(row.r, PendingOf(job), row.to, row.n, result.sum,
              !result.in_range || MayHaveTiny(result.sum));
    }
  }

  double LogOf(float max, double sum, const ExpRange& range) const {
    return call_.kernels.log_of_sum(max, sum, range, call_.parts);
  }
  // + 0, since a maximum of -0 is +0.
  void SetLog(double log, size_t r) const {
    call_.logsumexp[r] = static_cast<float>(log + 0.0);
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

  ExpParams params_;  // of predicted rows
  Prediction prediction_;
  Backoff backoff_;
  // The last row was too wide for the range. For log-softmax: the sample was,
  // or has masked elements. Such rows are done by their maximum.
  bool is_wide_ = false;
  // False where the target has no pass for it, and where exp values take the
  // place of their logits, which a failure needs again.
  const bool may_predict_;
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
