// SPDX-License-Identifier: Apache-2.0
#include "kernels/narrow_planes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/narrow_planes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "kernels/tile_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::NarrowPlanesKernels;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
void Read(const float* const* from, size_t elements, float* values,
          size_t planes) {
  for (size_t o = 0; o < planes; o += kLanes) {
    ReadingRows reading{from + o, values + o, planes, Set(0.0f)};
    ForColumns(elements, reading);
  }
}

struct Same {
  HWY_INLINE Four operator()(const Four& v) const { return v; }
};
void Write(const float* values, size_t elements, float* const* to,
           size_t planes) {
  WriteRows(values, elements, planes, to, [](size_t) { return Same(); });
}

constexpr NarrowPlanesKernels kKernels = {&Read, &Write};
#else
constexpr NarrowPlanesKernels kKernels = {};
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const NarrowPlanesKernels> kNarrowPlanesKernels =
    SOFTLANE_KERNEL_TABLE(kKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
