// SPDX-License-Identifier: Apache-2.0

// The exp pass of rows, for logits of any kind: exp values by a predicted
// exponent, their sum, and whether they fit; in the same loop the probabilities
// of a pending row. Exponentials keep the multipliers busy, divisions loads and
// stores. Reads a logit and a pending exp value per element, writes an exp
// value and a probability.
//
// Logits has FourOf(i), which gives the vectors from elements i, i + 16, i +
// 32 and i + 48 on; One(i); First(i, count), with -inf behind; and
// kMayBeStaged.

#if defined(SOFTLANE_LIB_KERNELS_EXP_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_EXP_ROWS_INL_H_
#undef SOFTLANE_LIB_KERNELS_EXP_ROWS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_EXP_ROWS_INL_H_
#endif

#include <type_traits>

#include "arith/lane_range-inl.h"
#include "arith/max-inl.h"
#include "arith/probability-inl.h"
#include "arith/sum-inl.h"
#include "kernels/divide-inl.h"
#include "kernels/logits-inl.h"
#include "kernels/softmax_kernels.h"
#include "kernels/stages-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::ExpParams;
using internal::MayHaveTiny;
using internal::ReadAhead;
using internal::RowJob;
using internal::RowResult;
using internal::RowsDone;

// The exp values of a row as the terms of a sum, written on the way. With
// kHasMasked elements may be below the range's lowest; with kNeedsMax the pass
// looks for the maximum, too.
template <bool kHasMasked, bool kNeedsMax, class Logits>
struct RangeTerms {
  HWY_INLINE Four FourOf(size_t i) const {
    const Four result = Of(InRegisters(logits.FourOf(i)));
    StoreFour(result, e + i, 16);
    return result;
  }
  HWY_INLINE VF One(size_t i) const {
    const VF result = Of(logits.One(i));
    Store(result, e + i);
    return result;
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF x = logits.First(i, count);
    // In the other lanes the first element again.
    const VF result =
        Of(hn::IfThenElse(hn::FirstN(F32(), count), x, Set(hn::GetLane(x))));
    StoreFirst(result, e + i, count);
    return KeepFirst(result, count);
  }

  // See AddStagedBlocks.
  static constexpr bool kMayBeStaged = kLanes == 16 && Logits::kMayBeStaged;
  HWY_INLINE Four X(size_t i) const {
    const Four x = InRegisters(logits.FourOf(i));
    if constexpr (kNeedsMax) max.Add(x);
    return x;
  }
  HWY_INLINE const SoftmaxExp& Exp() const { return exp; }
  HWY_INLINE Two End(const Stage& stage) const {
    return EndInRange<kHasMasked>(stage.x, stage.eighths, stage.rest, exp,
                                  range);
  }
  HWY_INLINE void Write(size_t i, const Two& result) const {
    Store(result.a, e + i);
    Store(result.b, e + i + 16);
  }

  template <class V>
  HWY_INLINE V Of(const V& x) const {
    if constexpr (kNeedsMax) max.Add(x);
    return ExpInRange<kHasMasked>(x, exp, range);
  }

  const SoftmaxExp& exp;
  const Logits& logits;
  float* e;
  LaneRange& range;
  LaneMax& max;
};

// The same and, on the way, the probabilities of a pending row, of which none
// is below 2^-126.
template <class Terms>
struct DividingTerms {
  HWY_INLINE Four FourOf(size_t i) const {
    // All loads before all stores: 3 to 6 % less time on Zen 5.
    const Four x = InRegisters(terms.logits.FourOf(i));
    const Four pending = InRegisters(LoadFour(from + i, 16));
    const Four result = terms.Of(x);
    const Four probs = probabilities.NotTiny(pending);
    StoreFour(result, terms.e + i, 16);
    if (is_streamed) {
      ahead.Prefetch(PartOfBlock(i));
      StreamFour(probs, to + i, 16);
    } else {
      StoreFour(probs, to + i, 16);
    }
    return result;
  }
  HWY_INLINE VF One(size_t i) const {
    const VF prob = probabilities.NotTiny(Load(from + i));
    is_streamed ? StreamOne(prob, to + i) : Store(prob, to + i);
    return terms.One(i);
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF pending = LoadFirst(from + i, count, Set(0.0f));
    StoreFirst(probabilities.NotTiny(pending), to + i, count);
    return terms.First(i, count);
  }

