// SPDX-License-Identifier: Apache-2.0

// The sums of a tile's lanes.

#if defined(SOFTLANE_LIB_KERNELS_TILE_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_TILE_SUMS_INL_H_
#undef SOFTLANE_LIB_KERNELS_TILE_SUMS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_TILE_SUMS_INL_H_
#endif

#include "arith/lane_sums-inl.h"
#include "kernels/tiles.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::Tile;
using internal::TileSums;

// +0 behind the last of n terms, up to a multiple of `multiple`.
HWY_INLINE void PadTerms(float* terms, size_t n, size_t width,
                         size_t multiple) {
  const size_t end = (n + multiple - 1) / multiple * multiple;
  for (size_t i = n * width; i < end * width; i += kLanes) {
    Store(Set(0.0f), terms + i);
  }
}

// T is the type of a block's first sums: float or double.
template <class T>
HWY_NOINLINE void AddToTile(float* terms, size_t n, Tile& tile) {
  const size_t width = tile.width;
  PadTerms(terms, n, width, kFoldedTerms);
  for (size_t k = 0; k < n; k += kSumBlock) {
    const size_t count = HWY_MIN(kSumBlock, n - k);
    for (size_t i = 0; i < width; i += kLanes) {
      AddBlock<T>(terms + k * width + i, width, count, tile.lane_sums + i,
                  width);
    }
  }
}

HWY_NOINLINE void EndSums(Tile& tile) {
  for (size_t i = 0; i < tile.width; i += kLanes) {
    SumOfParts(tile.lane_sums + i, tile.width, tile.sums + i);
  }
}

template <class T>
HWY_NOINLINE void SumTile(float* terms, size_t n, Tile& tile) {
  const size_t width = tile.width;
  if (n > kSumBlock) {
    for (size_t i = 0; i < kSumLanes * width; i += kHalfLanes) {
      hn::Store(hn::Zero(F64()), F64(), tile.lane_sums + i);
    }
    AddToTile<T>(terms, n, tile);
    return EndSums(tile);
  }
  PadTerms(terms, n, width, n <= kSumLanes ? kSumLanes : kFoldedTerms);
  for (size_t i = 0; i < width; i += kLanes) {
    SumOfBlock<T>(terms + i, width, n, tile.sums + i);
  }
}

template <class T>
constexpr TileSums kSums = {&SumTile<T>, &AddToTile<T>};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_TILE_SUMS_INL_H_
