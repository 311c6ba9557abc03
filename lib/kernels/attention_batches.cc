// SPDX-License-Identifier: Apache-2.0
#include "kernels/attention_passes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention_batches.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "kernels/attention_rows-inl.h"
#include "kernels/exp_batch-inl.h"

// The exp passes of batches of logits that are a scale and masks. One kind: the
// branches of all masks cost batches nothing.

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::BatchLogitsKernels;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
using Source = AffineSource<Masks::kAny>;
constexpr BatchLogitsKernels kBatchKernels = {
    {&ExpBatch<false, Source>, &ExpBatch<true, Source>},
    &ExpBatchOfRows<Source>};
#else
constexpr BatchLogitsKernels kBatchKernels = {};
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const BatchLogitsKernels> kAttentionBatchKernels =
    SOFTLANE_KERNEL_TABLE(kBatchKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
