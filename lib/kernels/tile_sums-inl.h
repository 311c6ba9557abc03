// SPDX-License-Identifier: Apache-2.0

// The sums of a tile's lanes.

#if defined(SOFTLANE_LIB_KERNELS_TILE_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_TILE_SUMS_INL_H_
#undef SOFTLANE_LIB_KERNELS_TILE_SUMS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_TILE_SUMS_INL_H_
#endif

#include <type_traits>

#include "arith/lane_sums-inl.h"
#include "kernels/tiles.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::Tile;
using internal::TileSums;

// T is the type of a block's first sums: float or double.
using BlockFunction = void(const float* terms, size_t step, size_t count,
                           double* parts, size_t parts_step);
template <class T>
void SumVector(const float* terms, size_t step, size_t count, double* parts,
               size_t parts_step) {
  SumBlock<T>(TermBlock{terms, step, count, parts, parts_step});
}
// Adds the sums of a block to the parts from lane i on.
HWY_NOINLINE void AddVector(BlockFunction* sum, const float* terms, size_t step,
                            size_t count, size_t i, Tile& tile) {
  HWY_ALIGN double block[kSumLanes * kLanes];
  sum(terms, step, count, block, kLanes);
  for (size_t j = 0; j < kSumLanes; ++j) {
    j = Unknown(j);
    for (size_t h = 0; h < kLanes; h += kHalfLanes) {
      double* const part = tile.lane_sums + j * tile.width + i + h;
      const VD added = hn::Load(F64(), block + j * kLanes + h);
      hn::Store(hn::Add(hn::Load(F64(), part), added), F64(), part);
    }
  }
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

HWY_NOINLINE void AddLanes(BlockFunction* sum, const float* terms, size_t n,
                           Tile& tile) {
  const size_t width = tile.width;
  for (size_t k = 0; k < n; k += kSumBlock, terms += kSumBlock * width) {
    const size_t count = HWY_MIN(kSumBlock, n - k);
    for (size_t i = 0; i < width; i += kLanes) {
      AddVector(sum, terms + i, width, count, i, tile);
    }
  }
}

// Sums the lanes from `begin` to `end`, whose first terms are at `terms`. If
// all terms are -0, the sum may be -0. AVX-512 adds fewer zeros: on Zen 5
// softmax of 1024 x 4 and of 800 x 10 takes 9 % less time with this. AVX2 does
// so for at most 4 terms.
HWY_NOINLINE void SumFew(float* terms, size_t n, size_t begin, size_t end,
                         Tile& tile) {
  constexpr bool kHasFours = kLanes == 16;
  const size_t width = tile.width;
  const size_t step = kHasFours || (kLanes == 8 && n <= 4) ? 4 : kSumLanes;
  const size_t existing = (n + step - 1) & ~(step - 1);
  for (; n < existing; ++n) {
    for (size_t i = 0; i < end - begin; i += kLanes) {
      if (kLanes > 1) i = Unknown(i);  // GCC would call memset
      Store(Set(0.0f), terms + n * width + i);
    }
  }
  const auto sum = [&](const float* from) HWY_ATTR {
    if (existing == kSumLanes) return FoldTerms<kSumLanes>(from, width);
    if constexpr (kLanes >= 8) {
      if (existing == 4) return FoldTerms<kSumLanes, 4>(from, width);
    }
    if constexpr (kHasFours) {
      if (existing == 12) return FoldTerms<kFoldedTerms, 12>(from, width);
    }
    return FoldTerms<kFoldedTerms>(from, width);
  };
  for (size_t i = begin; i < end; i += kHalfLanes, terms += kHalfLanes) {
    hn::Store(sum(terms), F64(), tile.sums + i);
  }
}
// Folds 16 floats of each of kLanes lanes.
HWY_MAYBE_UNUSED HWY_NOINLINE void FoldFloats(const float* terms,
                                              double* sums) {
  for (size_t h = 0; h < kLanes; h += kHalfLanes) {
    hn::Store(FoldTerms<kFoldedTerms>(terms + h, kLanes), F64(), sums + h);
  }
}
// Sums lanes of 16 * kCount floats, of which up to 15 may be missing. The sums
// are folded without being written to lane_sums.
template <int kCount>
HWY_NOINLINE void SumFloats(const float* terms, size_t n, size_t begin,
                            size_t end, Tile& tile) {
  const size_t step = tile.width, next = kFoldedTerms * step;
  HWY_ALIGN float sums[kFoldedTerms * kLanes];
  float* const whole = sums + (n - (kCount - 1) * kFoldedTerms) * kLanes;
  for (size_t i = begin; i < end; i += kLanes, terms += kLanes) {
    const float* term = terms;
    float* to = sums;
    for (; to != whole; to += kLanes, term += step) {
      Store(SumOf<float, kCount>(term, next, term + (kCount - 1) * next), to);
    }
    for (; to != sums + kFoldedTerms * kLanes; to += kLanes, term += step) {
      Store(SumOf<float, kCount - 1>(term, next, term + (kCount - 2) * next),
            to);
    }
    FoldFloats(sums, tile.sums + i);
  }
}
HWY_NOINLINE void SumMany(BlockFunction* sum, const float* terms, size_t n,
                          size_t begin, size_t end, Tile& tile) {
  const size_t width = tile.width;
  for (size_t i = begin; i < end; i += kLanes, terms += kLanes) {
    sum(terms, width, HWY_MIN(kSumBlock, n), tile.lane_sums + i, width);
    for (size_t k = kSumBlock; k < n; k += kSumBlock) {
      AddVector(sum, terms + k * width, width, HWY_MIN(kSumBlock, n - k), i,
                tile);
    }
    FoldParts(tile, i, tile.sums + i);
  }
}
template <class T>
HWY_INLINE void SumSomeLanes(float* terms, size_t n, size_t begin, size_t end,
                             Tile& tile) {
  if (n <= kFoldedTerms) return SumFew(terms, n, begin, end, tile);
  if constexpr (std::is_same_v<T, float> && kLanes > 1) {
    if (n <= 2 * kFoldedTerms) return SumFloats<2>(terms, n, begin, end, tile);
    if (n <= 3 * kFoldedTerms) return SumFloats<3>(terms, n, begin, end, tile);
    if (n <= 4 * kFoldedTerms) return SumFloats<4>(terms, n, begin, end, tile);
  }
  SumMany(&SumVector<T>, terms, n, begin, end, tile);
}

// LaneSumsFunction.
template <class T>
void SumLanes(float* terms, size_t n, Tile& tile) {
  SumSomeLanes<T>(terms, n, 0, tile.width, tile);
}
template <class T>
void AddLanes(float* terms, size_t n, Tile& tile) {
  AddLanes(&SumVector<T>, terms, n, tile);
}
template <class T>
constexpr TileSums kSums = {&SumLanes<T>, &AddLanes<T>};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_TILE_SUMS_INL_H_
