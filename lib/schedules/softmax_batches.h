// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_SOFTMAX_BATCHES_H_
#define SOFTLANE_LIB_SCHEDULES_SOFTMAX_BATCHES_H_

#include "kernels/short_rows.h"
#include "schedules/planner.h"
#include "schedules/softmax_call.h"

namespace softlane {
namespace internal {

/// Softmax of short rows, 16 at a time, with one predicted range for the rows
/// of a batch. A batch that does not fit it looks for the maximum of each row;
/// `fallback` does rows [first, first + count) that need more. Ranges begin at
/// the first column. The sample is that of the first row.
struct BatchFallback {
  void (*run)(const SoftmaxCall& call, size_t first, size_t count);
};
void RunSoftmaxBatches(const SoftmaxCall& call, const SoftmaxPlan& plan,
                       const ShortRowsKernels& kernels, bool is_dense,
                       const RowSample& sample, const BatchFallback& fallback);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_SOFTMAX_BATCHES_H_
