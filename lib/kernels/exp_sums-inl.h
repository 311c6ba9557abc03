// SPDX-License-Identifier: Apache-2.0

// The sum of a row's exp values, which are not written, by the exponent of the
// row's maximum. Two passes that read: the maximum and the sum. A row beyond
// the caches is read once: see large_sum-inl.h.

#if defined(SOFTLANE_LIB_KERNELS_EXP_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_EXP_SUMS_INL_H_
#undef SOFTLANE_LIB_KERNELS_EXP_SUMS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_EXP_SUMS_INL_H_
#endif

#include "arith/max-inl.h"
#include "arith/row_exp-inl.h"
#include "kernels/exp_values-inl.h"
#include "kernels/large_sum-inl.h"
#include "kernels/sse2_rows-inl.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

struct ExpSum {
  float max;   // any number if the row holds NaN
  double sum;  // NaN if the row holds NaN or +inf, or holds -inf only
};

#ifdef SOFTLANE_SSE2

HWY_INLINE float MaxOfLogits(const float* x, size_t n) { return MaxOf4s(x, n); }
template <bool kInDouble>
HWY_INLINE double SumOfPlan(const float* x, size_t n, const RowPlan& plan,
                            const ScaleParts& parts) {
  HWY_ALIGN float last[kSumBlock];
  return SumExp<kInDouble>(x, nullptr, n, plan, parts, last);
}
HWY_INLINE LargeSum SumOfBlocks(const float* x, size_t n,
                                const ScaleParts& parts) {
  HWY_ALIGN float last[kSumBlock];
  return SumLargeRow4s(x, n, parts, last);
}

#else

HWY_INLINE float MaxOfLogits(const float* x, size_t n) {
  return MaxOf<IgnoreNaN>(x, n);
}

// Adds the exp values of arguments to a sum, which may be null for 0, and gives
// its total.
template <bool kInDouble>
HWY_NOINLINE double AddExpValues(const float* x, size_t n, const RowPlan& plan,
                                 const ScaleParts& parts, LaneSum* result) {
  const SoftmaxExp exp = MakeExp(plan, parts);
  const AsIs argument;
  LaneSum sum;
  if (result != nullptr) sum = *result;
  AddTerms<kInDouble>(n, UnwrittenExpValues<AsIs>{exp, argument, x}, sum);
  if (result != nullptr) *result = sum;
  return sum.Total();
}

// The sum where arguments are not the logits as they are: they are written to a
// block first.
template <bool kInDouble>
HWY_NOINLINE double SumShifted(const float* x, size_t n, const RowPlan& plan,
                               const ScaleParts& parts) {
  constexpr size_t kBlock = 16 * kSumBlock;
  const Shifted argument{Set(static_cast<float>(plan.shift)),
                         Set(static_cast<float>(plan.unit))};
  HWY_ALIGN float block[kBlock];
  LaneSum sum;
  double total = 0.0;
  for (size_t i = 0; i < n; i += kBlock) {
    const size_t count = HWY_MIN(kBlock, n - i);
    StoreTerms(MappedRow<Shifted>{argument, x + i}, block, count);
    total = AddExpValues<kInDouble>(block, count, plan, parts, &sum);
  }
  return total;
}

template <bool kInDouble>
HWY_INLINE double SumOfPlan(const float* x, size_t n, const RowPlan& plan,
                            const ScaleParts& parts) {
  return plan.as_is ? AddExpValues<kInDouble>(x, n, plan, parts, nullptr)
                    : SumShifted<kInDouble>(x, n, plan, parts);
}

// While the exp values of a part are summed, the part a block further on is on
// its way to the cache.
HWY_NOINLINE LargeSum SumOfBlocks(const float* x, size_t n,
                                  const ScaleParts& parts) {
  constexpr size_t kPart = 8 * kSumBlock;
  return SumByBlocks<LaneSum>(
      x, n, parts, MaxOfLogits,
      [&](const RowPlan& plan, size_t start, size_t count, LaneSum& sum)
          HWY_ATTR {
            for (size_t i = start; i < start + count; i += kPart) {
              if (n - i >= kLargeBlock + kPart) {
                PrefetchRange<kPart>(x + i + kLargeBlock);
              }
              const size_t end = HWY_MIN(i + kPart, start + count);
              AddExpValues<false>(x + i, end - i, plan, parts, &sum);
            }
          });
}

#endif  // SOFTLANE_SSE2

// Of a row that is not empty.
HWY_INLINE ExpSum SumExpOfRow(const float* x, size_t n,
                              const ScaleParts& parts) {
  if (n >= kMinLargeCols) {
    const LargeSum row = SumOfBlocks(x, n, parts);
    if (row.is_direct) return {row.max, row.sum};
  }
  const float max = MaxOfLogits(x, n);
  if (!IsFinite(max)) return {max, kNaN};
  return {max, SumOfPlan<false>(x, n, PlanRow(max, parts), parts)};
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_EXP_SUMS_INL_H_
