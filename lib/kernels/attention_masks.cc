// SPDX-License-Identifier: Apache-2.0
#include "kernels/attention_passes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention_masks.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "kernels/attention_rows-inl.h"
#include "kernels/exp_batch-inl.h"

// Rows of attention with a mask of bytes, a softcap or ALiBi, and batches of
// all logits without softcap and ALiBi. For batches with masked elements, the
// branches of all masks cost nothing.

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::BatchLogitsKernels;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
// With a mask, masked elements are common, so there is only one kind of pass.
using Source = AffineSource<Masks::kAny>;
constexpr LogitsKernels kKeepKernels = {
    {kMaskedRows<Source>, kMaskedRows<Source>, &ExpRows<true, true, Source>,
     &ExpRows<true, true, Source>},
    &WriteLogits<AffineLogits<Masks::kAny>>};
// Batches without a mask of bytes and without masked elements. With AVX2, loops
// that compute one vector after the other then have no test for a bias at each
// vector: 64 x 64 takes 2 % less time on Zen 3.
bool ExpUsualBatch(const void* source, const internal::BatchRows& rows,
                   const ExpParams& params) {
  if constexpr (kRunsAhead) {
    if (static_cast<const AttentionSource*>(source)->options.bias.data !=
        nullptr) {
      return ExpBatch<false, AffineSource<Masks::kBias>>(source, rows, params);
    }
    return ExpBatch<false, AffineSource<Masks::kNone>>(source, rows, params);
  } else {
    return ExpBatch<false, AffineSource<Masks::kPerhapsAdded>>(source, rows,
                                                               params);
  }
}

constexpr BatchLogitsKernels kBatchKernels = {
    {&ExpUsualBatch, &ExpBatch<true, Source>},
    &ExpBatchOfRows<Source>,
    &FindMaxima<Source>};
constexpr LogitsKernels kAttentionKernels = {
    {&ExpWrittenRows<AttentionLogits, 1>, &ExpWrittenRows<AttentionLogits, 1>,
     &ExpWrittenRows<AttentionLogits, 3>, &ExpWrittenRows<AttentionLogits, 3>},
    &WriteLogits<AttentionLogits>};
#else
constexpr LogitsKernels kKeepKernels = {
    {}, &WriteLogits<AffineLogits<Masks::kAny>>};
constexpr BatchLogitsKernels kBatchKernels = {};
constexpr LogitsKernels kAttentionKernels = {{}, &WriteLogits<AttentionLogits>};
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const LogitsKernels> kKeepLogitsKernels =
    SOFTLANE_KERNEL_TABLE(kKeepKernels);
const KernelTable<const BatchLogitsKernels> kAttentionBatchKernels =
    SOFTLANE_KERNEL_TABLE(kBatchKernels);
const KernelTable<const LogitsKernels> kAttentionLogitsKernels =
    SOFTLANE_KERNEL_TABLE(kAttentionKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
