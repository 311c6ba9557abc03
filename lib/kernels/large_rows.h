// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_LARGE_ROWS_H_
#define SOFTLANE_LIB_KERNELS_LARGE_ROWS_H_

#include <cstddef>

#include "arith/plan.h"
#include "dispatch.h"
#include "kernels/block_sums.h"

// The passes of softmax that keep no exp values: rows beyond the caches, and
// rows in parts. The exp values are computed for the sum, and once more.

namespace softlane {
namespace internal {

struct LargeRowKernels {
  const BlockPasses* blocks;  // for the sums: see SumOfBlocks
  /// Writes `factor` times the exp values of n logits, of a row with this sum,
  /// whose plan is not far: the probabilities, if the factor is 1 / sum. y may
  /// be x. If is_streamed, they go past the caches where y's address allows it.
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
