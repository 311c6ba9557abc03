// SPDX-License-Identifier: Apache-2.0

// The exp pass of rows, for logits of any kind: exp values by a predicted
// exponent, their sum, and whether they fit; in the same loop the probabilities
// of a pending row. Exponentials keep the multipliers busy, divisions loads and
// stores. Reads a logit and a pending exp value per element, writes an exp
// value and a probability.

#if defined(SOFTLANE_LIB_KERNELS_EXP_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_EXP_ROWS_INL_H_
#undef SOFTLANE_LIB_KERNELS_EXP_ROWS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_EXP_ROWS_INL_H_
#endif

#include <type_traits>

#include "arith/sum-inl.h"
#include "arith/terms-inl.h"
#include "kernels/ahead_rows-inl.h"
#include "kernels/exp_last-inl.h"
#include "kernels/range_terms-inl.h"
#include "kernels/softmax_kernels.h"
#include "kernels/stages-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::ExpRowsFunction;
using internal::LogitsKernels;
using internal::MayHaveTiny;
using internal::RowsDone;

// With AVX-512, where a row is half the instructions, usual rows have code of
// their own for the block that is not full. With AVX2 on Zen 3 it would save
// less than 1 % at 500 to 1000 columns.
template <bool kHasMasked, bool kNeedsMax, class Source>
constexpr bool HasOwnLast() {
  return kLanes == 16 && !kHasMasked && !kNeedsMax && Source::kAreInMemory;
}

// Adds full blocks of one block of kSumCols columns, in stages if there are
// any.
template <class Terms>
HWY_INLINE void AddBlocksOf(bool is_staged, size_t start, size_t end,
                            const Terms& terms, LaneSum& sum) {
  if constexpr (Terms::kMayBeStaged) {
    if (is_staged) return AddStagedBlocks(start, end, terms, sum);
  }
  AddBlocks(start, end, terms, sum);
}

// The exp values of one row; its pending row is divided. A function of its own,
// so that the constants of its loop stay in registers. It makes the logits: a
// copy of them would wait for the stores that made them.
template <bool kHasMasked, bool kNeedsMax, class Source>
HWY_NOINLINE void ExpRow(const void* of_kind, const RowJob& job,
                         const ExpParams& params, RowResult& result) {
  const Source source(of_kind);
  constexpr bool kHasOwnLast = HasOwnLast<kHasMasked, kNeedsMax, Source>();
  const size_t n = job.n, full = n / kSumBlock * kSumBlock;
  // First, so that the sum need not wait for it.
  LastBlock last;
  if (!kHasOwnLast && n != full) {
    HWY_ALIGN float block[kSumBlock];
    ExpLast(LastLogits(source, job, block), kHasMasked, job, params, last);
  }
  const auto logits = LogitsOf(source, job);
  SoftmaxExp exp = ExpOf(params.range, params.parts);
  exp.KeepConstants();
  LaneRange range;
  NarrowMax max;
  LaneSum sum;
  double* block_sums = job.block_sums;
  using Terms =
      RangeTerms<kHasMasked, kNeedsMax, std::decay_t<decltype(logits)>>;
  const Terms terms{exp, logits, job.e, range, max};
  internal::Reciprocal reciprocal{};
  if (job.pending_n != 0) {
    reciprocal = internal::ReciprocalOf(*job.pending_sum);
  }
  const size_t divided = HWY_MIN(full, job.pending_n / kSumBlock * kSumBlock);
  // Exact passes read logits in memory.
  constexpr bool kHasLowest = kHasMasked && Source::kAreInMemory;
  ForSumCols<kHasLowest>(full, job, params, block_sums, sum, exp,
                         [&](size_t i, size_t end) HWY_ATTR {
                           if (i >= divided) {
                             AddBlocksOf(true, i, end, terms, sum);
                             return end;
                           }
                           end = HWY_MIN(end, divided);
                           const Probabilities probabilities(reciprocal);
                           const UsualProbabilities usual{probabilities};
                           const DividingTerms<Terms> dividing{
                               terms,     usual,           job.pending,
                               job.probs, job.is_streamed, AheadOf(job)};
                           const bool is_staged =
                               params.is_staged && n >= kMinStagedCols;
                           AddBlocksOf(is_staged, i, end, dividing, sum);
                           return end;
                         });
  if (n != job.pending_n && job.pending_n != 0) {
    DivideRest(*job.pending_sum, job.pending + divided, job.probs + divided,
               job.pending_n - divided, job.is_streamed);
  }
  if (kHasOwnLast && n != full) {
    if (n == job.pending_n) {
      const Probabilities probabilities(reciprocal);
      const UsualProbabilities usual{probabilities};
      const DividingTerms<Terms> dividing{
          terms, usual, job.pending, job.probs, job.is_streamed, {}};
      AddFastLast(full, n, dividing, sum);
    } else {
      AddShortLast(full, n, terms, sum);
    }
  }
  result.max = kNeedsMax ? max.Total() : 0.0f;
  bool in_range = range.IsInside();
  if (!kHasOwnLast && n != full) {
    AddLastBlock(last, sum);
    in_range = in_range && last.in_range;
    if (kNeedsMax) result.max = HWY_MAX(result.max, last.max);
  }
  // A result that is returned would be copied, which waits for these stores.
  result.sum = result.row_sum = sum.Total();
  result.in_range = in_range;
}

