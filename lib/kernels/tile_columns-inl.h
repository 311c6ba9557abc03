// SPDX-License-Identifier: Apache-2.0

// A group of short rows, transposed: a row per lane.

#if defined(SOFTLANE_LIB_KERNELS_TILE_COLUMNS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_TILE_COLUMNS_INL_H_
#undef SOFTLANE_LIB_KERNELS_TILE_COLUMNS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_TILE_COLUMNS_INL_H_
#endif

#include "arith/lane_rows-inl.h"
#include "arith/log-inl.h"
#include "arith/max-inl.h"
#include "arith/transpose-inl.h"
#include "kernels/row_limits.h"
#include "kernels/tile_groups-inl.h"

// One lane has no groups.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::kMinTileCols;

// What the groups of softmax, log-softmax and cross-entropy have in common. A
// Group has Numerators(), where they are to be written, FoldSums(n), EndSums(),
// and Writing, the last sweep.
template <class Group, size_t kMaxCols>
class TileColumns {
 public:
  HWY_INLINE explicit TileColumns(const ScaleParts& parts) : parts_(parts) {}

  // Reads the rows. False if one of them needs more than a group does.
  HWY_INLINE bool FindOctaves(const Rows<const float>& x, const Rows<float>& y,
                              size_t first, size_t count) {
    rows_.Set(x, y, first, count);
    return ReadRows(x.cols);
  }
  HWY_INLINE void SumNumerators(size_t n) {
    WriteNumerators(n);
    Self().FoldSums(n);
  }
  HWY_INLINE void Write(size_t n) {
    typename Group::Writing writing(Self(), n);
    ForColumns(n, writing);
  }
  // To the places of the rows in what has one float for each of all rows.
  HWY_INLINE void WriteLogSumExp(float* all) const {
    HWY_ALIGN double logs[kLanes];
    LogOfSums(sums_, logs);
    for (size_t r = 0; r < rows_.count; ++r) {
      // The shift of a row by itself, which makes +0 of -0.
      all[rows_.first + r] = static_cast<float>(logs[r] + 0.0);
    }
  }

  // SumNumerators of this group, and on the way FindOctaves of the next and
  // Write of the one before: multiplications take other pipes than transposing.
  // ns per element of softmax on Zen 5, one after the other and so: with
  // AVX-512 0.37 and 0.31 at 8 columns, 0.29 and 0.22 at 16, 0.24 and 0.20 at
  // 32; with AVX2 0.54 and 0.54, 0.42 and 0.38, 0.37 and 0.34.
  HWY_INLINE bool SumNumeratorsAnd(Group& next, const Rows<const float>& x,
                                   const Rows<float>& y, size_t first,
                                   size_t count, Group& before) {
    const size_t n = x.cols;
    next.rows_.Set(x, y, first, count);
    before.EndSums();
    Reading reading(next, n);
    Exponentials exponentials(*this);
    typename Group::Writing writing(before, n);
    ForColumns(n, reading, exponentials, writing);
    Self().FoldSums(n);
    return next.SetMax(reading.max);
  }

 protected:
  // Sweeps over the columns: Eight(c) does 8 of them, FourOf(c) 4. The last
  // four may overlap those before: they read and write the same values.
  struct Reading {
    HWY_INLINE Reading(TileColumns& group, size_t n)
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

    TileColumns& group;
    size_t n;
    VF max;
  };
  // Does what is behind the last column, too, which does not matter.
  struct Exponentials {
    HWY_INLINE explicit Exponentials(TileColumns& group)
        : from(group.values_),
          to(group.Self().Numerators()),
          exp(Set(group.parts_.l_hi), Set(group.parts_.l_lo),
              Load(group.offset_), Lowest(Load(group.offset_), group.parts_)) {}
    HWY_INLINE void Eight(size_t c) const {
      FourOf(c);
      FourOf(c + 4);
    }
    HWY_INLINE void FourOf(size_t c) const {
      const size_t at = c * kLanes;
      StoreFour(exp(LoadFour(from + at, kLanes)), to + at, kLanes);
    }

    const float* from;
    float* to;
    SoftmaxExp exp;
  };
  template <class... Sweeps>
  static HWY_INLINE void ForColumns(size_t n, Sweeps&... sweeps) {
    size_t c = 0;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
    for (; n - c >= 8; c += 8) (sweeps.Eight(c), ...);
#endif
    for (; c < n; c += 4) (sweeps.FourOf(c), ...);
  }

  HWY_INLINE bool ReadRows(size_t n) {
    Reading reading(*this, n);
    ForColumns(n, reading);
    return SetMax(reading.max);
  }
  HWY_INLINE void WriteNumerators(size_t n) {
    Exponentials exponentials(*this);
    ForColumns(n, exponentials);
  }

