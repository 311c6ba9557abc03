// SPDX-License-Identifier: Apache-2.0

// The sum pass of rows. It sums exp values by a predicted exponent in double
// without writing them, and finds the row's maximum. The same loop writes
// log-softmax of a pending row. Exponentials keep the multipliers busy, and the
// pending row keeps loads and stores busy. For each element, the pass reads a
// logit and a pending logit, and writes a result.

#if defined(SOFTLANE_LIB_KERNELS_SUM_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SUM_ROWS_INL_H_
#undef SOFTLANE_LIB_KERNELS_SUM_ROWS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SUM_ROWS_INL_H_
#endif

#include "arith/log_probabilities-inl.h"
#include "arith/terms-inl.h"
#include "kernels/exp_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The exp values of a row as the terms of a sum. If the range is exact, they
// need no check, and the maximum is known.
template <bool kHasMasked, bool kIsExact>
struct SumTermsInRange {
  static constexpr bool kMayBeStaged = false;
  static constexpr bool kMayRunAhead = kRunsAhead;

  HWY_INLINE Four LoadFourOf(size_t i) const {
    return InRegisters(LoadFour(x + i, 16));
  }
  HWY_INLINE void PutFour(size_t, const Four&) const {}
  HWY_INLINE Four FourOf(size_t i) const { return Of(LoadFourOf(i)); }
  HWY_INLINE VF One(size_t i) const { return Of(Load(x + i)); }
  HWY_INLINE VF First(size_t i, size_t count) const {
    // The lanes after `count` repeat the first element.
    const VF v = LoadFirst(x + i, count, Set(x[i]));
    return KeepFirst(Of(v), count);
  }
  // See EndAndBegin.
  HWY_INLINE VF Begin(size_t i) const {
    const VF next = Load(x + i);
    if constexpr (!kIsExact) max.Add(next);
    return next;
  }
  HWY_INLINE const SoftmaxExp& Exp() const { return exp; }
  HWY_INLINE void Beside(size_t) const {}
  HWY_INLINE VF End(const NarrowStage& stage) const {
    if constexpr (kIsExact) {
      return exp.FromRestNotBelow(stage.x, stage.eighths, stage.rest);
    }
    const VF term =
        EndInRange<kHasMasked>(stage.x, stage.eighths, stage.rest, exp, range);
    range.KeepInOrder();
    return term;
  }
  HWY_INLINE void Put(size_t, VF) const {}

  template <class V>
  HWY_INLINE V Of(const V& v) const {
    if constexpr (kIsExact) return exp(v);
    max.Add(v);
    return ExpInRange<kHasMasked>(v, exp, range);
  }

  const SoftmaxExp& exp;
  const float* x;
  LaneRange& range;
  NarrowMax& max;
};

// The sum and the findings of a row's block that is not full.
struct LastSum {
  HWY_ALIGN double lanes[kSumLanes];
  float max;
  bool in_range;
};
// Not inlined: see ExpLast.
HWY_MAYBE_UNUSED HWY_NOINLINE void SumLast(bool is_exact, const RowJob& job,
                                           const ExpParams& params,
                                           LastSum& last) {
  // Nothing is below -inf: elements that are too low do not fit.
  const float lowest = is_exact ? LowestOfLast(job, params) : -kInfinity;
  const SoftmaxExp exp = ExpOf({params.range.offset, lowest}, params.parts);
  LaneRange range;
  NarrowMax max;
  LaneSum sum;
  using Terms = SumTermsInRange<true, false>;
  const Terms terms{exp, job.logits + job.begin, range, max};
  const size_t n = job.n, full = n / kSumBlock * kSumBlock;
  if (job.pending_n != 0) {
    const LaneLogProbabilities log =
        LogProbabilities(params.parts, *job.pending_sum).Unshifted();
    const PendingTerms<Terms, LaneLogProbabilities> subtracting{
        terms, log, job.pending, job.probs, job.is_streamed, {}};
    AddFastLast<true>(full, n, subtracting, sum);
  } else {
    AddShortLast<true>(full, n, terms, sum);
  }
  sum.StoreLanes(last.lanes);
  last.max = max.Total();
  last.in_range = range.IsInside();
}

