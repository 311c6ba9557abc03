// SPDX-License-Identifier: Apache-2.0
#include "kernels/log_passes.h"

#include "softlane/accuracy.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/log_passes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/max-inl.h"
#include "kernels/exp_sums-inl.h"
#include "kernels/log_rows-inl.h"
#include "kernels/stream-inl.h"
#include "kernels/sum_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::LogitsKernels;
using internal::SoftmaxKernels;

// log p = scale x - log(sum(exp(scale x))).
//
// Errors, in u: the sum's terms and no rounding of the sum, which is in double;
// then two roundings of about |log p|, each at most half of a unit in the last
// place. Below 1 those are half a u, up to 2 one u; above, max(1, |log p|)
// grows as they do.
static_assert(kSoftmaxExpErrorU + kDoubleSumErrorU + 2.0 * 1.0 + 0.01 <=
                  kLogSoftmaxMaxError * 0x1p24,
              "the documented bound holds");

// Three passes: the maximum and the sum read; the third reads and writes.
RowResult LogOfRow(const float* x, float* y, size_t n, float,
                   const ScaleParts& parts, float* logsumexp) {
#ifdef SOFTLANE_SSE2
  if (logsumexp == nullptr && LogsOfShortRow(x, y, n, parts)) {
    return {0.0, 0.0, 0.0f, false};  // a sum that is a number
  }
#endif
  const float max = MaxOfLogits(x, n);
  if (!IsFinite(max)) return {kNaN, kNaN, max, false};
  const RowPlan plan = PlanRow(max, parts);
  const double sum = SumExpInDouble(x, n, plan, parts);
  const double log_sum = sum == sum
                             ? LogOfSum(plan, MakeExp(plan, parts), max, sum)
                             : static_cast<double>(kNaN);
  if (log_sum == log_sum) {
    if (y != nullptr)
      WriteLogs(LogProbabilities(plan, parts, log_sum), x, y, n);
    if (logsumexp != nullptr) {
      *logsumexp = static_cast<float>(log_sum + plan.scaled_shift);
    }
  }
  return {log_sum, log_sum, max, false};
}

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64

void Subtract(const float* x, float* logs, size_t n, double log_sum, bool,
              const ScaleParts& parts) {
  WriteLogs(LogProbabilities(parts, log_sum), x, logs, n);
}
void SubtractStreamed(const float* x, float* logs, size_t n, double log_sum,
                      const internal::ReadAhead& ahead,
                      const ScaleParts& parts) {
  StreamRow(x, logs, n, LogProbabilities(parts, log_sum),
            NextRow{ahead.first, ahead.second});
}

float LogSumExpOf(float, double log_sum, const internal::ExpRange&,
                  const ScaleParts&) {
  return static_cast<float>(log_sum + 0.0);
}

constexpr LogitsKernels kLogitsKernels = {
    {&SumRows<false>, &SumRows<true>, &SumRows<false>, &SumRows<true>},
    nullptr};
constexpr SoftmaxKernels kKernels = {&LogOfRow,         &LogSumExpOf, &Subtract,
                                     &SubtractStreamed, nullptr,      nullptr};
#else
#ifdef SOFTLANE_SSE2
constexpr auto kShortRows = &LogsOfShortRows;
#else
constexpr std::nullptr_t kShortRows = nullptr;
#endif
constexpr SoftmaxKernels kKernels = {&LogOfRow, nullptr, nullptr,
                                     nullptr,   nullptr, kShortRows};
constexpr LogitsKernels kLogitsKernels = {};
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const SoftmaxKernels> kLogSoftmaxKernels =
    SOFTLANE_KERNEL_TABLE(kKernels);
const KernelTable<const LogitsKernels> kLogSumKernels =
    SOFTLANE_KERNEL_TABLE(kLogitsKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
