// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_LARGE_ROWS_H_
#define SOFTLANE_LIB_KERNELS_LARGE_ROWS_H_

#include <cstddef>

#include "arith/plan.h"
#include "dispatch.h"
#include "kernels/block_sums.h"

// The passes of softmax that keep no exp values, for rows beyond the caches and
// for rows in parts. The exp values are computed for the sum, and then a second
// time for the results.

namespace softlane {
namespace internal {

struct LargeRowKernels {
  const BlockPasses* blocks;  // for the sums: see SumOfBlocks
  /// Writes `factor` times the exp values of n logits of a row with this sum.
  /// With a factor of 1 / sum, these are the probabilities. The plan is not
  /// far. y may be x. If is_streamed, the results go past the caches if y's
  /// address allows it.
  void (*write)(const float* x, float* y, size_t n, double factor, double sum,
                const RowPlan& plan, const ScaleParts& parts, bool is_streamed);
};

extern const KernelTable<const LargeRowKernels> kLargeRowKernels;
inline const BlockPasses& BlockPassesOf(Target resolved) {
  return *KernelsOf(kLargeRowKernels, resolved).blocks;
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_LARGE_ROWS_H_