  // LogOfSum, for a row per lane; NaN where the sum is.
  HWY_INLINE void LogOfSums(const double* sums, double* log_sums) const {
    const F64 d;
    const hn::Half<F32> half;
    const VF offset = Load(offset_);
    const SoftmaxExp exp(Set(parts_.l_hi), Set(parts_.l_lo), offset,
                         Lowest(offset, parts_));
    HWY_ALIGN float top[kLanes];
    Store(exp(Load(max_)), top);
    for (size_t r = 0; r < kLanes; r += kLanes / 2) {
      const VD sum = hn::Load(d, sums + r);
      const VD max = hn::PromoteTo(d, hn::Load(half, max_ + r));
      const VD octaves = hn::PromoteTo(d, hn::Load(half, offset_ + r));
      const VD top_r = hn::PromoteTo(d, hn::Load(half, top + r));
      const VD log = LogOfLaneSums(sum, max, octaves, top_r, parts_.scale);
      hn::Store(hn::IfThenElse(hn::Eq(sum, sum), log, sum), d, log_sums + r);
    }
  }

  HWY_INLINE bool SetMax(VF max) {
    Store(max, max_);
    VF offset;
    const bool direct = FindOffset(max, parts_, offset);
    Store(offset, offset_);
    return direct;
  }

  // The sum of the rows' columns 0 to kCount - 1, upper half onto lower half;
  // column(i) gives that of kLanes / 2 rows, in double.
  template <size_t kCount, size_t kStep = 1, class Column>
  static HWY_INLINE VD FoldColumns(const Column& column, size_t i = 0) {
    if constexpr (kStep == kCount) {
      return column(i);
    } else {
      return hn::Add(FoldColumns<kCount, 2 * kStep>(column, i),
                     FoldColumns<kCount, 2 * kStep>(column, i + kStep));
    }
  }

  // The order of LaneSum, for any number of columns. Those that a row lacks are
  // +0: up to 15 behind the last.
  template <bool kInDouble>
  HWY_INLINE void FoldBlocks(float* columns, size_t n) {
    const size_t count = (n + 15) / 16;
    for (size_t c = n; c < 16 * count; ++c) {
      Store(Set(0.0f), columns + c * kLanes);
    }
    for (size_t half = 0; half < kLanes; half += kLanes / 2) {
      const SumOfLane<kInDouble> lane{columns + half, n};
      hn::Store(FoldColumns<kSumLanes>(lane), F64(), sums_ + half);
    }
  }
  // That of blocks of 64 columns, each its every 8th.
  template <bool kInDouble>
  struct SumOfLane {
    HWY_INLINE VD operator()(size_t i) const {
      if (n <= kSumLanes) return Promote(Column(i));
      VD sum = hn::Add(SumOfEvery16th(i), SumOfEvery16th(i + kSumLanes));
      for (size_t c = i + kSumBlock; c < n; c += kSumBlock) {
        sum = hn::Add(
            sum, hn::Add(SumOfEvery16th(c), SumOfEvery16th(c + kSumLanes)));
      }
      return sum;
    }
    // (a + b) + (c + d) of a block, as far as they exist.
    HWY_INLINE VD SumOfEvery16th(size_t c) const {
      const size_t count = (n - c / kSumBlock * kSumBlock + 15) / 16;
      auto sum = Column(c);
      if (count > 1) sum = hn::Add(sum, Column(c + 16));
      if (count > 2) {
        auto second = Column(c + 32);
        if (count > 3) second = hn::Add(second, Column(c + 48));
        sum = hn::Add(sum, second);
      }
      return Promote(sum);
    }
    HWY_INLINE auto Column(size_t c) const {
      const auto v = hn::Load(hn::Half<F32>(), columns + c * kLanes);
      if constexpr (kInDouble) {
        return hn::PromoteTo(F64(), v);
      } else {
        return v;
      }
    }
    template <class V>
    static HWY_INLINE VD Promote(V v) {
      if constexpr (kInDouble) {
        return v;
      } else {
        return hn::PromoteTo(F64(), v);
      }
    }

    const float* columns;
    size_t n;
  };

  static HWY_INLINE VF MaxOfFour(const Four& v) {
    return hn::Max(hn::Max(v.a, v.b), hn::Max(v.c, v.d));
  }

  HWY_INLINE Group& Self() { return static_cast<Group&>(*this); }

  // The values of column c, a row per lane.
  HWY_INLINE float* Column(size_t c) { return values_ + c * kLanes; }

  const ScaleParts& parts_;
  GroupRows rows_;
  HWY_ALIGN float max_[kLanes];
  HWY_ALIGN float offset_[kLanes];
  HWY_ALIGN double sums_[kLanes];
  HWY_ALIGN float values_[(kMaxCols + 15) / 16 * 16 * kLanes];
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_KERNELS_TILE_COLUMNS_INL_H_