  // See AddStagedBlocks.
  static constexpr bool kMayBeStaged = Terms::kMayBeStaged;
  HWY_INLINE Four X(size_t i) const { return terms.X(i); }
  HWY_INLINE const SoftmaxExp& Exp() const { return terms.Exp(); }
  HWY_INLINE Two End(const Stage& stage) const { return terms.End(stage); }
  HWY_INLINE void Write(size_t i, const Two& result) const {
    const Two pending = {Load(from + i), Load(from + i + 16)};
    const Two probs = probabilities.NotTiny(pending);
    terms.Write(i, result);
    if (is_streamed) {
      if (i % kSumBlock == 0) ahead.Prefetch(i);
      StreamOne(probs.a, to + i);
      StreamOne(probs.b, to + i + 16);
    } else {
      Store(probs.a, to + i);
      Store(probs.b, to + i + 16);
    }
  }

  const Terms& terms;
  const Probabilities& probabilities;
  const float* const from;
  float* const to;
  const bool is_streamed;  // then `to` is aligned
  const NextRow ahead;
};

// A Source is made of the kind's own, and has LogitsAt(logits, row, begin).
template <class Source>
HWY_INLINE auto LogitsOf(const Source& source, const RowJob& job) {
  return source.LogitsAt(job.logits, job.row, job.begin);
}

HWY_INLINE NextRow AheadOf(const RowJob& job) {
  return {job.ahead.first, job.ahead.second};
}

// A block that is not full: its terms folded as LaneSum has them, their maximum
// and whether they fit.
struct LastBlock {
  template <bool kInDouble, class FourTerms>
  HWY_INLINE void AddBlock(const FourTerms& four) {
    for (size_t k = 0; k < LaneSum::kFoldedVectors; ++k) {
      const Four v = four(k * kLanes);
      Store(hn::Add(hn::Add(v.a, v.b), hn::Add(v.c, v.d)), folded + k * kLanes);
    }
  }
  HWY_INLINE void AddTo(LaneSum& sum) const {
    VF vectors[LaneSum::kFoldedVectors];
    for (size_t k = 0; k < LaneSum::kFoldedVectors; ++k) {
      vectors[k] = Load(folded + k * kLanes);
    }
    sum.AddFolded(vectors);
  }

  HWY_ALIGN float folded[2 * kSumLanes];
  float max;
  bool in_range;
};

// The block of a row that is not full, of which `last` are the logits. One
// function for logits of all kinds: most of a pass was this code.
HWY_MAYBE_UNUSED HWY_NOINLINE void ExpLast(const float* last, bool has_masked,
                                           const RowJob& job,
                                           const ExpParams& params,
                                           LastBlock& block) {
  // Nothing is below -inf: elements that are too low do not fit.
  const float lowest = has_masked ? params.range.lowest : -kInfinity;
  const SoftmaxExp exp = ExpOf({params.range.offset, lowest}, params.parts);
  const size_t full = job.n / kSumBlock * kSumBlock, count = job.n - full;
  LaneRange range;
  LaneMax max;
  const PlainLogits logits{last};
  using Terms = RangeTerms<true, true, PlainLogits>;
  const Terms terms{exp, logits, job.e + full, range, max};
  if (job.pending_n == job.n) {
    const Probabilities probabilities(internal::ReciprocalOf(*job.pending_sum));
    const DividingTerms<Terms> dividing{terms,
                                        probabilities,
                                        job.pending + full,
                                        job.probs + full,
                                        job.is_streamed,
                                        {nullptr, nullptr}};
    AddFastLast(0, count, dividing, block);
  } else {
    AddShortLast(0, count, terms, block);
  }
  block.max = max.Total();
  block.in_range = range.IsInside();
}

