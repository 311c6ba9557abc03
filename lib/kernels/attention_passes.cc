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
using ScaleSource = AffineSource<Masks::kNone>;
using BiasSource = AffineSource<Masks::kBias>;
// Rows with masked elements, of both kinds.
using MaskedSource = AffineSource<Masks::kPerhapsBias>;
constexpr LogitsKernels kScaleKernels = KernelsOf<ScaleSource, MaskedSource>(
    &WriteLogits<AffineLogits<Masks::kPerhapsBias>>);
constexpr LogitsKernels kBiasKernels = KernelsOf<BiasSource, MaskedSource>(
    &WriteLogits<AffineLogits<Masks::kPerhapsBias>>);
#else
constexpr LogitsKernels kScaleKernels = {
    {}, &WriteLogits<AffineLogits<Masks::kPerhapsBias>>};
constexpr LogitsKernels kBiasKernels = kScaleKernels;
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
