// SPDX-License-Identifier: Apache-2.0

// Loads and stores four columns of kLanes rows in memory, with a vector per
// column.

#if defined(SOFTLANE_LIB_ARITH_TRANSPOSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_TRANSPOSE_INL_H_
#undef SOFTLANE_LIB_ARITH_TRANSPOSE_INL_H_
#else
#define SOFTLANE_LIB_ARITH_TRANSPOSE_INL_H_
#endif

#include "arith/vector-inl.h"

// A target of one lane has no need to transpose.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Transposes each block of 4 lanes: swaps lane j of vector i and lane i of
// vector j.
HWY_INLINE Four TransposeBlocks(const Four& in) {
  const F32 d;
  const hn::Repartition<double, F32> d64;
  const auto a = hn::BitCast(d64, hn::InterleaveLower(d, in.a, in.b));
  const auto b = hn::BitCast(d64, hn::InterleaveLower(d, in.c, in.d));
  const auto e = hn::BitCast(d64, hn::InterleaveUpper(d, in.a, in.b));
  const auto f = hn::BitCast(d64, hn::InterleaveUpper(d, in.c, in.d));
  return {hn::BitCast(d, hn::InterleaveLower(d64, a, b)),
          hn::BitCast(d, hn::InterleaveUpper(d64, a, b)),
          hn::BitCast(d, hn::InterleaveLower(d64, e, f)),
          hn::BitCast(d, hn::InterleaveUpper(d64, e, f))};
}

// Block b of the result has the 4 floats at from[4 b][c].
HWY_INLINE VF GatherBlocks(const float* const* from, size_t c) {
  const F32 d;
  VF result = hn::LoadDup128(d, from[0] + c);
  for (size_t b = 1; b < kLanes / 4; ++b) {
    // All lanes from block b on. Later steps overwrite the blocks after it.
    const auto above = hn::Not(hn::FirstN(d, 4 * b));
    result = hn::IfThenElse(above, hn::LoadDup128(d, from[4 * b] + c), result);
  }
  return result;
}

// Columns c to c + 3 of the rows at from[0], from[1], ..., with a row per lane.
HWY_INLINE Four LoadColumns(const float* const* from, size_t c) {
  return TransposeBlocks({GatherBlocks(from, c), GatherBlocks(from + 1, c),
                          GatherBlocks(from + 2, c),
                          GatherBlocks(from + 3, c)});
}

// Stores block b of v to the 4 floats at to[4 b][c].
template <class V>
HWY_INLINE void ScatterBlocks(V v, float* const* to, size_t c) {
  using D = hn::DFromV<V>;
  if constexpr (hn::MaxLanes(D()) == 4) {
    hn::StoreU(v, D(), *to + c);
  } else {
    constexpr size_t kHalf = hn::MaxLanes(D()) / 2;
    const hn::Half<D> half;
    ScatterBlocks(LowerHalf(half, v), to, c);
    ScatterBlocks(UpperHalf(half, v), to + kHalf, c);
  }
}

// The reverse of LoadColumns.
HWY_INLINE void StoreColumns(const Four& columns, float* const* to, size_t c) {
  const Four rows = TransposeBlocks(columns);
  ScatterBlocks(rows.a, to, c);
  ScatterBlocks(rows.b, to + 1, c);
  ScatterBlocks(rows.c, to + 2, c);
  ScatterBlocks(rows.d, to + 3, c);
}

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
// Eight columns at a time take half as many loads and stores as twice four
// columns.

// Swaps blocks 1 and 3 of a with blocks 0 and 2 of b.
HWY_INLINE void ExchangeBlocks(VF& a, VF& b) {
#if HWY_TARGET == HWY_AVX2
  const VF lower = hn::ConcatLowerLower(F32(), b, a);
  b = hn::ConcatUpperUpper(F32(), b, a);
#else
  const VF lower = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(b), a);
  b = hn::OddEvenBlocks(b, hn::SwapAdjacentBlocks(a));
#endif
  a = lower;
}
HWY_INLINE void ExchangeBlocks(Four& v, Four& w) {
  ExchangeBlocks(v.a, w.a);
  ExchangeBlocks(v.b, w.b);
  ExchangeBlocks(v.c, w.c);
  ExchangeBlocks(v.d, w.d);
}

#if HWY_TARGET == HWY_AVX2
// LoadColumns of columns c to c + 3, `left`, and of c + 4 to c + 7, `right`.
HWY_INLINE void LoadEightColumns(const float* const* from, size_t c, Four& left,
                                 Four& right) {
  left = TransposeBlocks({Load(from[0] + c), Load(from[1] + c),
                          Load(from[2] + c), Load(from[3] + c)});
  right = TransposeBlocks({Load(from[4] + c), Load(from[5] + c),
                           Load(from[6] + c), Load(from[7] + c)});
  ExchangeBlocks(left, right);
}
#else
// Blocks 0, 2 of a and b to a, blocks 1, 3 to b.
HWY_INLINE void SplitBlocks(VF& a, VF& b) {
  // One instruction each, which Highway has no name for.
  const VF even{_mm512_shuffle_f32x4(a.raw, b.raw, 0x88)};
  b = VF{_mm512_shuffle_f32x4(a.raw, b.raw, 0xDD)};
  a = even;
}
// The 8 floats at rows[0][c] and at rows[4][c].
HWY_INLINE VF LoadTwoRows(const float* const* rows, size_t c) {
  const hn::Half<F32> half;
  return hn::Combine(F32(), hn::LoadU(half, rows[4] + c),
                     hn::LoadU(half, rows[0] + c));
}
HWY_INLINE Four LoadEightRows(const float* const* rows, size_t c) {
  return TransposeBlocks({LoadTwoRows(rows, c), LoadTwoRows(rows + 1, c),
                          LoadTwoRows(rows + 2, c), LoadTwoRows(rows + 3, c)});
}
// LoadColumns of columns c to c + 3, `left`, and of c + 4 to c + 7, `right`.
HWY_INLINE void LoadEightColumns(const float* const* from, size_t c, Four& left,
                                 Four& right) {
  left = LoadEightRows(from, c);
  right = LoadEightRows(from + 8, c);
  SplitBlocks(left.a, right.a);
  SplitBlocks(left.b, right.b);
  SplitBlocks(left.c, right.c);
  SplitBlocks(left.d, right.d);
}
#endif

// Stores 8 floats at rows[0][c] and, if a vector has 16 lanes, at rows[8][c].
HWY_INLINE void StoreEights(VF v, float* const* rows, size_t c) {
#if HWY_TARGET == HWY_AVX2
  Store(v, rows[0] + c);
#else
  const hn::Half<F32> half;
  hn::StoreU(hn::LowerHalf(half, v), half, rows[0] + c);
  hn::StoreU(hn::UpperHalf(half, v), half, rows[8] + c);
#endif
}

// The reverse of LoadEightColumns.
HWY_INLINE void StoreEightColumns(Four left, Four right, float* const* to,
                                  size_t c) {
  ExchangeBlocks(left, right);
  const Four upper_rows = TransposeBlocks(left);
  const Four lower_rows = TransposeBlocks(right);
  StoreEights(upper_rows.a, to, c);
  StoreEights(upper_rows.b, to + 1, c);
  StoreEights(upper_rows.c, to + 2, c);
  StoreEights(upper_rows.d, to + 3, c);
  StoreEights(lower_rows.a, to + 4, c);
  StoreEights(lower_rows.b, to + 5, c);
  StoreEights(lower_rows.c, to + 6, c);
  StoreEights(lower_rows.d, to + 7, c);
}
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_ARITH_TRANSPOSE_INL_H_
