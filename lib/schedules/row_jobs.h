// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_ROW_JOBS_H_
#define SOFTLANE_LIB_SCHEDULES_ROW_JOBS_H_

#include <cstdint>

#include "schedules/planner.h"
#include "schedules/softmax_call.h"

// Where the rows of a call stand, and what a kernel is told of them: which row
// is pending beside which, and where exp values and probabilities go.

namespace softlane {
namespace internal {

// Rows of fewer columns are divided beside the row after the next, whose pass
// need not wait for their sum; longer ones beside the next, since they would
// leave the first cache.
constexpr size_t kMinNextCols = 1280;
static_assert(3 * kMinNextCols <= 2 * kMaxScratchCols, "three places");

// The part of the schedule of rows that sets up the kernel's jobs.
class RowJobs {
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
  RowJobs(const SoftmaxCall& call, const SoftmaxPlan& plan, float* scratch)
      : call_(call),
        plan_(plan),
        scratch_(scratch),
        distance_(call.x.cols < kMinNextCols ? 2 : 1),
        is_streamed_(plan.places == Places::kStreamed),
        has_equal_rows_(call.ranges == nullptr && call.sinks == nullptr),
        is_log_(call.is_log),
        has_results_(call.y.data != nullptr) {}

  Row RowOf(size_t r);
  void FillZero(float* to, size_t n) const;

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
    job.block_sums = nullptr;
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
  // Exp values that wait in the output are divided there.
  bool IsStreamed(const float* e, const float* to) const {
    return is_streamed_ && e != to;
  }
  static bool IsAligned(const float* to) {
    return reinterpret_cast<uintptr_t>(to) % 64 == 0;
  }
  // The row that is read next.
  ReadAhead AheadOf(size_t r) const;

  const SoftmaxCall& call_;
  const SoftmaxPlan& plan_;
  float* const scratch_;
  const size_t distance_;  // from a row to the one that is divided beside it
  const bool is_streamed_, has_equal_rows_, is_log_, has_results_;
  RowJob jobs_[kMaxRowsPerCall];
  RowResult results_[kMaxRowsPerCall];
  Pending pending_[2] = {};
  size_t end_ = 0;     // the row behind the last
  size_t filled_ = 0;  // rows whose other columns are zero
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_ROW_JOBS_H_
