// SPDX-License-Identifier: Apache-2.0
#include "kernels/tiles.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/log_tiles.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "kernels/log_softmax_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::LogTileKernels;
using internal::TileFallback;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
void LogSoftmaxInTiles(const Rows<const float>& x, const Rows<float>& y,
                       const ScaleParts& parts, const TileFallback& fallback) {
  const auto run = [&](size_t first, size_t count) {
    fallback.run(fallback.context, first, count);
  };
  RunGroups<LogTileGroup>(x, y, run, parts);
}

void LogSumExpInTiles(const Rows<const float>& x, float* logsumexp,
                      const ScaleParts& parts, const TileFallback& fallback) {
  LogTileGroup group(parts);
  const Rows<float> none(nullptr, x.rows, x.cols, 0);
  for (size_t r = 0; r < x.rows; r += kLanes) {
    const size_t count = HWY_MIN(kLanes, x.rows - r);
    if (group.FindOctaves(x, none, r, count)) {
      group.SumNumerators(x.cols);
      group.WriteLogSumExp(logsumexp);
    } else {
      fallback.run(fallback.context, r, count);
    }
  }
}

constexpr LogTileKernels kKernels = {&LogSoftmaxInTiles, &LogSumExpInTiles};
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
