// SPDX-License-Identifier: Apache-2.0
#include "kernels/attention_passes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention_passes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "kernels/attention_rows-inl.h"

// Rows whose logits are a scale, or a scale and a bias. The branches of all
// masks would cost rows of a scale alone 15 %.

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
// A scale alone masks nothing: scores that are masked elements are rare, and
// written first.
using ScaleSource = AffineSource<Masks::kNone>;
using ScaleLogits = AffineLogits<Masks::kNone>;
constexpr LogitsKernels kScaleKernels = {
    {&ExpRows<false, false, ScaleSource>, &ExpWrittenRows<ScaleLogits, 1>,
     &ExpRows<false, true, ScaleSource>, &ExpWrittenRows<ScaleLogits, 3>},
    &WriteLogits<ScaleLogits>};
using BiasSource = AffineSource<Masks::kBias>;
constexpr LogitsKernels kBiasKernels = {
    {&ExpRows<false, false, BiasSource>, &ExpRows<true, false, BiasSource>,
     &ExpRows<false, true, BiasSource>, &ExpRows<true, true, BiasSource>},
    &WriteLogits<AffineLogits<Masks::kBias>>};
#else
constexpr LogitsKernels kScaleKernels = {
    {}, &WriteLogits<AffineLogits<Masks::kNone>>};
constexpr LogitsKernels kBiasKernels = {
    {}, &WriteLogits<AffineLogits<Masks::kBias>>};
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const LogitsKernels> kScaleLogitsKernels =
    SOFTLANE_KERNEL_TABLE(kScaleKernels);
const KernelTable<const LogitsKernels> kBiasLogitsKernels =
    SOFTLANE_KERNEL_TABLE(kBiasKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
