// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_BLOCK_ROWS_H_
#define SOFTLANE_LIB_KERNELS_BLOCK_ROWS_H_

#include <cstddef>

#include "kernels/block_sums.h"

// Whole rows by the passes over blocks.

namespace softlane {
namespace internal {

/// The sum of any row that is not empty, and its plan.
struct ExpSum {
  double sum;  // NaN if the row holds NaN or +inf, or holds -inf only
  RowPlan plan;
};
ExpSum SumExpOfRow(const BlockPasses& passes, const float* x, size_t n,
                   const ScaleParts& parts);

/// SoftmaxKernels::one_row of a row that is long or far.
RowResult SoftmaxByPasses(const BlockPasses& passes, const float* x, float* y,
                          size_t n, float sink, const ScaleParts& parts,
                          float* logsumexp);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_BLOCK_ROWS_H_
