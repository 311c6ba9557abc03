// SPDX-License-Identifier: Apache-2.0
#include "kernels/softmax_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax_passes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/lane_range-inl.h"
#include "arith/max-inl.h"
#include "arith/range_log-inl.h"
#include "arith/vector-inl.h"
#include "kernels/divide-inl.h"
#include "kernels/logits-inl.h"
#include "kernels/sse2_softmax-inl.h"
#ifndef SOFTLANE_SSE2
#include "kernels/large_rows-inl.h"
#endif
#include "arith/row_exp-inl.h"
#include "kernels/exp_values-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::ExpRange;
using internal::RowResult;
using internal::SoftmaxKernels;

#ifndef SOFTLANE_SSE2
// to[i] = argument(x[i]), for a maximum beyond the direct limit.
HWY_NOINLINE void WriteShifted(const float* x, float* to, size_t n,
                               const Shifted& argument) {
  for (size_t i = 0; i < n; i += kLanes) {
    const size_t count = HWY_MIN(kLanes, n - i);
    StoreFirst(argument(LoadFirst(x + i, count, Set(0.0f))), to + i, count);
  }
}

RowResult OneRow(const float* x, float* y, size_t n, float sink,
                 const ScaleParts& parts, float* logsumexp) {
  const float row_max = MaxOf<IgnoreNaN>(x, n);
  const float max = sink > row_max ? sink : row_max;
  if (!IsFinite(max)) return {kNaN, kNaN, max, false};
  const RowPlan plan = PlanRow(max, parts);
  const SoftmaxExp exp = MakeExp(plan, parts);
  const AsIs as_is;
  VF sinks = Set(sink), maxima = Set(max);
  if (HWY_UNLIKELY(!plan.as_is)) {
    const Shifted argument{Set(static_cast<float>(plan.shift)),
                           Set(static_cast<float>(plan.unit))};
    WriteShifted(x, y, n, argument);
    x = y;
    sinks = argument(sinks);
    maxima = argument(maxima);
  }
  const PlainLogits logits{x};
  double sum = SumTerms(n, ExpValues<AsIs>{exp, as_is, logits, y});
  if (sink != -kInfinity) sum += hn::GetLane(exp(sinks));
  if (logsumexp != nullptr && sum == sum) {
    *logsumexp = LogSumExp(plan, exp, as_is, hn::GetLane(maxima), sum);
  }
  if (sum == sum) Replace(y, n, Probabilities(ReciprocalOf(sum)));
  return {sum, sum, max, false};
}
#endif  // SOFTLANE_SSE2
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64

float LogSumExpInRange(float max, double sum, const ExpRange& range,
                       const ScaleParts& parts) {
  // + 0, since a maximum of -0 is +0.
  return static_cast<float>(LogOfSumInRange(max, sum, range, parts) + 0.0);
}

void Divide(const float* e, float* probs, size_t n, double sum, bool has_tiny,
            const ScaleParts&) {
  const Probabilities probabilities(ReciprocalOf(sum));
  if (has_tiny) {
    DivideRow(probabilities, e, probs, n, false);
  } else {
    DivideRow(UsualProbabilities{probabilities}, e, probs, n, false);
  }
}

void DivideStreamed(const float* e, float* probs, size_t n, double sum,
                    const internal::ReadAhead& ahead, const ScaleParts&) {
  const Probabilities probabilities(ReciprocalOf(sum));
  StreamRow(e, probs, n, probabilities, NextRow{ahead.first, ahead.second});
}

constexpr SoftmaxKernels kKernels = {&OneRow,          &LogSumExpInRange,
                                     &Divide,          &DivideStreamed,
                                     &SoftmaxLargeRow, nullptr};
#else
#ifdef SOFTLANE_SSE2
constexpr SoftmaxKernels kKernels = {&BaselineRow,      nullptr,
                                     nullptr,           nullptr,
                                     &BaselineLargeRow, &BaselineShortRows};
#else
// One lane at a time there is nothing to gain by other schedules.
constexpr SoftmaxKernels kKernels = {&OneRow, nullptr,          nullptr,
                                     nullptr, &SoftmaxLargeRow, nullptr};
#endif
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const SoftmaxKernels> kSoftmaxKernels =
    SOFTLANE_KERNEL_TABLE(kKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
