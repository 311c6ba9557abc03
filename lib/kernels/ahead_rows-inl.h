// SPDX-License-Identifier: Apache-2.0

// The exp pass of a row, for AVX2: see ahead-inl.h.

#if defined(SOFTLANE_LIB_KERNELS_AHEAD_ROWS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_AHEAD_ROWS_INL_H_
#undef SOFTLANE_LIB_KERNELS_AHEAD_ROWS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_AHEAD_ROWS_INL_H_
#endif

#include <type_traits>

#include "kernels/ahead-inl.h"
#include "kernels/exp_last-inl.h"
#include "kernels/range_terms-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The terms for probabilities that go past the caches. With kEither, they may
// or may not go past the caches.
template <bool kEither, class Terms>
struct StreamingTerms {
  HWY_INLINE const SoftmaxExp& Exp() const { return terms.Exp(); }
  HWY_INLINE VF Begin(size_t i) const { return terms.Begin(i); }
  HWY_INLINE void Beside(size_t i) const {
    if (kEither && !terms.is_streamed) return terms.Beside(i);
    if (i % 16 == 0) terms.ahead.PrefetchLine(i);
    StreamOne(terms.last_step(Load(terms.from + i)), terms.to + i);
  }
  HWY_INLINE VF End(const NarrowStage& stage) const { return terms.End(stage); }
  HWY_INLINE void Put(size_t i, VF term) const { terms.Put(i, term); }

  const Terms& terms;
};

// The function object that ForSumCols calls for the blocks of a row. It also
// divides the first `divided` elements of the pending row. Inlined early,
// because only then GCC keeps range, max and sum in registers.
template <bool kHasMasked, bool kNeedsMax, class Logits>
struct BlocksAhead {
  HWY_INLINE size_t operator()(size_t i, size_t end) const {
    using Terms = RangeTerms<kHasMasked, kNeedsMax, Logits>;
    const SoftmaxExp own = exp;  // GCC knows what is in a copy
    const Terms terms{own, logits, job.e, range, max};
    const bool is_beside = i < divided, is_streamed = job.is_streamed;
    if (is_beside) end = HWY_MIN(end, divided);
    if (!is_beside) {
      AddBlocksAhead(i, end, terms, sum);
      return end;
    }
    const Probabilities probabilities(reciprocal);
    const UsualProbabilities usual{probabilities};
    const DividingTerms<Terms> dividing{
        terms, usual, job.pending, job.probs, job.is_streamed, AheadOf(job)};
    // A separate loop for rows whose maximum is needed would be 1 kB.
    if (kNeedsMax || is_streamed) {
      const StreamingTerms<kNeedsMax, DividingTerms<Terms>> streaming{dividing};
      AddBlocksAhead(i, end, streaming, sum);
    } else {
      AddBlocksAhead(i, end, dividing, sum);
    }
    return end;
  }

  const RowJob& job;
  const Logits& logits;
  const internal::Reciprocal& reciprocal;
  const size_t divided;
  const SoftmaxExp& exp;
  LaneRange& range;
  NarrowMax& max;
  LaneSum& sum;
};

// ExpRow.
template <bool kHasMasked, bool kNeedsMax, class Source>
HWY_NOINLINE void ExpRowAhead(const void* of_kind, const RowJob& job,
                              const ExpParams& params, RowResult& result) {
  const Source source(of_kind);
  const size_t n = job.n, full = n / kSumBlock * kSumBlock;
  // The last block is done first, so that the sum does not wait for it.
  LastBlock last;
  if (n != full) {
    HWY_ALIGN float block[kSumBlock];
    ExpLast(LastLogits(source, job, block), kHasMasked, job, params, last);
  }
  const auto logits = LogitsOf(source, job);
  SoftmaxExp exp = ExpOf(params.range, params.parts);
  LaneRange range;
  NarrowMax max;
  LaneSum sum;
  internal::Reciprocal reciprocal{};
  if (job.pending_n != 0) {
    reciprocal = internal::ReciprocalOf(*job.pending_sum);
  }
  const size_t divided = HWY_MIN(full, job.pending_n / kSumBlock * kSumBlock);
  // Exact passes read logits in memory.
  constexpr bool kHasLowest = kHasMasked && Source::kAreInMemory;
  using Logits = std::decay_t<decltype(logits)>;
  ForSumCols<kHasLowest>(
      full, job, params, job.block_sums, sum, exp,
      BlocksAhead<kHasMasked, kNeedsMax, Logits>{
          job, logits, reciprocal, divided, exp, range, max, sum});
  if (n != job.pending_n && job.pending_n != 0) {
    DivideRest(*job.pending_sum, job.pending + divided, job.probs + divided,
               job.pending_n - divided, job.is_streamed);
  }
  result.max = kNeedsMax ? max.Total() : 0.0f;
  bool in_range = range.IsInside();
  if (n != full) {
    AddLastBlock(last, sum);
    in_range = in_range && last.in_range;
    if (kNeedsMax) result.max = HWY_MAX(result.max, last.max);
  }
  // A returned result would be copied, and the copy would wait for these
  // stores.
  result.sum = result.row_sum = sum.Total();
  result.in_range = in_range;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_AHEAD_ROWS_INL_H_
