// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ATTENTION_CHECK_H_
#define SOFTLANE_LIB_ATTENTION_CHECK_H_

#include "check.h"
#include "softlane/options.h"

// The checks of attention's options.

namespace softlane {
namespace internal {

/// Whether a mask has the shape of the scores. True also without data, because
/// there is no mask then.
template <class Scores, class Mask>
bool HasShapeOf(const Scores& scores, const Mask& mask) noexcept {
  return mask.data == nullptr || HaveSameShape(mask, scores);
}
template <class Scores>
bool MasksHaveShapeOf(const Scores& scores,
                      const AttentionOptions& options) noexcept {
  return HasShapeOf(scores, options.bias) && HasShapeOf(scores, options.keep);
}

/// Whether the bias fits an input and an output of these types: see any_rows.h.
template <class Bias>
bool IsBiasBeside(const Bias& bias, ElementType in, ElementType out) noexcept {
  constexpr ElementType kFloat = ElementType::kFloat32;
  return bias.data == nullptr || bias.type == kFloat ||
         (bias.type <= ElementType::kFloat16 &&
          (in == kFloat || in == bias.type) &&
          (out == kFloat || out == bias.type));
}

/// kOk or kBadOption. The operands have been checked before.
inline Status CheckAttentionOptions(const AttentionOptions& options,
                                    size_t rows, size_t cols) noexcept {
  if (!AreGoodOptions(options.scale, options.empty_row) ||
      !IsFiniteNotNegative(options.softcap) || !IsFinite(options.alibi_slope) ||
      !IsFinitePositive(options.bias_scale) || options.window < 0) {
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
