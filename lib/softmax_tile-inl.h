// SPDX-License-Identifier: Apache-2.0

// Softmax of the shortest rows, transposed: a row per lane.

#if defined(SOFTLANE_LIB_SOFTMAX_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_SOFTMAX_TILE_INL_H_
#undef SOFTLANE_LIB_SOFTMAX_TILE_INL_H_
#else
#define SOFTLANE_LIB_SOFTMAX_TILE_INL_H_
#endif

#include "softmax_group-inl.h"
#include "transpose-inl.h"

// One lane has no groups.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Longer rows are faster a row per vector. On Zen 5, ns per element so and in
// tiles: with AVX-512 0.31 and 0.25 at 40 columns, 0.20 and 0.21 at 48, 0.25
// and 0.24 at 63, 0.19 and 0.20 at 64; with AVX2 0.38 and 0.34 at 60, 0.31 and
// 0.32 at 64.
constexpr size_t kMinTileCols = 4;
constexpr size_t kMaxTileCols = kLanes == 4 ? 48 : 63;

class TileGroup {
 public:
  HWY_INLINE explicit TileGroup(const ScaleParts& parts) : parts_(parts) {}

  HWY_INLINE bool FindOctaves(const Rows<const float>& x, const Rows<float>& y,
                              size_t first, size_t count) {
    rows_.Set(x, y, first, count);
    VF max = Set(-kInfinity);
    const size_t n = x.cols;
    size_t c = 0;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
    for (; n - c >= 8; c += 8) {
      Four left, right;
      LoadEightColumns(rows_.from, c, left, right);
      StoreFour(left, Column(c), kLanes);
      StoreFour(right, Column(c + 4), kLanes);
      max = hn::Max(max, hn::Max(MaxOfFour(left), MaxOfFour(right)));
    }
#endif
    // The last four columns may overlap those before: they are the same values.
    for (; c < n; c += 4) {
      const size_t at = HWY_MIN(c, n - 4);
      const Four columns = LoadColumns(rows_.from, at);
      StoreFour(columns, Column(at), kLanes);
      max = hn::Max(max, MaxOfFour(columns));
    }
    VF offset;
    const bool direct = FindOffset(max, parts_, offset);
    Store(offset, offset_);
    return direct;
  }

  HWY_INLINE void SumNumerators(size_t n) {
    const VF offset = Load(offset_);
    const SoftmaxExp exp(Set(parts_.l_hi), Set(parts_.l_lo), offset,
                         Lowest(offset, parts_));
    // What is behind the last column does not matter.
    for (size_t c = 0; c < n; c += 4) {
      StoreFour(exp(LoadFour(Column(c), kLanes)), Column(c), kLanes);
    }
    // The order of LaneSum: 16 sums of every 16th column, folded in double.
    // Columns that a row lacks are +0.
    const float* sums = values_;
    if (n > 16) {
      for (size_t i = 0; i < 16; ++i) {
        Store(FoldColumns(i, n), folded_ + i * kLanes);
      }
      sums = folded_;
    } else {
      for (size_t c = n; c < 16; ++c) Store(Set(0.0f), Column(c));
    }
    if (n > kSumLanes) {
      FoldInDouble<2 * kSumLanes>(sums);
    } else {
      FoldInDouble<kSumLanes>(sums);
    }
  }

  HWY_INLINE void InvertSums() {
    const GroupReciprocal reciprocal(hn::Load(F64(), sums_),
                                     hn::Load(F64(), sums_ + kLanes / 2));
    Store(reciprocal.head, head_);
    Store(reciprocal.rest, rest_);
    Store(reciprocal.least, least_);
  }

  HWY_INLINE void WriteQuotients(size_t n) {
    const VF head = Load(head_);
    const VF rest = Load(rest_);
    const VF least = Load(least_);
    const auto quotients = [&](size_t at) HWY_ATTR {
      return Map([&](VF v) HWY_ATTR { return Quotient(v, head, rest, least); },
                 LoadFour(Column(at), kLanes));
    };
    size_t c = 0;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
    for (; n - c >= 8; c += 8) {
      StoreEightColumns(quotients(c), quotients(c + 4), rows_.to, c);
    }
#endif
    for (; c < n; c += 4) {
      const size_t at = HWY_MIN(c, n - 4);
      StoreColumns(quotients(at), rows_.to, at);
    }
  }

 private:
  // Columns 0 to kCount - 1 at `columns`, upper half onto lower half.
  template <size_t kCount>
  HWY_INLINE void FoldInDouble(const float* columns) {
    hn::Store(FoldHalves<1, kCount>(columns), F64(), sums_);
    hn::Store(FoldHalves<1, kCount>(columns + kLanes / 2), F64(),
              sums_ + kLanes / 2);
  }
  // The sum of every kStep-th column, for the rows from here on.
  template <size_t kStep, size_t kCount>
  static HWY_INLINE VD FoldHalves(const float* rows) {
    if constexpr (kStep == kCount) {
      return hn::PromoteTo(F64(), hn::Load(hn::Half<F32>(), rows));
    } else {
      return hn::Add(FoldHalves<2 * kStep, kCount>(rows),
                     FoldHalves<2 * kStep, kCount>(rows + kStep * kLanes));
    }
  }

  // (a + b) + (c + d) of every 16th column, as far as they exist.
  HWY_INLINE VF FoldColumns(size_t i, size_t n) {
    VF sum = Load(Column(i));
    if (i + 16 < n) sum = hn::Add(sum, Load(Column(i + 16)));
    if (i + 32 < n) {
      VF second = Load(Column(i + 32));
      if (i + 48 < n) second = hn::Add(second, Load(Column(i + 48)));
      sum = hn::Add(sum, second);
    }
    return sum;
  }

  static HWY_INLINE VF MaxOfFour(const Four& v) {
    return hn::Max(hn::Max(v.a, v.b), hn::Max(v.c, v.d));
  }

  // The values of column c, a row per lane.
  HWY_INLINE float* Column(size_t c) { return values_ + c * kLanes; }

  const ScaleParts& parts_;
  GroupRows rows_;
  HWY_ALIGN float offset_[kLanes];
  HWY_ALIGN float head_[kLanes];
  HWY_ALIGN float rest_[kLanes];
  HWY_ALIGN float least_[kLanes];
  HWY_ALIGN double sums_[kLanes];
  HWY_ALIGN float values_[(kMaxTileCols + 3) * kLanes];
  HWY_ALIGN float folded_[16 * kLanes];
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_SOFTMAX_TILE_INL_H_