// Whether the row is done: its exp values fit, and are enough where elements
// may be masked, or a sink may be all that counts. Not if the sum is NaN. The
// caller knows whether those of a long row are enough.
HWY_INLINE bool IsDone(bool has_masked, const RowJob& job,
                       const RowResult& result) {
  const bool may_be_few =
      (has_masked || job.sink != -kInfinity) && job.block_sums == nullptr;
  const bool is_enough =
      !may_be_few || result.row_sum >= internal::LeastSum(job.n);
  return result.in_range && is_enough;
}

// Whether the rows behind this one are for another call: the prediction moves,
// or probabilities may be tiny.
HWY_INLINE bool EndsCall(const RowResult& result) {
  return !internal::IsUsualSum(result.row_sum) || MayHaveTiny(result.sum);
}

// Staged rows, see ExpParams::is_uniform, which all have a pending row: while
// the last exponentials of a row end, the first of the next begin. With
// kHasLast rows may end in a part of a block; usual rows that do not would pay
// 1 to 2 % for it.
template <bool kHasMasked, bool kHasLast, class Source>
HWY_NOINLINE RowsDone ExpStagedRows(const Source& source, const RowJob* jobs,
                                    size_t count, const ExpParams& params,
                                    RowResult* results) {
  const SoftmaxExp exp = ExpOf(params.range, params.parts);
  const size_t n = jobs[0].n, full = n / kSumBlock * kSumBlock;
  const Four x = LogitsOf(source, jobs[0]).FourOf(0);
  Stage lower = BeginStage(exp, x.a, x.b), upper = BeginStage(exp, x.c, x.d);
  for (size_t k = 0; k < count; ++k) {
    const RowJob& job = jobs[k];
    // The last row begins again, in vain.
    const RowJob& next = jobs[k + 1 == count ? k : k + 1];
    const auto logits = LogitsOf(source, job);
    const auto next_logits = LogitsOf(source, next);
    LaneRange range;
    NarrowMax none;
    LaneSum sum;
    using Terms = RangeTerms<kHasMasked, false, std::decay_t<decltype(logits)>>;
    const Terms terms{exp, logits, job.e, range, none};
    constexpr bool kHasOwnLast = HasOwnLast<kHasMasked, false, Source>();
    const Probabilities probabilities(internal::ReciprocalOf(*job.pending_sum));
    const UsualProbabilities usual{probabilities};
    const DividingTerms<Terms> dividing{terms,     usual, job.pending,
                                        job.probs, false, {}};
    AddStagedRow(full, dividing, next_logits, lower, upper, sum);
    if (kHasLast && kHasOwnLast) AddFastLast(full, n, dividing, sum);
    bool in_range = range.IsInside();
    if (kHasLast && !kHasOwnLast && n != full) {
      HWY_ALIGN float logits_of_last[kSumBlock];
      LastBlock last;
      ExpLast(LastLogits(source, job, logits_of_last), kHasMasked, job, params,
              last);
      AddLastBlock(last, sum);
      in_range = in_range && last.in_range;
    }
    const double total = sum.Total();
    results[k] = {total, total, 0.0f, in_range};
    if (!IsDone(kHasMasked, job, results[k])) return {k, true};
    if (EndsCall(results[k])) return {k + 1, false};
  }
  return {count, false};
}
template <bool kHasMasked, class Source>
HWY_INLINE RowsDone ExpUniformRows(const void* of_kind, const RowJob* jobs,
                                   size_t count, const ExpParams& params,
                                   RowResult* results) {
  const Source source(of_kind);
  if constexpr (HasOwnLast<kHasMasked, false, Source>()) {
    if (jobs[0].n % kSumBlock == 0) {
      return ExpStagedRows<kHasMasked, false>(source, jobs, count, params,
                                              results);
    }
  }
  return ExpStagedRows<kHasMasked, true>(source, jobs, count, params, results);
}

