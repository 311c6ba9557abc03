// SPDX-License-Identifier: Apache-2.0
#include "schedules/row_schedule.h"

#include <cstring>

namespace softlane {
namespace internal {
RowSchedule::Row RowSchedule::RowOf(size_t r) {
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

void RowSchedule::FillZero(float* to, size_t n) const {
  if (is_streamed_) {
    call_.row.zero_streamed(to, n);
  } else {
    std::memset(to, 0, n * sizeof(float));
  }
}

ReadAhead RowSchedule::AheadOf(size_t r) const {
  if (r >= end_) return {};
  size_t begin = 0;
  if (call_.ranges != nullptr) {
    const KeyRange keys = call_.ranges->Of(r);
    // Keys and the zeros beside them are stored to the same cache lines, so
    // these stores do not go past the caches.
    __builtin_prefetch(call_.y.Row(r) + keys.begin);
    __builtin_prefetch(call_.y.Row(r) + keys.end);
    begin = keys.begin;
  }
  const float* const second = call_.second;
  return {
      call_.x.Row(r) + begin,
      second == nullptr ? nullptr : second + r * call_.second_stride + begin};
}

RowSample SampleOf(const SoftmaxCall& call, size_t r, size_t begin) {
  alignas(64) float logits[kSampledCols];
  const float* z = call.x.Row(r);
  if (call.logits.write_logits != nullptr) {
    WriteLogits(call, z, r, begin, kSampledCols, logits);
    z = logits;
  }
  return call.row.sample(z, kSampledCols, call.parts);
}

void RowSchedule::Sample(size_t first) {
  size_t begin = 0, n = call_.x.cols;
  if (call_.ranges != nullptr) {
    const Row row = RowOf(first);
    begin = row.begin;
    n = row.n;
  }
  if (n < kSampledCols) return;
  const RowSample sample = SampleOf(call_, first, begin);
  prediction_.SetMax(sample.max);
  is_wide_ = sample.is_wide || (sample.has_masked && is_log_);
  if (sample.is_wide || sample.has_masked) has_masked_ = !is_log_;
}

void RowSchedule::RunByMaximum(const Row& row) {
  if (row.n > kSumCols && call_.plain.exp_rows[1] != nullptr) {
    return RunLongByMaximum(row);
  }
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
  if (!IsDirect(max, call_.parts) || call_.plain.exp_rows[1] == nullptr) {
    return RunByItself(row, z, max);
  }
  const RowPlan plan = PlanDirectRow(max, call_.parts);
  prediction_.SetMax(max);
  if (slot.has_tiny) Divide(slot, {});
  SetPending(slot, job);
  if (is_streamed_) job.ahead = AheadOf(row.r + 1);
  job.logits = z;
  job.begin = 0;
  const ExpParams params =
      ExactParams(static_cast<float>(plan.offset + kHeadroom));
  RowResult result;
  call_.plain.exp_rows[1](nullptr, &job, 1, params, &result);
  slot.n = 0;
  if (!is_log_) is_wide_ = !result.in_range;
  if (!(result.sum == result.sum)) {
    return Special(row, z, call_.LogAt(row.r));
  }
  End(row, PendingOf(job), result.sum, max, params.range, !result.in_range);
}

[[gnu::noinline]] void RowSchedule::RunByItself(const Row& row, const float* z,
                                                float max) {
  Divide(SlotOf(row.r), {});
  if (!IsFiniteMax(max)) return Special(row, z, call_.LogAt(row.r));
  prediction_.SetMax(max);
  internal::RunByItself(call_, row.r, row.begin, row.n, z, row.to);
}

void RowSchedule::End(const Row& row, const float* e, double sum, float max,
                      const ExpRange& range, bool has_tiny) {
  double log = 0.0;
  if (is_log_ || call_.logsumexp != nullptr) log = LogOf(max, sum, range);
  if (call_.logsumexp != nullptr) SetLog(log, row.r);
  if (is_log_) {
    SetSlot(row.r, e, row.to, row.n, log, false);
  } else {
    SetSlot(row.r, e, row.to, row.n, sum, has_tiny || MayHaveTiny(sum));
  }
}

void RowSchedule::SetSlot(size_t r, const float* e, float* to, size_t n,
                          double sum, bool has_tiny) {
  if (!has_results_) return;
  Pending& slot = SlotOf(r);
  slot = {e, to, n, sum, has_tiny, IsStreamed(e, to)};
  if (slot.is_streamed && (plan_.divides_at_once || !IsAligned(to))) {
    Divide(slot, AheadOf(r + 1));
  }
}

void RowSchedule::Divide(Pending& row, const ReadAhead& ahead) const {
  if (row.n == 0) return;
  if (row.is_streamed) {
    call_.kernels.divide_streamed(row.e, row.to, row.n, row.sum, ahead,
                                  call_.parts, nullptr);
  } else {
    call_.kernels.divide(row.e, row.to, row.n, row.sum, row.has_tiny,
                         call_.parts);
  }
  row.n = 0;
  row.has_tiny = false;
}

}  // namespace internal
}  // namespace softlane
