// SPDX-License-Identifier: Apache-2.0
#include "kernels/tiles.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/tiles.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "kernels/softmax_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::TileFallback;
using internal::TileKernels;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
void SoftmaxInTiles(const Rows<const float>& x, const Rows<float>& y,
                    float* logsumexp, const ScaleParts& parts,
                    const TileFallback& fallback) {
  const auto run = [&](size_t first, size_t count) {
    fallback.run(fallback.context, first, count);
  };
  RunGroups<TileGroup>(x, y, run, parts, logsumexp);
}

constexpr TileKernels kKernels = {&SoftmaxInTiles};
#else
constexpr TileKernels kKernels = {};
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const TileKernels> kTileKernels =
    SOFTLANE_KERNEL_TABLE(kKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
