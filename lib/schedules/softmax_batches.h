// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_SOFTMAX_BATCHES_H_
#define SOFTLANE_LIB_SCHEDULES_SOFTMAX_BATCHES_H_

#include "kernels/short_rows.h"
#include "schedules/planner.h"
#include "schedules/softmax_call.h"
#include "softlane/target.h"

namespace softlane {
namespace internal {

/// No plan has batches of longer rows.
constexpr size_t kMaxBatchCols = 512;

/// Does rows [first, first + count) of a call.
using BatchFallback = void(const SoftmaxCall& call, Target target, size_t first,
                           size_t count);

/// Softmax of short rows in batches of 16, with one predicted range per batch.
/// If a batch does not fit the range, and `by_maximum` is null, each row gets a
/// range by its maximum. If `by_maximum` is not null, it does the rows of the
/// batch and the next rows. Ranges of keys begin at the first column. `sample`
/// is from the first row. `far_rows` does rows beyond the direct limit.
void RunSoftmaxBatches(const SoftmaxCall& call, const SoftmaxPlan& plan,
                       const BatchLogitsKernels& logits, bool is_dense,
                       const RowSample& sample, BatchFallback* far_rows,
                       BatchFallback* by_maximum, Target target);

double LargestSumOf(const Batch& batch);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_SOFTMAX_BATCHES_H_
