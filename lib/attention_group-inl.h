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

// Those of AffineLogits, for the rows of a group. One class for all masks:
// groups are much code, and the branches are the same for all elements.
class AffineRowLogits {
 public:
  HWY_INLINE explicit AffineRowLogits(const AttentionOptions& options)
      : options_(options), scale_(Set(options.scale)) {}

  // Row r of the group is first + r, and the last one for those that it does
  // not have.
  HWY_INLINE void SetRows(size_t first, size_t count) {
    for (size_t r = 0; r < kLanes; ++r) {
      const size_t row = first + HWY_MIN(r, count - 1);
      if (HasBias(options_)) bias_[r] = options_.bias.Row(row);
      if (HasKeep(options_)) keep_[r] = options_.keep.Row(row);
    }
  }
  HWY_INLINE Four Load(const float* const* rows, size_t r, size_t i) const {
    Four z = Scaled(LoadRows(rows + r, i));
    if (HasBias(options_)) z = Sum(z, LoadRows(bias_ + r, i));
    if (HasKeep(options_)) {
      z = MaskedFour(z, keep_[r] + i, keep_[r + 1] + i, keep_[r + 2] + i,
                     keep_[r + 3] + i);
    }
    return z;
  }
  HWY_INLINE Four LoadFirst(const float* const* rows, size_t r, size_t i,
                            size_t count, VF fill) const {
    const VF zero = Set(0.0f);
    Four z = Scaled(LoadRowsFirst(rows + r, i, count, zero));
    if (HasBias(options_)) z = Sum(z, LoadRowsFirst(bias_ + r, i, count, zero));
    if (HasKeep(options_)) {
      z = {MaskedFirst(z.a, keep_[r] + i, count),
           MaskedFirst(z.b, keep_[r + 1] + i, count),
           MaskedFirst(z.c, keep_[r + 2] + i, count),
           MaskedFirst(z.d, keep_[r + 3] + i, count)};
    }
    return Map(
        [&](VF z) HWY_ATTR {
          return hn::IfThenElse(hn::FirstN(F32(), count), z, fill);
        },
        z);
  }

 private:
  HWY_INLINE Four Scaled(const Four& x) const {
    return Map([&](VF x) HWY_ATTR { return hn::Mul(x, scale_); }, x);
  }
  static HWY_INLINE Four Sum(const Four& x, const Four& y) {
    return Map([](VF x, VF y) HWY_ATTR { return hn::Add(x, y); }, x, y);
  }

  const AttentionOptions& options_;
  VF scale_;
  const float* bias_[kLanes] = {};  // copied before SetRows
  const uint8_t* keep_[kLanes] = {};
};

// Whether rows have what a group does, and no more.
HWY_INLINE bool IsGrouped(const AttentionOptions& options,
                          const Rows<const float>& scores) {
  return kMinGroupRows <= scores.rows && 0 < scores.cols &&
         scores.cols <= kMaxShortCols && options.sinks == nullptr &&
         !KeyRange::MayBePart(options);
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
  const AffineRowLogits logits(options);
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
