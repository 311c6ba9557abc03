// SPDX-License-Identifier: Apache-2.0
#include "kernels/softmax_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/plain_passes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/terms-inl.h"
#include "kernels/block_sums.h"
#include "kernels/divide-inl.h"
#include "kernels/exp_batch-inl.h"
#include "kernels/exp_rows-inl.h"
#include "kernels/logits-inl.h"

// The exp passes over logits in memory, and the functions that the passes over
// logits of all kinds share.

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::BatchLogitsKernels;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64

// Adds the sink.
HWY_NOINLINE void JoinSink(const RowJob& job, const ExpParams& params,
                           RowResult& result) {
  const SoftmaxExp exp = ExpOf(params.range, params.parts);
  result.sum += hn::GetLane(exp(Set(job.sink)));
  result.max = HWY_MAX(result.max, job.sink);
}

constexpr LogitsKernels kPlainKernels = KernelsOf<PlainSource>(nullptr);
constexpr BatchLogitsKernels kBatchKernels = {
    {&ExpBatch<false, PlainSource>, &ExpBatch<true, PlainSource>},
    &ExpBatchOfRows<PlainSource>,
    &FindMaxima<PlainSource>};
#else
constexpr LogitsKernels kPlainKernels = {};
constexpr BatchLogitsKernels kBatchKernels = {};
#endif

}  // namespace

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64

void ExpLast(const float* last, bool has_masked, const RowJob& job,
             const ExpParams& params, LastBlock& block) {
  // Nothing is below -inf: elements that are too low do not fit.
  const float lowest = has_masked ? LowestOfLast(job, params) : -kInfinity;
  const SoftmaxExp exp = ExpOf({params.range.offset, lowest}, params.parts);
  const size_t full = job.n / kSumBlock * kSumBlock, count = job.n - full;
  LaneRange range;
  NarrowMax max;
  const PlainLogits logits{last};
  using Terms = RangeTerms<true, true, PlainLogits>;
  const Terms terms{exp, logits, job.e + full, range, max};
  FoldedTerms folded{block.folded};
  if (job.pending_n == job.n) {
    const Probabilities probabilities(internal::ReciprocalOf(*job.pending_sum));
    const UsualProbabilities usual{probabilities};
    const DividingTerms<Terms> dividing{terms,
                                        usual,
                                        job.pending + full,
                                        job.probs + full,
                                        job.is_streamed,
                                        {nullptr, nullptr}};
    AddFastLast(0, count, dividing, folded);
  } else {
    AddShortLast(0, count, terms, folded);
  }
  block.max = max.Total();
  block.in_range = range.IsInside();
}

void DivideRest(double sum, const float* e, float* probs, size_t n,
                bool is_streamed) {
  const Probabilities probabilities(internal::ReciprocalOf(sum));
  DivideRow(UsualProbabilities{probabilities}, e, probs, n, is_streamed);
}

RowsDone ExpRowByRow(ExpRowFunction* exp_row, bool has_masked,
                     const void* source, const RowJob* jobs, size_t count,
                     const ExpParams& params, RowResult* results) {
  for (size_t k = 0; k < count; ++k) {
    const RowJob& job = jobs[k];
    RowResult& result = results[k];
    exp_row(source, job, params, result);
    if (HWY_UNLIKELY(job.block_sums != nullptr)) {
      internal::JoinBlocks(has_masked, job, params, result);
    }
    if (HWY_UNLIKELY(!params.is_exact && !IsDone(has_masked, job, result))) {
      return {k, true};
    }
    if (HWY_UNLIKELY(job.sink != -kInfinity)) JoinSink(job, params, result);
    if (HWY_UNLIKELY(EndsCall(result.row_sum, result.sum)))
      return {k + 1, false};
  }
  return {count, false};
}

#endif

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
