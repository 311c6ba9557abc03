// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_TOPK_H_
#define SOFTLANE_LIB_KERNELS_TOPK_H_

#include <cstddef>
#include <cstdint>

#include "dispatch.h"
#include "softlane/rows.h"

namespace softlane {
namespace internal {

/// Writes the probabilities of the k largest logits of each row from row
/// `first` on, and their columns. The largest logit comes first; of equal
/// logits, the logit in the lower column comes first. Stops at a row whose sum
/// of exp values is NaN and gives this row; else gives the number of rows. 1 <=
/// k <= kMaxTopK.
using TopKFunction = size_t(const Rows<const float>& x, size_t first, size_t k,
                            float scale, const Rows<float>& y,
                            const Rows<int32_t>& columns);

extern const KernelTable<TopKFunction> kTopKRows;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_TOPK_H_
