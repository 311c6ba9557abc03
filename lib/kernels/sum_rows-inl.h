// SPDX-License-Identifier: Apache-2.0

// The sum pass of rows: exp values by a predicted exponent, summed in double
// and not written, and the row's maximum; in the same loop log-softmax of a
// pending row. Exponentials keep the multipliers busy, the pending row loads
// and stores. Reads a logit and a pending logit per element, writes a result.

#if defined(SOFTLANE_LIB_KERNELS_SUM_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SUM_ROWS_INL_H_
#undef SOFTLANE_LIB_KERNELS_SUM_ROWS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SUM_ROWS_INL_H_
#endif

#include "arith/log_probabilities-inl.h"
#include "arith/range_log-inl.h"
#include "kernels/exp_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The exp values of a row as the terms of a sum.
template <bool kHasMasked>
struct SumTermsInRange {
  static constexpr bool kMayBeStaged = false;

  HWY_INLINE Four LoadFourOf(size_t i) const {
    return InRegisters(LoadFour(x + i, 16));
  }
  HWY_INLINE void PutFour(size_t, const Four&) const {}
  HWY_INLINE Four FourOf(size_t i) const { return Of(LoadFourOf(i)); }
  HWY_INLINE VF One(size_t i) const { return Of(Load(x + i)); }
  HWY_INLINE VF First(size_t i, size_t count) const {
    // In the other lanes the first element again.
    const VF v = LoadFirst(x + i, count, Set(x[i]));
    return KeepFirst(Of(v), count);
  }
  template <class V>
  HWY_INLINE V Of(const V& v) const {
    max.Add(v);
    return ExpInRange<kHasMasked>(v, exp, range);
  }

  const SoftmaxExp& exp;
  const float* x;
  LaneRange& range;
  NarrowMax& max;
};

// The log of the sum of one row; its pending row, of as many elements, is
// written. A function of its own, so that the constants of its loop stay in
// registers.
template <bool kHasMasked>
HWY_NOINLINE void SumRow(const RowJob& job, const ExpParams& params,
                         RowResult& result) {
  const SoftmaxExp exp = ExpOf(params.range, params.parts);
  LaneRange range;
  NarrowMax max;
  LaneSum sum;
  using Terms = SumTermsInRange<kHasMasked>;
  const Terms terms{exp, job.logits, range, max};
  const size_t n = job.n, full = n / kSumBlock * kSumBlock;
  if (job.pending_n != 0) {
    const LaneLogProbabilities log =
        LogProbabilities(params.parts, *job.pending_sum).Unshifted();
    const PendingTerms<Terms, LaneLogProbabilities> subtracting{
        terms, log, job.pending, job.probs, job.is_streamed, AheadOf(job)};
    AddBlocks<true>(0, full, subtracting, sum);
    AddFastLast<true>(full, n, subtracting, sum);
  } else {
    AddBlocks<true>(0, full, terms, sum);
    AddShortLast<true>(full, n, terms, sum);
  }
  result.row_sum = sum.Total();
  result.max = max.Total();
  result.in_range = range.IsInside();
}

template <bool kHasMasked>
RowsDone SumRows(const void*, const RowJob* jobs, size_t count,
                 const ExpParams& params, RowResult* results) {
  for (size_t k = 0; k < count; ++k) {
    RowResult& result = results[k];
    SumRow<kHasMasked>(jobs[k], params, result);
    if (HWY_UNLIKELY(!params.is_exact &&
                     !IsDone(kHasMasked, jobs[k], result))) {
      return {k, true};
    }
    result.sum =
        LogOfSumInRange(result.max, result.row_sum, params.range, params.parts);
    if (HWY_UNLIKELY(!internal::IsUsualSum(result.row_sum))) {
      return {k + 1, false};
    }
  }
  return {count, false};
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_SUM_ROWS_INL_H_
