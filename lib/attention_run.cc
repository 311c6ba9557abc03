// SPDX-License-Identifier: Apache-2.0
#include "attention_run.h"

#include "cache_size.h"
#include "kernels/short_rows.h"
#include "schedules/attention_short_rows.h"
#include "schedules/planner.h"
#include "schedules/softmax_batches.h"
#include "schedules/softmax_rows.h"

namespace softlane {
namespace internal {
namespace {

// Does rows whose logits are beyond the direct limit. Each call takes one row,
// because in place each row of a call takes stack.
void RunFarRows(const SoftmaxCall& call, Target, size_t first, size_t count) {
  SoftmaxPlan plan = {};
  plan.schedule = Schedule::kRows;
  plan.places = call.x.data == call.y.data ? Places::kScratch : Places::kOutput;
  plan.rows_per_call = 1;
  for (size_t r = first; r < first + count; ++r) {
    RunSoftmaxRows(call, plan, r, 1);
  }
}

void RunInBatches(const SoftmaxCall& call, const AttentionTraits& traits,
                  const SoftmaxPlan& plan, Target target) {
  alignas(64) float logits[kMaxBatchCols];
  RowJob job;
  job.row = job.begin = 0;
  job.n = call.x.cols;
  if (call.ranges != nullptr) {
    // The first causal rows have few keys, so their maxima predict little. The
    // last row of the first batch predicts better.
    constexpr size_t kMost = kSmallBatchRows;
    job.row = (call.x.rows < kMost ? call.x.rows : kMost) - 1;
    job.n = call.ranges->Of(job.row).end;
  }
  job.logits = call.x.Row(job.row);
  call.logits.write_logits(call.source, job, logits);
  RowSample sample = call.row.sample(logits, job.n, call.parts);
  sample.has_masked |= traits.has_masked;
  RunSoftmaxBatches(call, plan, traits.batches, traits.is_dense, sample,
                    RunFarRows, nullptr, target);
}

}  // namespace

void RunAttentionCall(const SoftmaxCall& call, const AttentionTraits& traits,
                      Target target) {
  const size_t rows = call.x.rows, cols = call.x.cols;
  const bool has_ranges = call.ranges != nullptr;
  const bool has_logsumexp = call.logsumexp != nullptr;
  if (call.kernels.short_rows != nullptr && !has_ranges &&
      call.sinks == nullptr && AreShortRows(rows, cols)) {
    return RunShortRowsOfKeys(call);
  }
  if (traits.may_batch && !traits.has_begins && !has_logsumexp) {
    const SoftmaxPlan* const plan = PlanFewRows(rows, cols, true, target);
    if (plan != nullptr) return RunInBatches(call, traits, *plan, target);
  }
  SoftmaxShape shape = {rows, cols,          traits.is_in_place,
                        true, has_logsumexp, HasWholeLines(call.y)};
  shape.is_attention = true;
  shape.has_batches = traits.may_batch;
  shape.has_ranges = has_ranges;
  shape.has_begins = traits.has_begins;
  shape.has_sinks = call.sinks != nullptr;
  shape.has_bias_rows = traits.has_bias_rows;
  const SoftmaxPlan plan =
      PlanSoftmax(shape, target, CachedElements(rows, cols));
  if (plan.schedule == Schedule::kBatches) {
    return RunInBatches(call, traits, plan, target);
  }
  RunSoftmaxRows(call, plan);
}

float SpecialAttentionRow(const SoftmaxCall& call, size_t r, size_t begin,
                          size_t n, const float* z, FillNaNFunction* fill_nan) {
  const float sink = call.Sink(r);
  const float max = call.row.max_or_nan(z, n);
  float* const to = call.y.Row(r) + begin;
  if (max == -kInfinity && sink == -kInfinity) {
    if (call.empty_row == EmptyRow::kZero) {
      FillRow(to, n, 0.0f);
    } else {  // here masked columns become NaN, too
      FillRow(call.y.Row(r), call.x.cols, kNaN);
    }
    return -kInfinity;
  }
  fill_nan(call.source, r, begin, n, z, to);
  if (!(max == max) || !(sink == sink)) return kNaN;
  return max > sink ? max : sink;
}

}  // namespace internal
}  // namespace softlane
