// SPDX-License-Identifier: Apache-2.0
#include "kernels/softmax_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/plain_passes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "kernels/exp_batch-inl.h"
#include "kernels/exp_rows-inl.h"
#include "kernels/logits-inl.h"

// The exp passes over logits that stand in memory as they are.

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::BatchLogitsKernels;
using internal::LogitsKernels;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64

struct PlainSource {
  static constexpr bool kMayBeStaged = true;
  static constexpr bool kAreInMemory = true;

  HWY_INLINE explicit PlainSource(const void*) {}
  HWY_INLINE PlainLogits LogitsAt(const float* x, size_t, size_t) const {
    return {x};
  }
};

constexpr LogitsKernels kPlainKernels = {
    {&ExpRows<false, false, PlainSource>, &ExpRows<true, false, PlainSource>,
     &ExpRows<false, true, PlainSource>, &ExpRows<true, true, PlainSource>},
    nullptr};
constexpr BatchLogitsKernels kBatchKernels = {
    {&ExpBatch<false, PlainSource>, &ExpBatch<true, PlainSource>},
    &ExpBatchOfRows<PlainSource>};
#else
constexpr LogitsKernels kPlainKernels = {};
constexpr BatchLogitsKernels kBatchKernels = {};
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const LogitsKernels> kPlainLogitsKernels =
    SOFTLANE_KERNEL_TABLE(kPlainKernels);
const KernelTable<const BatchLogitsKernels> kPlainBatchKernels =
    SOFTLANE_KERNEL_TABLE(kBatchKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
