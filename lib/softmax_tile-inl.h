// SPDX-License-Identifier: Apache-2.0

// Softmax of short rows, a tile of kLanes rows at a time: a row per lane. What
// costs a row some hundred cycles by itself - the maximum and the sum of its
// lanes, the division, the latencies between them - is done once for all rows
// of the tile.
//
// It is another schedule of the arithmetic in softmax_row-inl.h, with the same
// bits: the same maximum, octaves, core, order of additions and two-float
// reciprocal.

#if defined(SOFTLANE_LIB_SOFTMAX_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_SOFTMAX_TILE_INL_H_
#undef SOFTLANE_LIB_SOFTMAX_TILE_INL_H_
#else
#define SOFTLANE_LIB_SOFTMAX_TILE_INL_H_
#endif

#include "max-inl.h"
#include "softmax_row-inl.h"
#include "transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64

// Longer rows are not faster in tiles: with AVX-512 on Zen 5, ns per element by
// row and in tiles, 0.32 and 0.27 at 80 columns, 0.25 and 0.23 at 128, 0.24 and
// 0.28 at 160.
constexpr size_t kMaxTileCols = 128;

// The values of a tile, transposed: column c of row r is values[c * kLanes +
// r].
class Tile {
 public:
  HWY_INLINE VF Get(size_t c) const { return Load(values_ + c * kLanes); }
  HWY_INLINE void Set(size_t c, VF v) { Store(v, values_ + c * kLanes); }

 private:
  HWY_ALIGN float values_[kMaxTileCols * kLanes];
};

// Sums of a value per row, in double, for two halves of the rows.
struct RowSums {
  VD lower, upper;
};

// In the order of LaneSum. The terms that a row lacks are +0 there: no
// additions.
class TileSum {
 public:
  HWY_INLINE TileSum() {}  // not the compiler's, which has no target attribute

  HWY_INLINE RowSums Total(const Tile& tile, size_t n) {
    size_t used = 0;
    for (size_t start = 0; start < n; start += kSumBlock) {
      const size_t rest = HWY_MIN(n - start, kSumBlock);
      for (size_t i = 0; i < HWY_MIN(rest, kSumLanes); ++i) {
        RowSums sum = Promote(FoldTo16(tile, start, i, rest));
        if (i + kSumLanes < rest) {
          sum =
              AddPair(sum, Promote(FoldTo16(tile, start, i + kSumLanes, rest)));
        }
        if (start != 0) sum = AddPair({lower_[i], upper_[i]}, sum);
        lower_[i] = sum.lower;
        upper_[i] = sum.upper;
      }
      used = HWY_MAX(used, HWY_MIN(rest, kSumLanes));
    }
    for (size_t half = kSumLanes / 2; half != 0; half /= 2) {
      for (size_t i = 0; i + half < used; ++i) {
        lower_[i] = hn::Add(lower_[i], lower_[i + half]);
        upper_[i] = hn::Add(upper_[i], upper_[i + half]);
      }
      used = HWY_MIN(used, half);
    }
    return {lower_[0], upper_[0]};
  }

 private:
  static HWY_INLINE RowSums AddPair(const RowSums& a, const RowSums& b) {
    return {hn::Add(a.lower, b.lower), hn::Add(a.upper, b.upper)};
  }
  static HWY_INLINE RowSums Promote(VF v) {
    return {hn::PromoteTo(F64(), Lower(v)), hn::PromoteTo(F64(), Upper(v))};
  }
  // (a + b) + (c + d), as far as they exist.
  static HWY_INLINE VF FoldTo16(const Tile& tile, size_t start, size_t i,
                                size_t rest) {
    VF sum = tile.Get(start + i);
    if (i + 16 < rest) sum = hn::Add(sum, tile.Get(start + i + 16));
    if (i + 32 < rest) {
      VF second = tile.Get(start + i + 32);
      if (i + 48 < rest) second = hn::Add(second, tile.Get(start + i + 48));
      sum = hn::Add(sum, second);
    }
    return sum;
  }

  VD lower_[kSumLanes], upper_[kSumLanes];
};

