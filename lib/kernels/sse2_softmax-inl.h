// SPDX-License-Identifier: Apache-2.0

// Softmax's kernels of the x86-64 baseline.

#if defined(SOFTLANE_LIB_KERNELS_SSE2_SOFTMAX_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SSE2_SOFTMAX_INL_H_
#undef SOFTLANE_LIB_KERNELS_SSE2_SOFTMAX_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SSE2_SOFTMAX_INL_H_
#endif

#include "arith/max-inl.h"
#include "kernels/large_sum-inl.h"
#include "kernels/softmax_kernels.h"
#include "kernels/sse2_one_row-inl.h"
#include "kernels/sse2_rows-inl.h"
#include "kernels/sse2_short_rows-inl.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::RowResult;

// LogSumExp of row_exp-inl.h, of the row's own plan.
HWY_NOINLINE float LogOfExpSum(float max, double sum, const RowPlan& plan,
                               const ScaleParts& parts) {
  return static_cast<float>(LogOfSum(plan, MakeExp(plan, parts), max, sum) +
                            plan.scaled_shift);
}

HWY_NOINLINE RowResult BaselineLongRow(const float* x, float* y, size_t n,
                                       float sink, const ScaleParts& parts,
                                       float* logsumexp) {
  const float row_max = n == 0 ? -kInfinity : MaxOf4s(x, n);
  const float max = sink > row_max ? sink : row_max;
  if (!IsFinite(max)) return {kNaN, kNaN, max, false};
  const RowPlan plan = PlanRow(max, parts);
  HWY_ALIGN float last[kSumBlock];
  double sum = SumExp<false>(x, y, n, plan, parts, last);
  if (HWY_UNLIKELY(sink != -kInfinity)) {
    sum += WithArgumentOf(plan, [&](const auto& argument) HWY_ATTR {
      return hn::GetLane(MakeExp(plan, parts)(argument(Set(sink))));
    });
  }
  if (HWY_UNLIKELY(!(sum == sum))) return {sum, sum, max, false};
  if (logsumexp != nullptr) *logsumexp = LogOfExpSum(max, sum, plan, parts);
  const WideProbabilities probabilities(ReciprocalOf(sum));
  const size_t full = n / kSumBlock * kSumBlock;
  DivideExp(y, y, full, probabilities);
  DivideExp(last, y + full, n - full, probabilities);
  return {sum, sum, max, false};
}

HWY_NOINLINE size_t BaselineBatch(const float* x, size_t x_stride, float* y,
                                  size_t y_stride, size_t rows, size_t n,
                                  float* logsumexp, const ScaleParts& parts) {
  ShortRowsExp exp(rows, n, parts);
  if (!exp.Make(x, x_stride) || !exp.Sum<false>()) return 0;
  if (logsumexp != nullptr) {
    exp.TakeLogs();
    for (size_t r = 0; r < rows; ++r) {
      logsumexp[r] = static_cast<float>(exp.LogOfSum(r) + 0.0);
    }
  }
  exp.Divide(y, y_stride);
  return rows;
}

RowResult BaselineRow(const float* x, float* y, size_t n, float sink,
                      const ScaleParts& parts, float* logsumexp) {
  if (n - 1 < kMaxRegisterCols && sink == -kInfinity && logsumexp == nullptr) {
    float max;
    double sum;
    if (n <= 4 ? SoftmaxInRegisters<1>(x, y, n, parts, &max, &sum)
               : SoftmaxInRegisters<2>(x, y, n, parts, &max, &sum)) {
      return {sum, sum, max, false};
    }
  }
  return BaselineLongRow(x, y, n, sink, parts, logsumexp);
}

size_t BaselineShortRows(const float* x, size_t x_stride, float* y,
                         size_t y_stride, size_t rows, size_t n,
                         float* logsumexp, const ScaleParts& parts) {
  if (AreNarrow(rows, n, parts) && logsumexp == nullptr) {
    return SoftmaxOfNarrowRows(x, x_stride, y, y_stride, rows, n, parts);
  }
  return BaselineBatch(x, x_stride, y, y_stride, rows, n, logsumexp, parts);
}

// SoftmaxLargeRow of large_rows-inl.h: the sum by blocks, and then the exp
// values once more.
bool BaselineLargeRow(const float* x, float* y, size_t n, float* logsumexp,
                      const ScaleParts& parts) {
  HWY_ALIGN float block[kSumBlock];
  const LargeSum row = SumLargeRow4s(x, n, parts, block);
  if (!row.is_direct) return false;
  const double sum = row.sum;
  const RowPlan plan = PlanRow(row.max, parts);
  const bool is_number = sum == sum;
  if (logsumexp != nullptr) {
    *logsumexp = is_number ? LogOfExpSum(row.max, sum, plan, parts) : kNaN;
  }
  if (!is_number) {
    Fill(y, n, kNaN);
    return true;
  }
  const WideProbabilities probabilities(ReciprocalOf(sum));
  constexpr size_t kPart = 16 * kSumBlock;
  HWY_ALIGN float part[kPart];
  for (size_t i = 0; i < n; i += kPart) {
    // The pass of one row: its sum is not needed here, but costs little.
    const size_t count = HWY_MIN(kPart, n - i);
    const size_t full = count / kSumBlock * kSumBlock;
    SumExp<false>(x + i, part, count, plan, parts, block);
    DivideExp(part, y + i, full, probabilities);
    DivideExp(block, y + i + full, count - full, probabilities);
  }
  return true;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_KERNELS_SSE2_SOFTMAX_INL_H_
