// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_TOPK_H_
#define SOFTLANE_LIB_KERNELS_TOPK_H_

#include <cstddef>
#include <cstdint>

#include "dispatch.h"
#include "softlane/options.h"
#include "softlane/rows.h"

namespace softlane {
namespace internal {

/// The largest logits of the first columns of a row, and their columns. The
/// largest logit comes first; of equal logits, the logit in the lower column
/// comes first.
struct TopLogits {
  alignas(64) float values[kMaxTopK];
  alignas(64) int32_t columns[kMaxTopK];
};

/// 1 <= k <= kMaxTopK.
struct TopKKernels {
  /// Writes the probabilities of the k largest logits of each row from row
  /// `first` on, and their columns, in the order of TopLogits. Stops at a row
  /// whose sum of exp values is NaN and returns this row. Otherwise it returns
  /// the number of rows.
  size_t (*rows)(const Rows<const float>& x, size_t first, size_t k,
                 float scale, const Rows<float>& y,
                 const Rows<int32_t>& columns);
  /// Selects the k largest logits of a row whose columns come in parts, in
  /// order: n columns from first_col on. The first part has at least k. No
  /// logit is NaN.
  void (*select)(const float* x, size_t first_col, size_t n, size_t k,
                 TopLogits& top);
};

extern const KernelTable<const TopKKernels> kTopKKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_TOPK_H_
