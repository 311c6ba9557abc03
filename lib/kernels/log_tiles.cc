// SPDX-License-Identifier: Apache-2.0
#include "kernels/tiles.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/log_tiles.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/lane_sums-inl.h"
#include "arith/log_probabilities-inl.h"
#include "kernels/stream-inl.h"
#include "kernels/tile_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::kInfinity;
using internal::LogTileKernels;
using internal::NextTile;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
static_assert(internal::kTileBlock == kSumBlock, "blocks of a sum");

// The lanes of each of four vectors from lane h on, folded.
HWY_INLINE VD FoldInDouble(const Four& v, size_t h) {
  return hn::Add(hn::Add(HalfInDouble(v.a, h), HalfInDouble(v.b, h)),
                 hn::Add(HalfInDouble(v.c, h), HalfInDouble(v.d, h)));
}

// Of kLanes rows from row i on, columns [begin, end).
HWY_INLINE void PrefetchRow(const NextTile& next, size_t i, size_t begin,
                            size_t end) {
  for (; i < next.count; i += kSumLanes) {
    const float* const row = next.rows + i * next.stride;
    for (size_t c = begin; c < end; c += 16) hwy::Prefetch(row + c);
    if (kLanes <= kSumLanes) return;
  }
}

// The exp values are not written, because nothing would read them again. The
// prefetches stand among the exponentials, which use no memory. AVX2 on Zen 3,
// 23437 x 128, ns per element, without prefetches, with 64 lines at once, and
// among exponentials: 1.9, 2.2 and 1.0.
void SumExp(float* logits, size_t n, const ScaleParts& parts,
            const NextTile& next, Tile& tile) {
  const size_t width = tile.width, step = 16 * width;
  for (size_t i = 0; i < width; i += kLanes) {
    const VF offset = Load(tile.offset + i);
    SoftmaxExp exp = MakeExp(offset, parts);
    exp.KeepConstants();
    for (size_t k = n; k % kSumBlock != 0; ++k) {
      Store(Set(-kInfinity), logits + k * width + i);
    }
    const float* from = logits + i;
    for (size_t k = 0; k < n; k += kSumBlock) {
      const size_t end = k + kSumBlock >= n ? next.n : k + kSumBlock;
      for (size_t j = 0; j < kSumLanes; ++j, from += width) {
        j = Unknown(j);
        PrefetchRow(next, i + j, k, end);
        const Four a = exp(LoadFour(from, step));
        const Four b = exp(LoadFour(from + kSumLanes * width, step));
        double* const part = tile.lane_sums + j * width + i;
        for (size_t h = 0; h < kLanes; h += kHalfLanes) {
          VD sum = hn::Add(FoldInDouble(a, h), FoldInDouble(b, h));
          if (k != 0) sum = hn::Add(hn::Load(F64(), part + h), sum);
          hn::Store(sum, F64(), part + h);
        }
      }
      from += (kSumBlock - kSumLanes) * width;
    }
  }
}

void SplitLogs(const double* logs, Tile& tile) {
  const hn::Rebind<float, F64> half;
  for (size_t i = 0; i < tile.width; i += kHalfLanes) {
    const VD log = hn::Load(F64(), logs + i);
    const auto high = hn::DemoteTo(half, log);
    const VD low = hn::Sub(log, hn::PromoteTo(F64(), high));
    hn::Store(hn::Neg(high), half, tile.head + i);
    hn::Store(hn::DemoteTo(half, low), half, tile.rest + i);
  }
}

void WriteLogProbabilities(const float* x, size_t n, float scale,
                           const Tile& tile, float* const* rows) {
  WriteRows(x, n, tile.width, rows, [&](size_t i) HWY_ATTR {
    return LaneLogProbabilities{Set(scale), Load(tile.head + i),
                                Load(tile.rest + i)};
  });
}

constexpr LogTileKernels kKernels = {&SumExp, &SplitLogs,
                                     &WriteLogProbabilities};
#else
constexpr LogTileKernels kKernels = {};
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const LogTileKernels> kLogTileKernels =
    SOFTLANE_KERNEL_TABLE(kKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
