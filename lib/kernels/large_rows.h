// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_LARGE_ROWS_H_
#define SOFTLANE_LIB_KERNELS_LARGE_ROWS_H_

#include <cstddef>

#include "arith/plan.h"
#include "dispatch.h"

namespace softlane {
namespace internal {

/// Softmax of a row of kMinLargeCols or more, in place or not. logsumexp may be
/// null. False if the row needs more than this does; then nothing is written.
using LargeRowFunction = bool(const float* x, float* y, size_t n,
                              float* logsumexp, const ScaleParts& parts);

extern const KernelTable<LargeRowFunction> kSoftmaxLargeRow;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_LARGE_ROWS_H_
