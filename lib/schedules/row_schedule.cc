// SPDX-License-Identifier: Apache-2.0
#include "schedules/row_schedule.h"

namespace softlane {
namespace internal {
namespace {

constexpr size_t kSampledCols = 64;

}  // namespace

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
    FillRow(to, n, 0.0f);
  }
}

ReadAhead RowSchedule::AheadOf(size_t r) const {
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

void RowSchedule::Sample(size_t first) {
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
                                  call_.parts);
  } else {
    call_.kernels.divide(row.e, row.to, row.n, row.sum, row.has_tiny,
                         call_.parts);
  }
  row.n = 0;
  row.has_tiny = false;
}

}  // namespace internal
}  // namespace softlane
