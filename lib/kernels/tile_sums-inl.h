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

// T is the type of a block's first sums: float or double.
template <class T>
HWY_NOINLINE void AddToTile(float* terms, size_t n, Tile& tile) {
  const size_t width = tile.width;
  PadTerms(terms, n, width, 0, width, kFoldedTerms);
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

// Of the lanes from `begin` to `end`; n is at most 64.
template <class T>
HWY_NOINLINE void SumLanes(float* terms, size_t n, size_t begin, size_t end,
                           Tile& tile) {
  const size_t width = tile.width;
  PadTerms(terms, n, width, begin, end,
           n <= kSumLanes ? kSumLanes : kFoldedTerms);
  for (size_t i = begin; i < end; i += kLanes) {
    SumOfBlock<T>(terms + i, width, n, tile.sums + i);
  }
}

template <class T>
HWY_NOINLINE void SumTile(float* terms, size_t n, Tile& tile) {
  const size_t width = tile.width;
  if (n <= kSumBlock) return SumLanes<T>(terms, n, 0, width, tile);
  for (size_t i = 0; i < kSumLanes * width; i += kHalfLanes) {
    hn::Store(hn::Zero(F64()), F64(), tile.lane_sums + i);
  }
  AddToTile<T>(terms, n, tile);
  EndSums(tile);
}

template <class T>
constexpr TileSums kSums = {&SumTile<T>, &AddToTile<T>};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_TILE_SUMS_INL_H_