// Where the logits of the block that is not full stand in memory: `block`,
// unless all do. A function of its own, for all passes of the kind.
template <class Source>
HWY_NOINLINE const float* WriteLast(Source source, const RowJob& job,
                                    float* block) {
  const auto logits = LogitsOf(source, job);
  const size_t n = job.n, full = n / kSumBlock * kSumBlock;
  size_t i = full;
  for (; n - i >= kLanes; i += kLanes) {
    Store(logits.One(i), block + (i - full));
  }
  if (i != n) Store(logits.First(i, n - i), block + (i - full));
  return block;
}
template <class Source>
HWY_INLINE const float* LastLogits(const Source& source, const RowJob& job,
                                   float* block) {
  if constexpr (Source::kAreInMemory) {
    return job.logits + job.n / kSumBlock * kSumBlock;
  } else {
    return WriteLast<Source>(source, job, block);
  }
}

// Usual rows have code of their own for the block that is not full: 4 % less
// time at 500 columns.
template <bool kHasMasked, class Source>
constexpr bool HasOwnLast() {
  return !kHasMasked && Source::kAreInMemory;
}

// The exp values of one row; its pending row is divided. A function of its own,
// so that the constants of its loop stay in registers. It makes the logits: a
// copy of them would wait for the stores that made them.
template <bool kHasMasked, bool kNeedsMax, class Source>
HWY_NOINLINE void ExpRow(const void* of_kind, const RowJob& job,
                         const ExpParams& params, RowResult& result) {
  const Source source(of_kind);
  constexpr bool kHasOwnLast = HasOwnLast<kHasMasked, Source>();
  const size_t n = job.n, full = n / kSumBlock * kSumBlock;
  // First, so that the sum need not wait for it.
  LastBlock last;
  if (!kHasOwnLast && n != full) {
    HWY_ALIGN float block[kSumBlock];
    ExpLast(LastLogits(source, job, block), kHasMasked, job, params, last);
  }
  const auto logits = LogitsOf(source, job);
  const SoftmaxExp exp = ExpOf(params.range, params.parts);
  LaneRange range;
  LaneMax max;
  LaneSum sum;
  using Terms =
      RangeTerms<kHasMasked, kNeedsMax, std::decay_t<decltype(logits)>>;
  const Terms terms{exp, logits, job.e, range, max};
  size_t start = 0;
  if (job.pending_n != 0) {
    const Probabilities probabilities(internal::ReciprocalOf(*job.pending_sum));
    start = HWY_MIN(full, job.pending_n / kSumBlock * kSumBlock);
    const DividingTerms<Terms> dividing{terms,           probabilities,
                                        job.pending,     job.probs,
                                        job.is_streamed, AheadOf(job)};
    if constexpr (Terms::kMayBeStaged) {
      const bool is_staged = params.is_staged && n >= kMinStagedCols;
      is_staged ? AddStagedBlocks(0, start, dividing, sum)
                : AddBlocks(0, start, dividing, sum);
    } else {
      AddBlocks(0, start, dividing, sum);
    }
    if (kHasOwnLast && n == job.pending_n) {
      AddFastLast(full, n, dividing, sum);
    }
    if (n != job.pending_n) {
      DivideRest(probabilities, job.pending + start, job.probs + start,
                 job.pending_n - start, job.is_streamed);
    }
  }
  if constexpr (Terms::kMayBeStaged) {
    AddStagedBlocks(start, full, terms, sum);
  } else {
    AddBlocks(start, full, terms, sum);
  }
  if (kHasOwnLast && n != job.pending_n) AddShortLast(full, n, terms, sum);
  result.max = kNeedsMax ? max.Total() : 0.0f;
  bool in_range = range.IsInside();
  if (!kHasOwnLast && n != full) {
    last.AddTo(sum);
    in_range = in_range && last.in_range;
    if (kNeedsMax) result.max = HWY_MAX(result.max, last.max);
  }
  // A result that is returned would be copied, which waits for these stores.
  result.sum = result.row_sum = sum.Total();
  result.in_range = in_range;
}

// Whether the row is done: its exp values fit, and are enough where elements
// may be masked, or a sink may be all that counts. Not if the sum is NaN.
HWY_INLINE bool IsDone(bool has_masked, const RowJob& job,
                       const RowResult& result) {
  const bool may_be_few = has_masked || job.sink != -kInfinity;
  const bool is_enough =
      !may_be_few || result.row_sum >= internal::LeastSum(job.n);
  return result.in_range && is_enough;
}