// A row that may have masked elements looks for its maximum, asked for or not.
// With AVX2 a pass without it would save 1 to 3 % of the time of 16 x 256 to 4
// x 32000 on Zen 3. With AVX-512 it would be 16 kB of code.
template <bool kHasMasked, bool kNeedsMax, class Source>
constexpr ExpRowFunction* ExpRowOf() {
  constexpr bool kHasMax = kNeedsMax || kHasMasked;
  if constexpr (kRunsAhead && Source::kAreInMemory) {
    return &ExpRowAhead<kHasMasked, kHasMax, Source>;
  } else {
    return &ExpRow<kHasMasked, kHasMax, Source>;
  }
}

template <bool kHasMasked, bool kNeedsMax, class Source>
RowsDone ExpRows(const void* source, const RowJob* jobs, size_t count,
                 const ExpParams& params, RowResult* results) {
  constexpr ExpRowFunction* kExpRow = ExpRowOf<kHasMasked, kNeedsMax, Source>();
  // AVX2, which has no stages, gains less than 3 % by this, or loses.
  if constexpr (kLanes == 16 && Source::kMayBeStaged && !kNeedsMax) {
    if (params.is_uniform && count > 1 && jobs[0].block_sums == nullptr) {
      // Behind the last row before which none is pending: a call's first rows,
      // and rows whose pending row was divided before, as it has tiny results.
      size_t first = 0;
      for (size_t k = 0; k < count; ++k) {
        if (jobs[k].pending_n == 0) first = k + 1;
      }
      if (first != 0) {
        const RowsDone done = ExpRowByRow(kExpRow, kHasMasked, source, jobs,
                                          first, params, results);
        if (first == count || done.count != first ||
            EndsCall(results[first - 1])) {
          return done;
        }
      }
      RowsDone done = ExpUniformRows<kHasMasked, Source>(
          source, jobs + first, count - first, params, results + first);
      done.count += first;
      return done;
    }
  }
  return ExpRowByRow(kExpRow, kHasMasked, source, jobs, count, params, results);
}

// The passes of a kind of logits: see LogitsKernels. Without stages, rows that
// may have masked elements need one pass.
template <class Source>
constexpr ExpRowsFunction* kMaskedRows = &ExpRows<true, (kLanes < 16), Source>;
template <class Source, class MaskedSource = Source>
constexpr LogitsKernels KernelsOf(void (*write_logits)(const void* source,
                                                       const RowJob& job,
                                                       float* to)) {
  return {{&ExpRows<false, false, Source>, kMaskedRows<MaskedSource>,
           &ExpRows<false, true, Source>, &ExpRows<true, true, MaskedSource>},
          write_logits};
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_EXP_ROWS_INL_H_
