// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_ROW_SCHEDULE_H_
#define SOFTLANE_LIB_SCHEDULES_ROW_SCHEDULE_H_

#include <cstdint>

#include "arith/exact_sum.h"
#include "schedules/planner.h"
#include "schedules/prediction.h"
#include "schedules/softmax_call.h"

// The code that the schedules of rows and of long rows share: the places of
// rows, the jobs of kernels, and the last step of pending rows.

namespace softlane {
namespace internal {

// Rows of fewer columns are divided beside the row after the next row, so that
// no pass waits for their sum. Longer rows are divided beside the next row,
// because they would leave the first-level cache.
constexpr size_t kMinNextCols = 1280;
static_assert(3 * kMinNextCols <= 2 * kMaxScratchCols, "three places");
/// The distance in rows from a row to the row that is divided beside it.
constexpr size_t DistanceOf(size_t cols) { return cols < kMinNextCols ? 2 : 1; }
/// The number of floats of a place of exp values on the stack. There are
/// distance + 1 places.
constexpr size_t PlacesStep(size_t distance) {
  return distance == 2 ? kMinNextCols : kMaxScratchCols;
}

/// Whether exp values do not replace their logits. A row that does not fit
/// needs its logits again.
inline bool KeepsLogits(const SoftmaxPlan& plan, const float* scratch) {
  return plan.places != Places::kScratch || scratch != nullptr;
}

/// The first logits of row r, from column `begin` on; at least kSampledCols.
constexpr size_t kSampledCols = 64;
RowSample SampleOf(const SoftmaxCall& call, size_t r, size_t begin);

class RowSchedule {
 protected:
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

  // `scratch` is null, or has 2 * kMaxScratchCols.
  RowSchedule(const SoftmaxCall& call, const SoftmaxPlan& plan, float* scratch)
      : call_(call),
        plan_(plan),
        scratch_(scratch),
        distance_(DistanceOf(call.x.cols)),
        is_streamed_(plan.places == Places::kStreamed),
        is_log_(call.is_log),
        has_results_(call.y.data != nullptr),
        params_{call.parts, {}, false, plan.is_staged},
        prediction_(call.parts),
        may_predict_(call.plain.exp_rows[0] != nullptr &&
                     KeepsLogits(plan, scratch)) {}

  Row RowOf(size_t r);
  void FillZero(float* to, size_t n) const;

  // The place of the row's exp values, which no other pending row uses.
  float* PlaceOf(const Row& row) const {
    if (scratch_ == nullptr || row.n > kMaxScratchCols) return row.to;
    const size_t place = distance_ == 2 ? row.r % 3 : row.r % 2;
    return scratch_ + place * PlacesStep(distance_);
  }
  Pending& SlotOf(size_t r) { return pending_[r & (distance_ - 1)]; }

  // Sets each field by itself, because a copy of a job would wait for the
  // stores that made it.
  void SetJob(const Row& row, float* e, RowJob& job) {
    job.logits = call_.x.Row(row.r);
    job.row = row.r;
    job.begin = row.begin;
    job.n = row.n;
    job.sink = call_.Sink(row.r);
    job.e = e;
    job.pending_n = 0;
    job.is_streamed = false;
    job.ahead.first = job.ahead.second = nullptr;
    job.block_sums = row.n > kSumCols ? block_sums_ : nullptr;
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

  // The exp values that the last step of a job's row reads.
  const float* PendingOf(const RowJob& job) const {
    return is_log_ ? job.logits + job.begin : job.e;
  }
  float* ProbsOf(const RowJob& job) const {
    return call_.y.Row(job.row) + job.begin;
  }
  // Exp values that wait in the output are divided in place, so they are not
  // streamed.
  bool IsStreamed(const float* e, const float* to) const {
    return is_streamed_ && e != to;
  }
  static bool IsAligned(const float* to) {
    return reinterpret_cast<uintptr_t>(to) % 64 == 0;
  }
  // The row that is read next.
  ReadAhead AheadOf(size_t r) const;

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
            plan_.is_staged};
  }

  void SetSlot(size_t r, const float* e, float* to, size_t n, double sum,
               bool has_tiny);
  void Divide(Pending& row, const ReadAhead& ahead) const;
  double LogOf(float max, double sum, const ExpRange& range) const {
    return call_.kernels.log_of_sum(max, sum, range, call_.parts);
  }
  // Adding 0 turns -0 into +0, because a maximum of zero is +0.
  void SetLog(double log, size_t r) const {
    call_.logsumexp[r] = static_cast<float>(log + 0.0);
  }
  void Special(const Row& row, const float* z, float* log) const {
    const float special = call_.special(call_, row.r, row.begin, row.n, z);
    if (log != nullptr) *log = special;
  }

  // Functions for rows by their maximum. RunByItself does a row whose maximum
  // is not finite, or that the passes cannot do. End keeps a row for its last
  // step.
  void RunByItself(const Row& row, const float* z, float max);
  void End(const Row& row, const float* e, double sum, float max,
           const ExpRange& range, bool has_tiny);
  void RunByMaximum(const Row& row);
  // A row of more than kMaxJobCols columns by the predicted exponent. False if
  // it must be done by its maximum.
  bool RunInParts(const Row& row);

  const SoftmaxCall& call_;
  const SoftmaxPlan& plan_;
  float* const scratch_;
  const size_t distance_;  // from a row to the one that is divided beside it
  const bool is_streamed_, is_log_, has_results_;
  Pending pending_[2] = {};
  size_t end_ = 0;     // the row behind the last
  size_t filled_ = 0;  // rows whose other columns are zero
  ExpParams params_;   // of predicted rows
  Prediction prediction_;
  Backoff backoff_;
  // The last row was too wide for the range. For log-softmax: the sample was,
  // or has masked elements. Such rows are done by their maximum.
  bool is_wide_ = false;
  bool has_masked_ = false;
  double block_sums_[kMaxJobBlocks];

 private:
  // Rows of more than kSumCols columns: see long_rows.cc.
  void RunLongByMaximum(const Row& row);
  void SetPart(const Row& row, float* place, size_t i, size_t most,
               const Pending& slot, RowJob& job);
  static void TakePending(size_t n, Pending& pending) {
    pending.e += n;
    pending.to += n;
    pending.n -= n;
  }
  void EndLong(const Row& row, const float* place, double sum, float max,
               const ExpRange& range, bool has_tiny);
  double ExpOfSink(size_t r, const ExpRange& range);

  // Whether rows may be predicted. False if the target has no pass for it, or
  // if exp values replace their logits, because a failure needs the logits
  // again.
  const bool may_predict_;

 protected:
  bool MayPredict() const { return may_predict_; }
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_ROW_SCHEDULE_H_
