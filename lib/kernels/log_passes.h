// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_LOG_PASSES_H_
#define SOFTLANE_LIB_KERNELS_LOG_PASSES_H_

#include "kernels/softmax_kernels.h"

// The passes of log-softmax and of logsumexp. They stand in tables of the same
// types as softmax's, so that the same schedules run them. They differ from
// softmax's passes in three things:
// - They do not write exp values. RowResult::sum is the logarithm of the sum of
//   the exp values, and that sum is in double from the start.
// - The pending row has logits. The last step subtracts.
// - If there is no place for results, they give logsumexp alone: y of one_row
//   and short_rows is null, and there is no pending row.

namespace softlane {
namespace internal {

extern const KernelTable<const SoftmaxKernels> kLogSoftmaxKernels;
/// Writes the log-probabilities of n logits from the logarithm of the sum of
/// exp(scale * (x - shift)). y may be x.
using LogRowFunction = void(const float* x, float* y, size_t n, double log_sum,
                            const RowPlan& plan, const ScaleParts& parts);
extern const KernelTable<LogRowFunction> kWriteLogRow;
extern const KernelTable<const LogitsKernels> kLogSumKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_LOG_PASSES_H_
