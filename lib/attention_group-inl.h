// SPDX-License-Identifier: Apache-2.0

// Attention's softmax of short rows, in groups: scale, bias and keep, for all
// keys. Ranges and sinks differ from row to row.

#if defined(SOFTLANE_LIB_ATTENTION_GROUP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ATTENTION_GROUP_INL_H_
#undef SOFTLANE_LIB_ATTENTION_GROUP_INL_H_
#else
#define SOFTLANE_LIB_ATTENTION_GROUP_INL_H_
#endif

#include "attention_logits-inl.h"
#include "softmax_short-inl.h"

// One lane has no groups.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The logits of a group's rows. One class for all masks: groups are much code,
// and the branches are the same for all elements.
struct AffineRowLogits {
  using OneRow = KeyLogits<AffineLogits<Masks::kAny>>;

  HWY_INLINE OneRow Of(const float* scores, size_t r) const {
    return {AffineLogits<Masks::kAny>(options, scores, r), 0};
  }
  HWY_INLINE bool IsDense(const Rows<const float>& scores) const {
    const size_t cols = scores.cols;
    return scores.stride == cols &&
           (!HasBias(options) || options.bias.stride == cols) &&
           (!HasKeep(options) || options.keep.stride == cols);
  }

  HWY_INLINE NextRow ReadAt(const float* scores, size_t r) const {
    return {scores, RowOrNull(options.bias, r)};
  }

  const AttentionOptions& options;
};

// Whether rows have what a group does, and no more.
HWY_INLINE bool IsGrouped(const AttentionOptions& options,
                          const Rows<const float>& scores) {
  return kMinGroupRows <= scores.rows && 0 < scores.cols &&
         scores.cols <= kMaxShortCols && options.sinks == nullptr &&
         !KeyRanges::MayBePart(options);
}

// False if the rows are too wide for a guess; then nothing has been written.
// `fallback` is that of RunGroups.
template <class Fallback>
HWY_NOINLINE bool AttentionInGroups(const Rows<const float>& scores,
                                    const Rows<float>& probs,
                                    const AttentionOptions& options,
                                    const Fallback& fallback) {
  const AffineLogits<Masks::kAny> first(options, scores.data, 0);
  HWY_ALIGN float row[kMaxShortCols + kLanes];
  for (size_t i = 0; i < scores.cols; i += kLanes) {
    Store(first.First(i, HWY_MIN(kLanes, scores.cols - i)), row + i);
  }
  const ScaleParts parts = SplitScale(1.0f);
  const RowSample sample(row, scores.cols, parts);
  if (sample.is_wide) return false;
  const AffineRowLogits logits{options};
  RunGuessedGroups<ShortGroup<AffineRowLogits>>(scores, probs, fallback, sample,
                                                parts, logits);
  return true;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_ATTENTION_GROUP_INL_H_
