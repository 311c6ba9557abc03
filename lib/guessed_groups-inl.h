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

#include <cstdint>
#include <limits>

#include "arith/max-inl.h"
#include "group_rows-inl.h"
#include "kernels/stream-inl.h"
#include "softmax_window-inl.h"

// One lane has no groups.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Whether all sums of a group's rows are in [least, most]. False for NaN.
HWY_INLINE bool AreWithin(const double* sums, double least, double most) {
  const F64 d;
  auto are_within = hn::FirstN(d, hn::MaxLanes(d));
  for (size_t r = 0; r < kGroupRows; r += hn::MaxLanes(d)) {
    const VD sum = hn::Load(d, sums + r);
    are_within = hn::And(are_within, hn::Ge(sum, hn::Set(d, least)));
    are_within = hn::And(are_within, hn::Le(sum, hn::Set(d, most)));
  }
  return hn::AllTrue(d, are_within);
}
constexpr double kMostSum = std::numeric_limits<double>::max();
// Then the guess stays as it is, and no quotient is tiny.
HWY_INLINE bool AreUsual(const double* sums) {
  return AreWithin(sums, kMinUsualSum, kMaxUsualSum);
}
HWY_INLINE double LargestOf(const double* sums) {
  double largest = sums[0];
  for (size_t r = 1; r < kGroupRows; ++r) largest = HWY_MAX(largest, sums[r]);
  return largest;
}

// What the first row says of all.
struct RowSample {
  HWY_INLINE RowSample(const float* row, size_t n, const ScaleParts& parts)
      : max(MaxOf<IgnoreNaN>(row, n)) {
    // What is far below is masked if it is so far that it does not count.
    const VF far_limit = Set(max - (kWindow / 2) * parts.inverse_l);
    const VF masked_limit = Set(max + kMaskedOctaves * parts.inverse_l);
    for (size_t i = 0; i < n && i < kSampled; i += kLanes) {
      const VF x = LoadFirst(row + i, HWY_MIN(kLanes, n - i), Set(max));
      const auto is_masked = hn::Lt(x, masked_limit);
      const auto is_between = hn::AndNot(is_masked, hn::Lt(x, far_limit));
      if (!hn::AllFalse(F32(), is_masked)) has_masked = true;
      if (!hn::AllFalse(F32(), is_between)) is_wide = true;
    }
  }

  static constexpr size_t kSampled = 64;  // elements

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

  // Asked once for each group.
  HWY_INLINE bool NextIsDue() {
    return guess_.IsUsable() && attempts_.NextIsDue();
  }
  // The numerators of a group with the guess; false if it was not good enough.
  // The group before is written, beside the sums, in either case.
  template <class Group>
  HWY_INLINE bool Sum(Group& group, size_t n, const Group* before) {
    const Window window(guess_.Octaves(), parts_);
    bool is_good;
    if (has_masked_) {
      is_good = group.template SumInWindow<true>(n, window, before) &&
                AreWithin(group.Sums(), LeastSum(n), kMostSum);
    } else {
      is_good = group.template SumInWindow<false>(n, window, before);
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
  bool has_masked_;  // from the first failure on, whatever its cause
};

// Rows of fewer columns have more to do than to wait for memory.
constexpr size_t kMinStreamedShortCols = kLanes == 16 ? 16 : 128;
// Whether quotients go past the caches: all rows are whole cache lines, and too
// many for a cache. Then the rows of the next group are prefetched, too. ns per
// element on Zen 5, so and not: with AVX-512 0.18 and 0.32 at 200000 x 32, 0.18
// and 0.30 at 262144 x 64, 0.17 and 0.27 at 64000 x 128; with AVX2 0.24 and
// 0.23 at 262144 x 64, 0.22 and 0.25 at 64000 x 128.
HWY_INLINE bool IsStreamed(const Rows<const float>& x, const Rows<float>& y) {
  constexpr size_t kLine = 64 / sizeof(float);
  const bool has_lines = reinterpret_cast<uintptr_t>(y.data) % 64 == 0 &&
                         y.stride % kLine == 0 && y.cols % kLine == 0;
  return has_lines && y.cols >= kMinStreamedShortCols && x.data != y.data &&
         IsLarge(x.rows, x.cols, 2);
}

// All rows, in groups. A Group is made of `parts`, `logits`, and whether it is
// streamed. Of its steps, SetRows(x, y, first, count) says where its rows are;
// then either SumInWindow<kHasMasked>(n, window, before), which is false if the
// window does not hold all elements (with kHasMasked, all that are not below
// its lowest), and writes the group before, if any; or FindOctaves(n), which is
// false if a row needs more than a group does, and SumNumerators(n); then
// EndSums() and, unless the next group does it, Write(n). Sums() has
// kGroupRows; FirstOctaves() is that of the first row's maximum.
template <class Group, class Logits, class Fallback>
HWY_INLINE void RunGuessedGroups(const Rows<const float>& x,
                                 const Rows<float>& y, const Fallback& fallback,
                                 const RowSample& sample,
                                 const ScaleParts& parts,
                                 const Logits& logits) {
  const size_t n = x.cols;
  // Two: a group is summed before the one before it is written, whose division
  // has ended by then.
  const bool is_streamed = IsStreamed(x, y);
  Group groups[2] = {Group(parts, logits, is_streamed),
                     Group(parts, logits, is_streamed)};
  GroupGuess guess(sample, parts);
  Group* before = nullptr;
  bool is_guessed = false;  // the one before; else its sums tell nothing
  const size_t rows = MaxRowsOf(n);
  for (size_t r = 0; r < x.rows; r += rows) {
    Group& group = before == &groups[0] ? groups[1] : groups[0];
    const size_t count = HWY_MIN(rows, x.rows - r);
    group.SetRows(x, y, r, count);
    if (before != nullptr) {
      before->EndSums();
      if (is_guessed) guess.Follow(before->Sums());
    }
    is_guessed = false;
    if (guess.NextIsDue()) {
      is_guessed = guess.Sum(group, n, before);
      before = nullptr;
    }
    bool is_summed = is_guessed;
    if (!is_summed && group.FindOctaves(n)) {
      group.SumNumerators(n);
      guess.SetOctaves(group.FirstOctaves());
      is_summed = AreWithin(group.Sums(), 0.0, kMostSum);  // none is NaN
    }
    if (before != nullptr) before->Write(n);
    if (!is_summed) fallback(r, count);
    before = is_summed ? &group : nullptr;
  }
  if (before != nullptr) {
    before->EndSums();
    before->Write(n);
  }
  if (is_streamed) hwy::FlushStream();
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_GUESSED_GROUPS_INL_H_
