// SPDX-License-Identifier: Apache-2.0

// Four columns of kLanes rows: from memory to a vector per column, and back.

#if defined(SOFTLANE_LIB_TRANSPOSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_TRANSPOSE_INL_H_
#undef SOFTLANE_LIB_TRANSPOSE_INL_H_
#else
#define SOFTLANE_LIB_TRANSPOSE_INL_H_
#endif

#include "vector-inl.h"

// One lane has no columns.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Transposes each block of 4 lanes: lane j of vector i changes places with lane
// i of vector j.
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

// Block b of the result is the 4 floats at from[4 b][c].
HWY_INLINE VF GatherBlocks(const float* const* from, size_t c) {
  const F32 d;
  VF result = hn::LoadDup128(d, from[0] + c);
  for (size_t b = 1; b < kLanes / 4; ++b) {
    // All lanes from the block on; the blocks behind it come later.
    const auto above = hn::Not(hn::FirstN(d, 4 * b));
    result = hn::IfThenElse(above, hn::LoadDup128(d, from[4 * b] + c), result);
  }
  return result;
}

// Columns c to c + 3 of the rows at from[0], from[1] ...: a row per lane.
HWY_INLINE Four LoadColumns(const float* const* from, size_t c) {
  return TransposeBlocks({GatherBlocks(from, c), GatherBlocks(from + 1, c),
                          GatherBlocks(from + 2, c),
                          GatherBlocks(from + 3, c)});
}

// Block b of v to the 4 floats at to[4 b][c].
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

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_TRANSPOSE_INL_H_
