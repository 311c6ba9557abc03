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

// Longer rows are faster a row per vector: with AVX-512 on Zen 5, ns per
// element so and in tiles, 0.25 and 0.22 at 63 columns, 0.18 and 0.20 at 64.
constexpr size_t kMinTileCols = 4;
constexpr size_t kMaxTileCols = kLanes == 4 ? 48 : 63;

class TileGroup {
 public:
  HWY_INLINE explicit TileGroup(const ScaleParts& parts) : parts_(parts) {}

  HWY_INLINE bool FindOctaves(const Rows<const float>& x, const Rows<float>& y,
                              size_t first, size_t count) {
    rows_.Set(x, y, first, count);
    Reading reading(*this, x.cols);
    ForColumns(x.cols, reading);
    return SetOffset(reading.max);
  }
  HWY_INLINE void SumNumerators(size_t n) {
    Exponentials exponentials(*this);
    ForColumns(n, exponentials);
    FoldSums(n);
  }
  HWY_INLINE void InvertSums() {
    const GroupReciprocal reciprocal(hn::Load(F64(), sums_),
                                     hn::Load(F64(), sums_ + kLanes / 2));
    Store(reciprocal.head, head_);
    Store(reciprocal.rest, rest_);
    Store(reciprocal.least, least_);
  }
  HWY_INLINE void WriteQuotients(size_t n) {
    Writing writing(*this, n);
    ForColumns(n, writing);
  }

  // SumNumerators of this group, and on the way FindOctaves of the next and
  // WriteQuotients of the one before: multiplications take other pipes than
  // transposing. ns per element on Zen 5, one after the other and so: with
  // AVX-512 0.37 and 0.31 at 8 columns, 0.29 and 0.22 at 16, 0.24 and 0.20 at
  // 32; with AVX2 0.54 and 0.57, 0.42 and 0.39, 0.37 and 0.35.
  HWY_INLINE bool SumNumeratorsAnd(TileGroup& next, const Rows<const float>& x,
                                   const Rows<float>& y, size_t first,
                                   size_t count, TileGroup& before) {
    const size_t n = x.cols;
    next.rows_.Set(x, y, first, count);
    before.InvertSums();
    Reading reading(next, n);
    Exponentials exponentials(*this);
    Writing writing(before, n);
    ForColumns(n, reading, exponentials, writing);
    FoldSums(n);
    return next.SetOffset(reading.max);
  }

 private:
  // Sweeps over the columns: Eight(c) does 8 of them, FourOf(c) 4. The last
  // four may overlap those before: they read and write the same values.
  struct Reading {
    HWY_INLINE Reading(TileGroup& group, size_t n)
        : group(group), n(n), max(Set(-kInfinity)) {}
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
    HWY_INLINE void Eight(size_t c) {
      Four left, right;
      LoadEightColumns(group.rows_.from, c, left, right);
      StoreFour(left, group.Column(c), kLanes);
      StoreFour(right, group.Column(c + 4), kLanes);
      max = hn::Max(max, hn::Max(MaxOfFour(left), MaxOfFour(right)));
    }
#endif
    HWY_INLINE void FourOf(size_t c) {
      const size_t at = HWY_MIN(c, n - 4);
      const Four columns = LoadColumns(group.rows_.from, at);
      StoreFour(columns, group.Column(at), kLanes);
      max = hn::Max(max, MaxOfFour(columns));
    }

    TileGroup& group;
    size_t n;
    VF max;
  };
  // Does what is behind the last column, too, which does not matter.
  struct Exponentials {
    HWY_INLINE explicit Exponentials(TileGroup& group)
        : group(group),
          exp(Set(group.parts_.l_hi), Set(group.parts_.l_lo),
              Load(group.offset_), Lowest(Load(group.offset_), group.parts_)) {}
    HWY_INLINE void Eight(size_t c) const {
      FourOf(c);
      FourOf(c + 4);
    }
    HWY_INLINE void FourOf(size_t c) const {
      float* const values = group.Column(c);
      StoreFour(exp(LoadFour(values, kLanes)), values, kLanes);
    }

    TileGroup& group;
    SoftmaxExp exp;
  };
  struct Writing {
    HWY_INLINE Writing(TileGroup& group, size_t n)
        : group(group),
          n(n),
          quotients(Load(group.head_), Load(group.rest_), Load(group.least_)) {}
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
    HWY_INLINE void Eight(size_t c) const {
      StoreEightColumns(Columns(c), Columns(c + 4), group.rows_.to, c);
    }
#endif
    HWY_INLINE void FourOf(size_t c) const {
      const size_t at = HWY_MIN(c, n - 4);
      StoreColumns(Columns(at), group.rows_.to, at);
    }
    HWY_INLINE Four Columns(size_t c) const {
      return quotients(LoadFour(group.Column(c), kLanes));
    }

    TileGroup& group;
    size_t n;
    Quotients quotients;
  };

  template <class... Sweeps>
  static HWY_INLINE void ForColumns(size_t n, Sweeps&... sweeps) {
    size_t c = 0;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
    for (; n - c >= 8; c += 8) (sweeps.Eight(c), ...);
#endif
    for (; c < n; c += 4) (sweeps.FourOf(c), ...);
  }

  HWY_INLINE bool SetOffset(VF max) {
    VF offset;
    const bool direct = FindOffset(max, parts_, offset);
    Store(offset, offset_);
    return direct;
  }

  // The order of LaneSum: 16 sums of every 16th column, folded in double.
  // Columns that a row lacks are +0.
  HWY_INLINE void FoldSums(size_t n) {
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
