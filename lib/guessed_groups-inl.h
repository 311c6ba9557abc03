// SPDX-License-Identifier: Apache-2.0

// Softmax of short rows, in groups whose maxima are guessed: see
// softmax_window-inl.h. The rows of a group have one window; a group that it
// does not hold looks for the maximum of each row.

#if defined(SOFTLANE_LIB_GUESSED_GROUPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_GUESSED_GROUPS_INL_H_
#undef SOFTLANE_LIB_GUESSED_GROUPS_INL_H_
#else
#define SOFTLANE_LIB_GUESSED_GROUPS_INL_H_
#endif

#include "softmax_group-inl.h"
#include "softmax_window-inl.h"

// One lane has no groups.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Whether the sums of a group's rows are. False for NaN.
HWY_INLINE bool AreWithin(const double* sums, double least, double most) {
  const F64 d;
  const auto is_within = [&](VD v) HWY_ATTR {
    return hn::And(hn::Ge(v, hn::Set(d, least)), hn::Le(v, hn::Set(d, most)));
  };
  return hn::AllTrue(d, hn::And(is_within(hn::Load(d, sums)),
                                is_within(hn::Load(d, sums + kLanes / 2))));
}
HWY_INLINE bool AreUsual(const double* sums) {
  return AreWithin(sums, kMinUsualSum, kMaxUsualSum);
}
HWY_INLINE double LargestOf(const double* sums) {
  double largest = sums[0];
  for (size_t r = 1; r < kLanes; ++r) largest = HWY_MAX(largest, sums[r]);
  return largest;
}

// What the first row says of all.
struct RowSample {
  HWY_INLINE RowSample(const float* row, size_t n, const ScaleParts& parts)
      : max(MaxOf<IgnoreNaN>(row, n)) {
    // What is far below is masked if it is so far that it does not count.
    const VF far = Set(max - (kWindow / 2) * parts.inverse_l);
    const VF masked = Set(max + kMaskedOctaves * parts.inverse_l);
    for (size_t i = 0; i < n && i < kMost; i += kLanes) {
      const VF x = LoadFirst(row + i, HWY_MIN(kLanes, n - i), Set(max));
      const auto is_far = hn::Lt(x, far);
      const auto is_between = hn::And(is_far, hn::Ge(x, masked));
      if (!hn::AllFalse(F32(), is_far)) has_masked = true;
      if (!hn::AllFalse(F32(), is_between)) is_wide = true;
    }
  }

  static constexpr size_t kMost = 64;  // elements

  float max;
  bool has_masked = false;
  bool is_wide = false;  // too wide for a window
};

// The guesses for groups of rows.
class GroupGuess {
 public:
  HWY_INLINE GroupGuess(const RowSample& sample, const ScaleParts& parts)
      : parts_(parts), guess_(parts), has_masked_(sample.has_masked) {
    guess_.SetMax(sample.max);
  }

  HWY_INLINE bool IsDue() { return guess_.IsUsable() && attempts_.IsDue(); }
  // The numerators of a group with the guess; false if it was not good enough.
  template <class Group>
  HWY_INLINE bool Sum(Group& group, size_t n) {
    const Window window(guess_.Octaves(), parts_);
    bool is_good;
    if (has_masked_) {
      // The maximum's share of a sum is at least the mean.
      const double least = static_cast<double>(n) * kMinPeak;
      is_good =
          group.template SumInWindow<true>(n, window) &&
          AreWithin(group.Sums(), least, std::numeric_limits<double>::max());
    } else {
      is_good = group.template SumInWindow<false>(n, window);
      has_masked_ = !is_good;
    }
    is_good ? attempts_.Succeeded() : attempts_.Failed();
    return is_good;
  }
  HWY_INLINE void Follow(const double* sums) {
    if (!AreUsual(sums)) guess_.Follow(LargestOf(sums));
  }
  HWY_INLINE void SetOctaves(float octaves) { guess_.SetOctaves(octaves); }

 private:
  const ScaleParts& parts_;
  MaxGuess guess_;
  Attempts attempts_;
  bool has_masked_;
};

// All rows, in groups: a Group is made of `parts` and has SetRows; the steps
// that RunGroups has; SumInWindow<kHasMasked>(n, window), SumNumerators without
// the octaves, where elements may be below the window's lowest, and false if
// the window does not hold all others; Sums(), of kLanes rows; and
// FirstOctaves(), of the first row's maximum. `fallback` is that of RunGroups.
template <class Group, class Fallback>
HWY_INLINE void RunGuessedGroups(const Rows<const float>& x,
                                 const Rows<float>& y, const Fallback& fallback,
                                 const RowSample& sample,
                                 const ScaleParts& parts) {
  const size_t n = x.cols;
  // One is summed and then the other written, which waits for its sums.
  Group groups[2] = {Group(parts), Group(parts)};
  GroupGuess guess(sample, parts);
  Group* before = nullptr;
  for (size_t r = 0; r < x.rows; r += kLanes) {
    Group& group = groups[r / kLanes % 2];
    const size_t count = HWY_MIN(kLanes, x.rows - r);
    group.SetRows(x, y, r, count);
    if (before != nullptr) {
      before->EndSums();
      guess.Follow(before->Sums());
    }
    bool is_summed = guess.IsDue() && guess.Sum(group, n);
    if (!is_summed && group.FindOctaves(n)) {
      group.SumNumerators(n);
      guess.SetOctaves(group.FirstOctaves());
      is_summed = true;
    }
    if (before != nullptr) before->Write(n);
    if (!is_summed) fallback(r, count);
    before = is_summed ? &group : nullptr;
  }
  if (before != nullptr) {
    before->EndSums();
    before->Write(n);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_GUESSED_GROUPS_INL_H_
