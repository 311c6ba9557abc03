// SPDX-License-Identifier: Apache-2.0
#include "kernels/max_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/max_rows.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/max-inl.h"
#include "arith/sse2-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

#ifdef SOFTLANE_SSE2
HWY_INLINE float MaxOrNaN(const float* x, size_t n) {
  return MaxOf4s<NaN4s>(x, n);
}
#else
// NaN is looked for apart from the maximum, which drops it or not depending on
// the target.
HWY_INLINE float MaxOrNaN(const float* x, size_t n) {
  return MaxOf<LaneNaN>(x, n);
}
#endif

void MaxRows(const Rows<const float>& x, float* max) {
  for (size_t r = 0; r < x.rows; ++r) {
    // -0 + 0 is +0; all other values stay.
    max[r] = MaxOrNaN(x.Row(r), x.cols) + 0.0f;
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<MaxRowsFunction> kMaxRows = SOFTLANE_KERNEL_TABLE(MaxRows);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
