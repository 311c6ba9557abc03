// SPDX-License-Identifier: Apache-2.0
#include "kernels/half_exps.h"

#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/half_exps.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/half_pairs-inl.h"
#include "arith/half_vectors-inl.h"
#include "kernels/ahead-inl.h"
#include "kernels/exp_last-inl.h"
#include "kernels/half_ahead-inl.h"
#include "kernels/range_terms-inl.h"
#include "kernels/stages-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::Batch;
using internal::ExpParams;
using internal::HalfRowJob;
using internal::HalfRowKernels;
using internal::LastBlock;
using internal::RowJob;
using internal::RowResult;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3

// With AVX2, exp values of bfloat16 that become bfloat16 are in pairs of even
// and odd elements, so that no instruction moves them between lanes. Other exp
// values are in order.
template <class In, class Out>
constexpr bool kAreWords =
    HWY_TARGET ==
    HWY_AVX2&& std::is_same_v<In, BFloat16>&& std::is_same_v<Out, BFloat16>;

#if HWY_TARGET == HWY_AVX2

template <class In, bool kInWords>
using TermsOf = HalfTerms<In, kInWords>;
template <class Terms, bool kInWords, class Out>
using TermsBeside = HalfTermsBeside<Terms, kInWords, Out>;

template <class Terms, class Sum>
HWY_INLINE void AddTerms(size_t begin, size_t end, const Terms& terms,
                         Sum& sum) {
  AddPairsAhead(begin, end, terms, sum);
}
// Adds the terms of whole blocks, in order or not, to an empty sum.
template <bool kInWords, class Terms>
HWY_INLINE void AddAll(size_t begin, size_t end, const Terms& terms,
                       LaneSum& sum) {
  if constexpr (kInWords) {
    WordSum words;
    AddPairsAhead(begin, end, terms, words);
    words.AddTo(sum);
  } else {
    AddPairsAhead(begin, end, terms, sum);
  }
}

#else

// See AddStagedBlocks.
template <class In, bool>
struct TermsOf {
  static constexpr bool kMayBeStaged = true;
  HWY_INLINE VF One(size_t i) const { return LoadHalf(x + i); }
  HWY_INLINE Four X(size_t i) const {
    if (floats != nullptr) return InRegisters(LoadFour(floats + i, 16));
    return InRegisters({One(i), One(i + 16), One(i + 32), One(i + 48)});
  }
  HWY_INLINE const SoftmaxExp& Exp() const { return exp; }
  HWY_INLINE Two End(const Stage& stage) const {
    return EndInRange<false>(stage.x, stage.eighths, stage.rest, exp, range);
  }
  HWY_INLINE void Write(size_t i, const Two& terms) const {
    Store(terms.a, e + i);
    Store(terms.b, e + i + 16);
  }

  const SoftmaxExp& exp;
  LaneRange& range;
  const In* const x;
  float* const e;
  const float* floats = nullptr;  // the logits, instead of x
};

// The exp values and, in the same loop, the probabilities of a pending row, if
// there is one. Branches cost less than copies of the loop.
template <class Terms, bool, class Half>
struct TermsBeside : Terms {
  HWY_INLINE void Write(size_t i, const Two& terms) const {
    if (pending == nullptr) return Terms::Write(i, terms);
    const Two e = {Load(pending + i), Load(pending + i + 16)};
    const Two p = probabilities.NotTiny(e);
    Terms::Write(i, terms);
    if (to_floats) {
      StoreUsual(p, reinterpret_cast<float*>(to) + i);
    } else {
      StoreUsual(p, to + i);
    }
  }

  const Probabilities& probabilities;
  const float* const pending;
  Half* const to;
  const bool to_floats;  // `to` has floats
};

template <class Terms, class Sum>
HWY_INLINE void AddTerms(size_t begin, size_t end, const Terms& terms,
                         Sum& sum) {
  AddStagedBlocks(begin, end, terms, sum);
}
template <bool, class Terms>
HWY_INLINE void AddAll(size_t begin, size_t end, const Terms& terms,
                       LaneSum& sum) {
  AddStagedBlocks(begin, end, terms, sum);
}

#endif

template <class In, class Out>
HWY_NOINLINE void ExpRow(const HalfRowJob& job, const ExpParams& params,
                         RowResult& result) {
  constexpr bool kInWords = kAreWords<In, Out>;
  const SoftmaxExp exp = ExpOf(params.range, params.parts);
  LaneRange range;
  LaneSum sum;
  using Terms = TermsOf<In, kInWords>;
  Terms terms{exp, range, static_cast<const In*>(job.logits), job.e};
#if HWY_TARGET == HWY_AVX3
  if (job.from_floats) terms.floats = static_cast<const float*>(job.logits);
#endif
  internal::Reciprocal reciprocal{};
  if (job.pending != nullptr) {
    reciprocal = internal::ReciprocalOf(job.pending_sum);
  }
  const Probabilities probabilities(reciprocal);
  const TermsBeside<Terms, kInWords, Out> beside{
      terms, probabilities, job.pending, static_cast<Out*>(job.probs),
      job.to_floats};
  double* block_sums = job.block_sums;
  const size_t full = job.n / kSumBlock * kSumBlock;
  for (size_t i = 0; i != full;) {
    const size_t end = HWY_MIN(full, i + internal::kSumCols);
    // A branch beside each vector costs time with AVX2.
    if (HWY_TARGET == HWY_AVX2 && job.pending == nullptr) {
      AddAll<kInWords>(i, end, terms, sum);
    } else {
      AddAll<kInWords>(i, end, beside, sum);
    }
    i = end;
    if (HWY_UNLIKELY(i % internal::kSumCols == 0) && i != job.n) {
      *block_sums++ = sum.Total();
      sum = LaneSum();
    }
  }
  bool in_range = range.IsInside();
  if (full != job.n) {
    AddLastBlock(*job.last, sum);
    in_range = in_range && job.last->in_range;
  }
  result.sum = result.row_sum = sum.Total();
  result.in_range = in_range;
}

