// SPDX-License-Identifier: Apache-2.0
#include "kernels/softmax_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/plain_batches.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "kernels/exp_batch-inl.h"
#include "kernels/logits-inl.h"

// The exp passes of batches of logits that stand in memory as they are.

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::BatchLogitsKernels;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr BatchLogitsKernels kBatchKernels = {
    {&ExpBatch<false, PlainSource>, &ExpBatch<true, PlainSource>},
    &ExpBatchOfRows<PlainSource>};
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

const KernelTable<const BatchLogitsKernels> kPlainBatchKernels =
    SOFTLANE_KERNEL_TABLE(kBatchKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
