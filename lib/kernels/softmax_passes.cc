// SPDX-License-Identifier: Apache-2.0
#include "kernels/softmax_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax_passes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/lane_range-inl.h"
#include "arith/max-inl.h"
#include "arith/row_exp-inl.h"
#include "arith/sse2_row_plans-inl.h"
#include "arith/terms-inl.h"
#include "arith/vector-inl.h"
#include "kernels/block_rows.h"
#include "kernels/divide-inl.h"
#include "kernels/exp_sums-inl.h"
#include "kernels/exp_values-inl.h"
#include "kernels/few_rows-inl.h"
#include "kernels/logits-inl.h"
#include "kernels/sse2_narrow_rows-inl.h"
#include "kernels/sse2_rows-inl.h"
#include "kernels/sse2_short_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::IsDirect;
using internal::kSumCols;
using internal::PlanDirectRow;
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
  if (HWY_UNLIKELY(!IsDirect(max, parts))) {
    if (!IsFinite(max)) return {kNaN, kNaN, max, false};
    return SoftmaxByPasses(kBlockPasses, x, y, n, sink, parts, logsumexp);
  }
  const RowPlan plan = PlanDirectRow(max, parts);
  HWY_ALIGN float last[kSumBlock];
  double sum = SumExp<false>(x, y, n, plan, parts, last);
  if (HWY_UNLIKELY(sink != -kInfinity)) {
    sum += hn::GetLane(MakeExp(plan, parts)(Set(sink)));
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

// Does a row that the usual passes cannot do, by its maximum.
HWY_NOINLINE RowResult OtherRow(const float* x, float* y, size_t n, float sink,
                                float max, const ScaleParts& parts,
                                float* logsumexp) {
  if (!IsFinite(max)) return {kNaN, kNaN, max, false};
  // Long rows of other targets have a schedule of their own.
  return SoftmaxByPasses(kLanes == 1 ? kBlockPasses : kFarPasses, x, y, n, sink,
                         parts, logsumexp);
}

RowResult OneRow(const float* x, float* y, size_t n, float sink,
                 const ScaleParts& parts, float* logsumexp) {
  const float row_max = MaxOf<IgnoreNaN>(x, n);
  const float max = sink > row_max ? sink : row_max;
  if (HWY_UNLIKELY(n > kSumCols || !IsDirect(max, parts))) {
    return OtherRow(x, y, n, sink, max, parts, logsumexp);
  }
  const RowPlan plan = PlanDirectRow(max, parts);
  const SoftmaxExp exp = MakeExp(plan, parts);
  const PlainLogits logits{x};
  double sum = SumTerms(n, ExpValues{exp, logits, y});
  if (sink != -kInfinity) sum += hn::GetLane(exp(Set(sink)));
  if (logsumexp != nullptr && sum == sum) {  // + 0, since a maximum of -0 is +0
    const float peak = sum < kMaxPeak ? hn::GetLane(exp(Set(max))) : 0.0f;
    *logsumexp = static_cast<float>(LogOfSum(plan, peak, sum) + 0.0);
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
                    const internal::ReadAhead& ahead, const ScaleParts&,
                    internal::OpenLine*) {
  const Probabilities probabilities(ReciprocalOf(sum));
  StreamRow(e, probs, n, probabilities, NextRow{ahead.first, ahead.second});
}

#if HWY_TARGET == HWY_AVX2
bool FewProbabilities(const float* x, size_t x_stride, float* y,
                      size_t y_stride, size_t rows, size_t n, float*) {
  FewRows few(rows, n);
  few.Load(x, x_stride);
  if (HWY_UNLIKELY(!few.Exp())) return false;
  const VD sum = few.Sum(few.e);
  if (HWY_UNLIKELY(!hn::AllTrue(F64(), hn::Eq(sum, sum)))) return false;
  const LaneReciprocals reciprocals(sum, sum);
  const Probabilities probabilities(reciprocals.head, reciprocals.rest,
                                    reciprocals.least);
  few.Store(probabilities(few.e), y, y_stride);
  return true;
}
constexpr auto kFew = &FewProbabilities;
#elif HWY_TARGET == HWY_AVX3
constexpr auto kFew = &N_AVX2::FewProbabilities;
#else
constexpr std::nullptr_t kFew = nullptr;
#endif

constexpr SoftmaxKernels kKernels = {&OneRow,         &LogOfSumInRange, &Divide,
                                     &DivideStreamed, nullptr,          kFew};
#else
#ifdef SOFTLANE_SSE2
constexpr SoftmaxKernels kKernels = {
    &BaselineRow, nullptr, nullptr, nullptr, &BaselineShortRows, nullptr};
#else
// With one lane at a time, other schedules gain nothing.
constexpr SoftmaxKernels kKernels = {&OneRow, nullptr, nullptr,
                                     nullptr, nullptr, nullptr};
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