// The exp values of whole blocks.
template <class Half, bool kInWords>
bool ExpBlocks(const void* logits, float* e, size_t n,
               const ExpParams& params) {
  const SoftmaxExp exp = ExpOf(params.range, params.parts);
  LaneRange range;
  NoSum none;
  const TermsOf<Half, kInWords> terms{exp, range,
                                      static_cast<const Half*>(logits), e};
  AddTerms(0, n, terms, none);
  return range.IsInside();
}

// The last pair of a row may overlap the pair before it, and writes the same
// probabilities again. store(v, to) writes a pair.
template <class Half, class Store>
HWY_INLINE void WriteBatchBy(const Batch& batch, void* probs, size_t stride,
                             const Store& store) {
  constexpr size_t kPair = 2 * kLanes;
  static_assert(kPair <= internal::kMinHalfBatchCols, "");
  const float* e = batch.e;
  Half* to = static_cast<Half*>(probs);
  const size_t rows = batch.rows, n = batch.n, e_stride = batch.e_stride;
  for (size_t r = 0; r < rows; ++r, e += e_stride, to += stride) {
    const VF head = Set(batch.head[r]), rest = Set(batch.rest[r]);
    const auto write = [&](size_t i) HWY_ATTR {
      store(Two{ProbabilityNotTiny(Load(e + i), head, rest),
                ProbabilityNotTiny(Load(e + i + kLanes), head, rest)},
            to + i);
    };
    size_t i = 0;
    for (; n - i >= kPair; i += kPair) write(i);
    if (i != n) write(n - kPair);
  }
}
template <class Half, bool kInWords>
void WriteBatch(const Batch& batch, void* probs, size_t stride) {
#if HWY_TARGET == HWY_AVX3
  // A branch beside each store would take back half of what the instruction
  // saves.
  if constexpr (std::is_same_v<Half, BFloat16>) {
    if (HasBFloat16()) {
      return WriteBatchBy<Half>(batch, probs, stride,
                                [](const Two& v, BFloat16* to) HWY_ATTR {
                                  _mm512_storeu_si512(to, UsualHalves<true>(v));
                                });
    }
    return WriteBatchBy<Half>(batch, probs, stride,
                              [](const Two& v, BFloat16* to) HWY_ATTR {
                                _mm512_storeu_si512(to, UsualHalves<false>(v));
                              });
  }
#endif
  WriteBatchBy<Half>(batch, probs, stride, [](const Two& v, Half* to) HWY_ATTR {
    StoreUsual<kInWords>(v, to);
  });
}

void ExpBehind(const float* logits, float* e, size_t n, const ExpParams& params,
               LastBlock& last) {
  RowJob job;
  job.n = n;
  job.e = e;
  job.pending_n = 0;
  job.block_sums = nullptr;
  ExpLast(logits, false, job, params, last);
}

template <class Half, bool kInWords>
void Divide(const float* e, void* probs, size_t n, double sum) {
  const Probabilities probabilities(internal::ReciprocalOf(sum));
  Half* const to = static_cast<Half*>(probs);
  for (size_t i = n; i != 0;) {
    i -= 2 * kLanes;
    StoreUsual<kInWords>(probabilities(Two{Load(e + i), Load(e + i + kLanes)}),
                         to + i);
  }
}
// With AVX-512 a branch chooses the type of probabilities.
template <class In>
using ToFloats = std::conditional_t<HWY_TARGET == HWY_AVX2, float, In>;

constexpr HalfRowKernels kKernels = {
    kAreWords<BFloat16, BFloat16>,
    HWY_TARGET == HWY_AVX3,
    {{&ExpRow<BFloat16, BFloat16>, &ExpRow<BFloat16, ToFloats<BFloat16>>},
     {&ExpRow<Float16, Float16>, &ExpRow<Float16, ToFloats<Float16>>}},
    &ExpBehind,
    {{&Divide<BFloat16, kAreWords<BFloat16, BFloat16>>,
      &Divide<BFloat16, false>},
     {&Divide<Float16, false>, &Divide<Float16, false>}},
    {{&ExpBlocks<BFloat16, kAreWords<BFloat16, BFloat16>>,
      &ExpBlocks<BFloat16, false>},
     {&ExpBlocks<Float16, false>, &ExpBlocks<Float16, false>}},
    {{&WriteBatch<BFloat16, kAreWords<BFloat16, BFloat16>>,
      &WriteBatch<BFloat16, false>},
     {&WriteBatch<Float16, false>, &WriteBatch<Float16, false>}}};
#else
constexpr HalfRowKernels kKernels = {};
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const HalfRowKernels> kHalfRowKernels =
    SOFTLANE_KERNEL_TABLE(kKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