// What Divide needs, for a row per lane.
struct TileReciprocal {
  HWY_INLINE explicit TileReciprocal(const RowSums& sums) {
    const Half lower = Compute(sums.lower);
    const Half upper = Compute(sums.upper);
    head = hn::Combine(F32(), upper.head, lower.head);
    rest = hn::Combine(F32(), upper.rest, lower.rest);
    least = hn::Combine(F32(), upper.least, lower.least);
  }

  VF head, rest, least;

 private:
  using HalfF32 = hn::Half<F32>;
  struct Half {
    hn::Vec<HalfF32> head, rest, least;
  };
  static HWY_INLINE Half Compute(VD sum) {
    const hn::RebindToSigned<F64> bits;
    const VD reciprocal = hn::Div(hn::Set(F64(), 1.0), sum);
    const auto rounded =
        hn::Add(hn::BitCast(bits, reciprocal), hn::Set(bits, kHeadRounding));
    const VD head =
        hn::BitCast(F64(), hn::And(rounded, hn::Set(bits, kHeadMask)));
    return {hn::DemoteTo(HalfF32(), head),
            hn::DemoteTo(HalfF32(), hn::Sub(reciprocal, head)),
            hn::DemoteTo(HalfF32(), hn::Mul(sum, hn::Set(F64(), kLeast)))};
  }
};

// Rows [first, first + count) of x, at most kLanes of them; false if one of
// them needs more than this does (a maximum that is not finite or beyond the
// direct limit): then nothing has been written.
HWY_INLINE bool SoftmaxTile(Rows<const float> x, Rows<float> y, size_t first,
                            size_t count, const ScaleParts& parts) {
  const size_t n = x.cols;
  const float* from[kLanes];
  for (size_t r = 0; r < kLanes; ++r) {
    from[r] = x.Row(first + HWY_MIN(r, count - 1));
  }
  Tile tile;
  VF max = Set(-kInfinity);
  // The last four columns may overlap those before: they are the same values.
  for (size_t c = 0; c < n; c += 4) {
    const size_t at = HWY_MIN(c, n - 4);
    const auto columns = LoadColumns(from, at);
    for (size_t k = 0; k < 4; ++k) {
      tile.Set(at + k, columns.v[k]);
      max = hn::Max(max, columns.v[k]);
    }
  }
  const VF limit = Set(static_cast<float>(kDirectLimit * 0.999 / parts.scale));
  const auto direct = hn::Le(hn::Abs(max), limit);  // false for infinities
  if (!hn::AllTrue(F32(), direct)) return false;

  const VF l_hi = Set(parts.l_hi);
  const VF ones = Set(0x1.8p23f);  // the last bit of such a float counts ones
  const VF octaves = hn::Sub(Fma(max, l_hi, ones), ones);
  const VF offset = hn::Sub(octaves, Set(static_cast<float>(kHeadroom)));
  const SoftmaxExp exp(l_hi, Set(parts.l_lo), offset, Lowest(offset, parts));
  for (size_t c = 0; c < n; ++c) tile.Set(c, exp(tile.Get(c)));
  TileSum sum;
  const RowSums sums = sum.Total(tile, n);
  // A sum that is NaN makes all of its row NaN: the reciprocal is.
  const TileReciprocal reciprocal(sums);
  float* to[kLanes];
  for (size_t r = 0; r < count; ++r) to[r] = y.Row(first + r);
  for (size_t c = 0; c < n; c += 4) {
    const size_t at = HWY_MIN(c, n - 4);
    const auto quotient = [&](size_t k) HWY_ATTR {
      return Quotient(tile.Get(at + k), reciprocal.head, reciprocal.rest,
                      reciprocal.least);
    };
    const Columns columns{{quotient(0), quotient(1), quotient(2), quotient(3)}};
    if (count == kLanes) {
      StoreColumns(columns, to, kLanes, at);  // without a branch per row
    } else {
      StoreColumns(columns, to, count, at);
    }
  }
  return true;
}

#else  // one lane

constexpr size_t kMaxTileCols = 0;

HWY_INLINE bool SoftmaxTile(Rows<const float>, Rows<float>, size_t, size_t,
                            const ScaleParts&) {
  return false;
}

#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_SOFTMAX_TILE_INL_H_
