// SPDX-License-Identifier: Apache-2.0

// The exp pass of rows, for logits of any kind. It computes exp values by a
// predicted exponent, their sum, and whether they fit. The same loop computes
// the probabilities of a pending row. Exponentials keep the multipliers busy,
// and divisions keep loads and stores busy. For each element, the pass reads a
// logit and a pending exp value, and writes an exp value and a probability.

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
#include "kernels/uniform_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::ExpRowsFunction;
using internal::LogitsKernels;
using internal::RowsDone;

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

// Computes the exp values of one row, and divides its pending row. Not inlined,
// so that the constants of its loop stay in registers. It makes the logits
// object itself, because a copy would wait for the stores that made the object.
template <bool kHasMasked, bool kNeedsMax, class Source>
HWY_NOINLINE void ExpRow(const void* of_kind, const RowJob& job,
                         const ExpParams& params, RowResult& result) {
  const Source source(of_kind);
  constexpr bool kHasOwnLast = HasOwnLast<kHasMasked, kNeedsMax, Source>();
  const size_t n = job.n, full = n / kSumBlock * kSumBlock;
  // The last block is done first, so that the sum does not wait for it.
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
  // A returned result would be copied, and the copy would wait for these
  // stores.
  result.sum = result.row_sum = sum.Total();
  result.in_range = in_range;
}

// The pass for rows that may have masked elements always finds the maximum.
// With AVX2, a pass without the maximum would save 1 to 3 % of the time of 16 x
// 256 to 4 x 32000 on Zen 3. With AVX-512, it would be 16 kB of code.
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
  return {
      {&ExpRows<false, false, Source>, kMaskedRows<MaskedSource>,
       &ExpRows<false, true, Source>, &ExpRows<true, true, MaskedSource>},
      write_logits,
      {UniformRowsOf<false, Source>(), UniformRowsOf<true, MaskedSource>()}};
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_EXP_ROWS_INL_H_
