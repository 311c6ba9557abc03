// SPDX-License-Identifier: Apache-2.0
#include "kernels/softmax_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/plain_passes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "kernels/exp_rows-inl.h"
#include "kernels/logits-inl.h"

// The exp passes over logits that stand in memory as they are.

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::LogitsKernels;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64

constexpr LogitsKernels kPlainKernels = {
    {&ExpRows<false, false, PlainSource>, &ExpRows<true, false, PlainSource>,
     &ExpRows<false, true, PlainSource>, &ExpRows<true, true, PlainSource>},
    nullptr};
#else
constexpr LogitsKernels kPlainKernels = {};
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

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
