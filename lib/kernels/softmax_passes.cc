// SPDX-License-Identifier: Apache-2.0
#include "kernels/softmax_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax_passes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/lane_range-inl.h"
#include "arith/max-inl.h"
#include "arith/range_log-inl.h"
#include "arith/row_exp-inl.h"
#include "arith/sse2_row_plans-inl.h"
#include "arith/terms-inl.h"
#include "arith/vector-inl.h"
#include "kernels/divide-inl.h"
#include "kernels/exp_sums-inl.h"
#include "kernels/exp_values-inl.h"
#include "kernels/logits-inl.h"
#include "kernels/sse2_narrow_rows-inl.h"
#include "kernels/sse2_rows-inl.h"
#include "kernels/sse2_short_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::ExpRange;
using internal::kSumCols;
using internal::RowResult;
using internal::SoftmaxByPasses;
using internal::SoftmaxKernels;

#ifdef SOFTLANE_SSE2

// A row by itself: the maximum, the exp values and their sum, and the division.
HWY_NOINLINE RowResult BaselineLongRow(const float* x, float* y, size_t n,
                                       float sink, const ScaleParts& parts,
                                       float* logsumexp) {
  if (n > kSumCols) {
    return SoftmaxByPasses(kBlockPasses, x, y, n, sink, parts, logsumexp);
  }
  const float row_max = n == 0 ? -kInfinity : MaxOf4s(x, n);
  const float max = sink > row_max ? sink : row_max;
  if (!IsFinite(max)) return {kNaN, kNaN, max, false};
  const RowPlan plan = PlanRow(max, parts);
  HWY_ALIGN float last[kSumBlock];
  double sum = SumExp<false>(x, y, n, plan, parts, last);
  if (HWY_UNLIKELY(sink != -kInfinity)) {
    const float argument =
        (sink - static_cast<float>(plan.shift)) * static_cast<float>(plan.unit);
    sum += hn::GetLane(MakeExp(plan, parts)(Set(argument)));
  }
  if (HWY_UNLIKELY(!(sum == sum))) return {sum, sum, max, false};
  if (logsumexp != nullptr) {
    *logsumexp = static_cast<float>(LogOfExpSum(max, sum, plan, parts) +
                                    plan.scaled_shift);
  }
  const size_t full = n / kSumBlock * kSumBlock;
  DivideExp(y, y, full, sum);
  DivideExp(last, y + full, n - full, sum);
  return {sum, sum, max, false};
}

RowResult BaselineRow(const float* x, float* y, size_t n, float sink,
                      const ScaleParts& parts, float* logsumexp) {
  if (sink == -kInfinity && logsumexp == nullptr && AreNarrow(1, n, parts) &&
      WriteNarrowRows(x, 0, y, 0, 1, n, false, parts) == 1) {
    return {0.0, 0.0, 0.0f, false};  // a sum that is a number
  }
  return BaselineLongRow(x, y, n, sink, parts, logsumexp);
}

size_t BaselineShortRows(const float* x, size_t x_stride, float* y,
                         size_t y_stride, size_t rows, size_t n,
                         float* logsumexp, const ScaleParts& parts) {
  if (logsumexp == nullptr && AreNarrow(rows, n, parts)) {
    return WriteNarrowRows(x, x_stride, y, y_stride, rows, n, false, parts);
  }
  ShortRows batch(rows, n, parts);
  if (!batch.Make(x, x_stride, false)) return 0;
  if (logsumexp != nullptr) {
    batch.TakeLogs();
    batch.WriteLogs(logsumexp);
  }
  for (size_t r = 0; r < rows; r += 2) {
    const WideProbabilities probabilities(batch.Sums(r));
    const bool has_second = r + 1 < rows;
    float* const first = y + r * y_stride;
    float* const second = has_second ? first + y_stride : first;
    if (HWY_UNLIKELY(!probabilities.AreExact())) {
      DivideExp(batch.Exp(r), first, n, batch.Sum(r));
      if (has_second) DivideExp(batch.Exp(r + 1), second, n, batch.Sum(r + 1));
      continue;
    }
    batch.Map(batch.Exp(r), first, probabilities.First());
    if (has_second) batch.Map(batch.Exp(r + 1), second, probabilities.Second());
  }
  return rows;
}

#else

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
  // Long rows of other targets come here only beyond the direct limit.
  if constexpr (kLanes == 1) {
    if (n > kSumCols) {
      return SoftmaxByPasses(kBlockPasses, x, y, n, sink, parts, logsumexp);
    }
  }
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

constexpr SoftmaxKernels kKernels = {&OneRow, &LogOfSumInRange, &Divide,
                                     &DivideStreamed, nullptr};
#else
#ifdef SOFTLANE_SSE2
constexpr SoftmaxKernels kKernels = {&BaselineRow, nullptr, nullptr, nullptr,
                                     &BaselineShortRows};
#else
// One lane at a time there is nothing to gain by other schedules.
constexpr SoftmaxKernels kKernels = {&OneRow, nullptr, nullptr, nullptr,
                                     nullptr};
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
