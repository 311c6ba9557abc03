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
using AddFunction = void(const float* terms, size_t step, size_t count,
                         const double* before, size_t before_step,
                         double* parts, size_t parts_step);
template <class T>
void AddVector(const float* terms, size_t step, size_t count,
               const double* before, size_t before_step, double* parts,
               size_t parts_step) {
  AddBlock<T>({terms, step, count, before, before_step, parts, parts_step});
}

HWY_NOINLINE void FoldParts(const Tile& tile, size_t i, double* sums) {
  for (size_t h = 0; h < kLanes; h += kHalfLanes) {
    hn::Store(FoldTerms<kSumLanes>(tile.lane_sums + i + h, tile.width), F64(),
              sums + h);
  }
}
void EndSums(Tile& tile) {
  for (size_t i = 0; i < tile.width; i += kLanes) {
    FoldParts(tile, i, tile.sums + i);
  }
}

HWY_NOINLINE void AddLanes(AddFunction* add, const float* terms, size_t n,
                           size_t step, size_t begin, size_t end, Tile& tile) {
  const size_t width = tile.width;
  for (size_t k = 0; k < n; k += kSumBlock, terms += kSumBlock * step) {
    const size_t count = HWY_MIN(kSumBlock, n - k);
    for (size_t i = begin; i < end; i += kLanes) {
      double* const parts = tile.lane_sums + i;
      add(terms + i - begin, step, count, parts, width, parts, width);
    }
  }
}

HWY_NOINLINE void SumFew(float* terms, size_t n, size_t step, size_t begin,
                         size_t end, Tile& tile) {
  const size_t folded = n <= kSumLanes ? kSumLanes : kFoldedTerms;
  for (; n < folded; ++n) {
    for (size_t i = 0; i < end - begin; i += kLanes) {
      Store(Set(0.0f), terms + n * step + i);
    }
  }
  for (size_t i = begin; i < end; i += kHalfLanes, terms += kHalfLanes) {
    const VD sum = n == kSumLanes ? FoldTerms<kSumLanes>(terms, step)
                                  : FoldTerms<kFoldedTerms>(terms, step);
    hn::Store(sum, F64(), tile.sums + i);
  }
}
HWY_NOINLINE void SumMany(AddFunction* add, const float* terms, size_t n,
                          size_t step, size_t begin, size_t end, Tile& tile) {
  const size_t width = tile.width;
  HWY_ALIGN double none[kLanes] = {};
  for (size_t i = begin; i < end; i += kLanes, terms += kLanes) {
    double* const parts = tile.lane_sums + i;
    const double* before = none;
    size_t before_step = 0;
    for (size_t k = 0; k < n; k += kSumBlock) {
      add(terms + k * step, step, HWY_MIN(kSumBlock, n - k), before,
          before_step, parts, width);
      before = parts;
      before_step = width;
    }
    FoldParts(tile, i, tile.sums + i);
  }
}

// LaneSumsFunction.
template <class T>
void SumLanes(float* terms, size_t n, size_t step, size_t begin, size_t end,
              Tile& tile) {
  n <= kFoldedTerms ? SumFew(terms, n, step, begin, end, tile)
                    : SumMany(&AddVector<T>, terms, n, step, begin, end, tile);
}
template <class T>
void AddLanes(float* terms, size_t n, size_t step, size_t begin, size_t end,
              Tile& tile) {
  AddLanes(&AddVector<T>, terms, n, step, begin, end, tile);
}
template <class T>
constexpr TileSums kSums = {&SumLanes<T>, &AddLanes<T>};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_TILE_SUMS_INL_H_
