// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_SOFTMAX_BATCHES_H_
#define SOFTLANE_LIB_SCHEDULES_SOFTMAX_BATCHES_H_

#include "kernels/short_rows.h"
#include "schedules/planner.h"
#include "schedules/softmax_call.h"

namespace softlane {
namespace internal {

/// Does rows [first, first + count) of a call, for which a batch has no code.
using BatchFallback = void(const SoftmaxCall& call, size_t first, size_t count);

/// Softmax of short rows in batches of 16, with one predicted range per batch.
/// A batch that does not fit the range looks for the maximum of each row.
/// Ranges of keys begin at the first column. `sample` is from the first row.
void RunSoftmaxBatches(const SoftmaxCall& call, const SoftmaxPlan& plan,
                       const ShortRowsKernels& kernels,
                       const BatchLogitsKernels& logits, bool is_dense,
                       const RowSample& sample, BatchFallback* fallback);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_SOFTMAX_BATCHES_H_
