// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_TOPK_H_
#define SOFTLANE_LIB_KERNELS_TOPK_H_

#include <cstddef>
#include <cstdint>

#include "dispatch.h"
#include "softlane/rows.h"

namespace softlane {
namespace internal {

/// The probabilities of the k largest logits of each row from row `first` on,
/// and their columns, the largest first; of equal logits the first. Gives the
/// first row that it cannot do, since the sum of the exp values is NaN; or the
/// number of rows. 1 <= k <= kMaxTopK.
using TopKFunction = size_t(const Rows<const float>& x, size_t first, size_t k,
                            float scale, const Rows<float>& y,
                            const Rows<int32_t>& columns);

extern const KernelTable<TopKFunction> kTopKRows;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_TOPK_H_