// The function object that ForSumCols calls for the blocks of a row: see
// BlocksAhead.
template <bool kIsExact>
struct SumsAhead {
  HWY_INLINE size_t operator()(size_t i, size_t end) const {
    using Terms = SumTermsInRange<kIsExact, kIsExact>;
    const SoftmaxExp own = exp;
    const Terms terms{own, job.logits + job.begin, range, max};
    if (job.pending_n == 0) {
      AddBlocksAheadInDouble(i, end, terms, sum);
      return end;
    }
    const LaneLogProbabilities log =
        LogProbabilities(params.parts, *job.pending_sum).Unshifted();
    AddBlocksAheadInDouble(i, end,
                           PendingTerms<Terms, LaneLogProbabilities>{
                               terms, log, job.pending, job.probs, false, {}},
                           sum);
    return end;
  }

  const RowJob& job;
  const ExpParams& params;
  const SoftmaxExp& exp;
  LaneRange& range;
  NarrowMax& max;
  LaneSum& sum;
};

// Sums one row, and writes its pending row, which has as many elements. Not
// inlined, so that the constants of its loop stay in registers. Usual rows have
// code of their own for the block that is not full: 3 % less time at 200 to 333
// columns.
template <bool kIsExact>
HWY_NOINLINE void SumRow(const void*, const RowJob& job,
                         const ExpParams& params, RowResult& result) {
  const size_t n = job.n, full = n / kSumBlock * kSumBlock;
  const bool has_own_last = !kIsExact && job.pending_n != 0;
  // The last block is done first, so that the sum does not wait for it.
  LastSum last;
  if (!has_own_last && n != full) SumLast(kIsExact, job, params, last);
  SoftmaxExp exp = ExpOf(params.range, params.parts);
  LaneRange range;
  NarrowMax max;
  LaneSum sum;
  using Terms = SumTermsInRange<kIsExact, kIsExact>;
  const Terms terms{exp, job.logits + job.begin, range, max};
  const bool is_pending = job.pending_n != 0;
  const auto add = [&](size_t i, size_t end) HWY_ATTR {
    if (is_pending) {
      const LaneLogProbabilities log =
          LogProbabilities(params.parts, *job.pending_sum).Unshifted();
      const PendingTerms<Terms, LaneLogProbabilities> subtracting{
          terms, log, job.pending, job.probs, job.is_streamed, AheadOf(job)};
      AddBlocks<true>(i, end, subtracting, sum);
    } else {
      AddBlocks<true>(i, end, terms, sum);
    }
    return end;
  };
  if constexpr (kRunsAhead) {
    ForSumCols<kIsExact>(
        full, job, params, job.block_sums, sum, exp,
        SumsAhead<kIsExact>{job, params, exp, range, max, sum});
  } else {
    ForSumCols<kIsExact>(full, job, params, job.block_sums, sum, exp, add);
  }
  if (has_own_last) {
    const LaneLogProbabilities log =
        LogProbabilities(params.parts, *job.pending_sum).Unshifted();
    const auto add_last = [&](const Terms& terms) HWY_ATTR {
      const PendingTerms<Terms, LaneLogProbabilities> subtracting{
          terms, log, job.pending, job.probs, job.is_streamed, {}};
      AddLast<true>(full, n, subtracting, sum);
    };
    if constexpr (kRunsAhead) {
      SoftmaxExp own = exp;
      own.KeepConstants();
      add_last({own, job.logits + job.begin, range, max});
    } else {
      add_last(terms);
    }
  }
  result.max = max.Total();
  result.in_range = range.IsInside();
  if (!has_own_last && n != full) {
    sum.AddLanes(last.lanes);
    result.max = HWY_MAX(result.max, last.max);
    result.in_range = result.in_range && last.in_range;
  }
  result.row_sum = sum.Total();
}

template <bool kIsExact>
RowsDone SumRows(const void*, const RowJob* jobs, size_t count,
                 const ExpParams& params, RowResult* results) {
  for (size_t k = 0; k < count; ++k) {
    RowResult& result = results[k];
    SumRow<kIsExact>(nullptr, jobs[k], params, result);
    if (HWY_UNLIKELY(jobs[k].block_sums != nullptr)) {
      internal::JoinBlocks(false, jobs[k], params, result);
    }
    if constexpr (kIsExact) {  // the caller has the maximum
      result.sum = result.row_sum;
      continue;
    }
    if (HWY_UNLIKELY(!IsDone(false, jobs[k], result))) return {k, true};
    result.sum = result.row_sum;
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
