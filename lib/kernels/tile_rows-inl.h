// SPDX-License-Identifier: Apache-2.0

// Transposes short rows to a tile and back.

#if defined(SOFTLANE_LIB_KERNELS_TILE_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_TILE_ROWS_INL_H_
#undef SOFTLANE_LIB_KERNELS_TILE_ROWS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_TILE_ROWS_INL_H_
#endif

#include "arith/transpose-inl.h"
#include "kernels/tiles.h"

// One lane has nothing to transpose.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::Tile;

// Calls pass.Eight(c) for 8 columns from c on where that saves loads, and
// pass.FourOf(c) for 4. The last four may overlap those before: they read and
// write the same values.
template <class Pass>
HWY_INLINE void ForColumns(size_t n, Pass& pass) {
  size_t c = 0;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  for (; n - c >= 8; c += 8) pass.Eight(c);
#endif
  for (; c < n; c += 4) pass.FourOf(HWY_MIN(c, n - 4));
}

HWY_INLINE VF MaxOfFour(const Four& v) {
  return hn::Max(hn::Max(v.a, v.b), hn::Max(v.c, v.d));
}

// Writes kLanes rows to columns that are `width` floats apart.
struct ReadingRows {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  HWY_INLINE void Eight(size_t c) {
    Four left, right;
    LoadEightColumns(from, c, left, right);
    StoreFour(left, to + c * width, width);
    StoreFour(right, to + (c + 4) * width, width);
    max = hn::Max(max, hn::Max(MaxOfFour(left), MaxOfFour(right)));
  }
#endif
  HWY_INLINE void FourOf(size_t c) {
    const Four columns = LoadColumns(from, c);
    StoreFour(columns, to + c * width, width);
    max = hn::Max(max, MaxOfFour(columns));
  }

  const float* const* from;
  float* to;
  size_t width;
  VF max;
};

// Writes columns to kLanes rows. `step` computes a result from each vector.
template <class Step>
struct WritingRows {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  HWY_INLINE void Eight(size_t c) const {
    StoreEightColumns(Columns(c), Columns(c + 4), to, c);
  }
#endif
  HWY_INLINE void FourOf(size_t c) const { StoreColumns(Columns(c), to, c); }
  HWY_INLINE Four Columns(size_t c) const {
    return step(LoadFour(from + c * width, width));
  }

  const float* from;
  size_t width;
  float* const* to;
  Step step;
};

// step_of(i) gives the step of the lanes from i on.
template <class StepOf>
HWY_INLINE void WriteRows(const float* from, size_t n, size_t width,
                          float* const* rows, const StepOf& step_of) {
  for (size_t i = 0; i < width; i += kLanes) {
    using Step = decltype(step_of(i));
    const WritingRows<Step> writing{from + i, width, rows + i, step_of(i)};
    ForColumns(n, writing);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_KERNELS_TILE_ROWS_INL_H_
