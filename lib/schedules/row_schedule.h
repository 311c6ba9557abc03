// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_ROW_SCHEDULE_H_
#define SOFTLANE_LIB_SCHEDULES_ROW_SCHEDULE_H_

#include "schedules/prediction.h"
#include "schedules/row_jobs.h"

namespace softlane {
namespace internal {

// What the schedules of rows and of long rows share: the prediction, and the
// last step of pending rows.
class RowSchedule : protected RowJobs {
 protected:
  RowSchedule(const SoftmaxCall& call, const SoftmaxPlan& plan, float* scratch)
      : RowJobs(call, plan, scratch),
        params_{call.parts, {}, false, plan.is_staged, plan.is_uniform},
        prediction_(call.parts),
        may_predict_(call.plain.exp_rows[0] != nullptr &&
                     (plan.places != Places::kScratch || scratch != nullptr)) {}

  // The first elements of the first row predict its exponent.
  void Sample(size_t first);
  // Whether the next row is to be predicted. To be called once for each.
  bool IsPredicted() {
    return may_predict_ && prediction_.IsUsable() && !is_wide_ &&
           backoff_.NextIsDue();
  }
  ExpRowsFunction* PredictedPass() const {
    const bool needs_max = call_.logsumexp != nullptr;
    return call_.logits.exp_rows[(has_masked_ ? 1 : 0) + (needs_max ? 2 : 0)];
  }
  ExpParams ExactParams(float octaves) const {
    return {call_.parts, ExactRange(octaves, call_.parts), true,
            plan_.is_staged, false};
  }

  void SetSlot(size_t r, const float* e, float* to, size_t n, double sum,
               bool has_tiny);
  void Divide(Pending& row, const ReadAhead& ahead) const;
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

  ExpParams params_;  // of predicted rows
  Prediction prediction_;
  Backoff backoff_;
  // The last row was too wide for the range. For log-softmax: the sample was,
  // or has masked elements. Such rows are done by their maximum.
  bool is_wide_ = false;
  bool has_masked_ = false;

 private:
  // False where the target has no pass for it, and where exp values take the
  // place of their logits, which a failure needs again.
  const bool may_predict_;

 protected:
  bool MayPredict() const { return may_predict_; }
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_ROW_SCHEDULE_H_
