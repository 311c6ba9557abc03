// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_LOG_PASSES_H_
#define SOFTLANE_LIB_KERNELS_LOG_PASSES_H_

#include "kernels/softmax_kernels.h"

// The passes of log-softmax and of logsumexp, in softmax's tables: the same
// schedules run them. They differ in three things:
// - exp values are not written, and a sum is the logarithm of the exp values'
//   sum, which is taken in double;
// - the pending row is one of logits: the last step subtracts;
// - without a place for results (y of one_row and short_rows is null, no
//   pending row) they give logsumexp alone.

namespace softlane {
namespace internal {

extern const KernelTable<const SoftmaxKernels> kLogSoftmaxKernels;
extern const KernelTable<const LogitsKernels> kLogSumKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_LOG_PASSES_H_
