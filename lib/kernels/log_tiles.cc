// SPDX-License-Identifier: Apache-2.0
#include "kernels/tiles.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/log_tiles.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/lane_sums-inl.h"
#include "arith/log_probabilities-inl.h"
#include "kernels/tile_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::LogTileKernels;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
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

constexpr LogTileKernels kKernels = {&SplitLogs, &WriteLogProbabilities};
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
