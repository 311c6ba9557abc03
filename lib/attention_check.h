// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ATTENTION_CHECK_H_
#define SOFTLANE_LIB_ATTENTION_CHECK_H_

#include "check.h"
#include "softlane/attention_softmax.h"

// What the attention functions check of their options.

namespace softlane {
namespace internal {

/// A mask is given if its data is not null.
template <typename T>
bool HasShapeOf(const Rows<const float>& scores, const Rows<T>& mask) noexcept {
  return mask.data == nullptr || HaveSameShape(mask, scores);
}
inline bool MasksHaveShapeOf(const Rows<const float>& scores,
                             const AttentionOptions& options) noexcept {
  return HasShapeOf(scores, options.bias) && HasShapeOf(scores, options.keep);
}

/// kBadOption, once the operands are known to be good.
inline Status CheckAttentionOptions(const AttentionOptions& options,
                                    size_t rows, size_t cols) noexcept {
  if (!AreGoodOptions(options.scale, options.empty_row) ||
      !IsFiniteNotNegative(options.softcap) || !IsFinite(options.alibi_slope) ||
      options.window < 0) {
    return Status::kBadOption;
  }
  if (options.lengths != nullptr) {
    for (size_t r = 0; r < rows; ++r) {
      const int32_t length = options.lengths[r];
      if (length < 0 || static_cast<size_t>(length) > cols) {
        return Status::kBadOption;
      }
    }
  }
  return Status::kOk;
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ATTENTION_CHECK_H_