// Whether the rows behind this one are for another call: the prediction moves,
// or probabilities may be tiny.
HWY_INLINE bool EndsCall(const RowResult& result) {
  return !internal::IsUsualSum(result.row_sum) || MayHaveTiny(result.sum);
}

// Adds the sink.
HWY_MAYBE_UNUSED HWY_NOINLINE void JoinSink(const RowJob& job,
                                            const ExpParams& params,
                                            RowResult& result) {
  const SoftmaxExp exp = ExpOf(params.range, params.parts);
  result.sum += hn::GetLane(exp(Set(job.sink)));
  result.max = HWY_MAX(result.max, job.sink);
}

using ExpRowFunction = void(const void* source, const RowJob& job,
                            const ExpParams& params, RowResult& result);
HWY_MAYBE_UNUSED HWY_NOINLINE RowsDone
ExpRowByRow(ExpRowFunction* exp_row, bool has_masked, const void* source,
            const RowJob* jobs, size_t count, const ExpParams& params,
            RowResult* results) {
  for (size_t k = 0; k < count; ++k) {
    const RowJob& job = jobs[k];
    RowResult& result = results[k];
    exp_row(source, job, params, result);
    if (HWY_UNLIKELY(!params.is_exact && !IsDone(has_masked, job, result))) {
      return {k, true};
    }
    if (HWY_UNLIKELY(job.sink != -kInfinity)) JoinSink(job, params, result);
    if (HWY_UNLIKELY(EndsCall(result))) return {k + 1, false};
  }
  return {count, false};
}

// Staged rows, see ExpParams::is_uniform: while the last exponentials of a row
// end, the first of the next begin. With kHasLast rows may end in a part of a
// block; usual rows that do not would pay 1 to 2 % for it.
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
    LaneMax none;
    LaneSum sum;
    using Terms = RangeTerms<kHasMasked, false, std::decay_t<decltype(logits)>>;
    const Terms terms{exp, logits, job.e, range, none};
    constexpr bool kHasOwnLast = HasOwnLast<kHasMasked, Source>();
    if (job.pending_n == 0) {
      AddStagedRow(full, terms, next_logits, lower, upper, sum);
      if (kHasLast && kHasOwnLast) AddShortLast(full, n, terms, sum);
    } else {
      const Probabilities probabilities(
          internal::ReciprocalOf(*job.pending_sum));
      const DividingTerms<Terms> dividing{terms,     probabilities, job.pending,
                                          job.probs, false,         {}};
      AddStagedRow(full, dividing, next_logits, lower, upper, sum);
      if (kHasLast && kHasOwnLast) AddFastLast(full, n, dividing, sum);
    }
    bool in_range = range.IsInside();
    if (kHasLast && !kHasOwnLast && n != full) {
      HWY_ALIGN float logits_of_last[kSumBlock];
      LastBlock last;
      ExpLast(LastLogits(source, job, logits_of_last), kHasMasked, job, params,
              last);
      last.AddTo(sum);
      in_range = in_range && last.in_range;
    }
    const double total = sum.Total();
    results[k] = {total, total, 0.0f, in_range};
    if (!IsDone(kHasMasked, job, results[k])) return {k, true};
    if (EndsCall(results[k])) return {k + 1, false};
  }
  return {count, false};
}

template <bool kHasMasked, bool kNeedsMax, class Source>
RowsDone ExpRows(const void* source, const RowJob* jobs, size_t count,
                 const ExpParams& params, RowResult* results) {
  // AVX2, which has no stages, gains less than 3 % by this, or loses.
  if constexpr (kLanes == 16 && Source::kMayBeStaged && !kNeedsMax) {
    if (params.is_uniform && count > 1) {
      const Source rows(source);
      if constexpr (HasOwnLast<kHasMasked, Source>()) {
        if (jobs[0].n % kSumBlock == 0) {
          return ExpStagedRows<kHasMasked, false>(rows, jobs, count, params,
                                                  results);
        }
      }
      return ExpStagedRows<kHasMasked, true>(rows, jobs, count, params,
                                             results);
    }
  }
  return ExpRowByRow(&ExpRow<kHasMasked, kNeedsMax, Source>, kHasMasked, source,
                     jobs, count, params, results);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_EXP_ROWS_INL_H_
