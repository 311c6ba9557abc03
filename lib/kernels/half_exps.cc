// SPDX-License-Identifier: Apache-2.0
#include "kernels/half_exps.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/half_exps.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/exponential-inl.h"
#include "arith/half_pairs-inl.h"
#include "arith/half_vectors-inl.h"
#include "kernels/ahead-inl.h"
#include "kernels/exp_last-inl.h"
#include "kernels/range_terms-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::ExpParams;
using internal::HalfRowJob;
using internal::HalfRowKernels;
using internal::LastBlock;
using internal::RowJob;
using internal::RowResult;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3

// Logits of a half type in memory, in whole vectors.
template <class Half>
struct HalfLogits {
  static constexpr bool kMayBeStaged = false;

  HWY_INLINE VF One(size_t i) const { return LoadHalf(x + i); }
  HWY_INLINE Four FourOf(size_t i) const {
    return {One(i), One(i + 16), One(i + 32), One(i + 48)};
  }

  const Half* x;
};

HWY_INLINE void StoreUsual(VF v, float* to) { Store(v, to); }

// Terms and, in the same loop, the probabilities of a pending row.
template <class Terms, class Out>
struct BesideTerms {
  HWY_INLINE Four FourOf(size_t i) const {
    const Four x = terms.LoadFourOf(i);
    const Four pending = InRegisters(LoadFour(from + i, 16));
    const Four term = terms.Of(x);
    const Four result = probabilities.NotTiny(pending);
    terms.PutFour(i, term);
    StoreUsual(result.a, to + i);
    StoreUsual(result.b, to + i + 16);
    StoreUsual(result.c, to + i + 32);
    StoreUsual(result.d, to + i + 48);
    return term;
  }

  // See EndAndBegin.
  HWY_INLINE const SoftmaxExp& Exp() const { return terms.Exp(); }
  HWY_INLINE VF Begin(size_t i) const { return terms.Begin(i); }
  HWY_INLINE void Beside(size_t i) const {
    StoreUsual(probabilities.NotTiny(Load(from + i)), to + i);
  }
  HWY_INLINE VF End(const NarrowStage& stage) const { return terms.End(stage); }
  HWY_INLINE void Put(size_t i, VF term) const { terms.Put(i, term); }

  const Terms& terms;
  const Probabilities& probabilities;
  const float* const from;
  Out* const to;
};

template <class Terms>
HWY_INLINE void AddAll(size_t begin, size_t end, const Terms& terms,
                       LaneSum& sum) {
  if constexpr (kRunsAhead) {
    AddBlocksAhead(begin, end, terms, sum);
  } else {
    AddBlocks(begin, end, terms, sum);
  }
}

template <class In, class Out>
HWY_NOINLINE void ExpRow(const HalfRowJob& job, const ExpParams& params,
                         RowResult& result) {
  const HalfLogits<In> logits{static_cast<const In*>(job.logits)};
  const SoftmaxExp exp = ExpOf(params.range, params.parts);
  LaneRange range;
  NarrowMax none;
  LaneSum sum;
  using Terms = RangeTerms<false, false, HalfLogits<In>>;
  const Terms terms{exp, logits, job.e, range, none};
  internal::Reciprocal reciprocal{};
  if (job.pending != nullptr) {
    reciprocal = internal::ReciprocalOf(job.pending_sum);
  }
  const Probabilities probabilities(reciprocal);
  const BesideTerms<Terms, Out> beside{terms, probabilities, job.pending,
                                       static_cast<Out*>(job.probs)};
  double* block_sums = job.block_sums;
  const size_t full = job.n / kSumBlock * kSumBlock;
  for (size_t i = 0; i != full;) {
    const size_t end = HWY_MIN(full, i + internal::kSumCols);
    if (job.pending == nullptr) {
      AddAll(i, end, terms, sum);
    } else {
      AddAll(i, end, beside, sum);
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

void ExpBehind(const float* logits, float* e, size_t n, const ExpParams& params,
               LastBlock& last) {
  RowJob job;
  job.n = n;
  job.e = e;
  job.pending_n = 0;
  job.block_sums = nullptr;
  ExpLast(logits, false, job, params, last);
}

void Split(const float* e, void* upper, void* lower, size_t n) {
  BFloat16* const to_upper = static_cast<BFloat16*>(upper);
  BFloat16* const to_lower = static_cast<BFloat16*>(lower);
  for (size_t i = 0; i < n; i += 2 * kLanes) {
    SplitTwo(Load(e + i), Load(e + i + kLanes), to_upper + i, to_lower + i);
  }
}

template <class Half>
void DivideSplit(void* upper, const void* lower, size_t n, double sum) {
  const Probabilities probabilities(internal::ReciprocalOf(sum));
  Half* const to = static_cast<Half*>(upper);
  const BFloat16* const from_upper = static_cast<const BFloat16*>(upper);
  const BFloat16* const from_lower = static_cast<const BFloat16*>(lower);
  for (size_t i = 0; i < n; i += 2 * kLanes) {
    const Two e = JoinTwo(from_upper + i, from_lower + i);
    const Two p = probabilities(e);
    StoreUsual(p.a, to + i);
    StoreUsual(p.b, to + i + kLanes);
  }
}

// In pairs bfloat16 takes fewer instructions, and float16 takes more.
HWY_INLINE Four LoadAnyOrder(const BFloat16* from) {
  const VectorPair a = LoadPair(from), b = LoadPair(from + 2 * kLanes);
  return {a.first, a.second, b.first, b.second};
}
HWY_INLINE Four LoadAnyOrder(const Float16* from) {
  return {LoadHalf(from), LoadHalf(from + kLanes), LoadHalf(from + 2 * kLanes),
          LoadHalf(from + 3 * kLanes)};
}
HWY_INLINE void StoreAnyOrder(const Four& v, BFloat16* to) {
  StorePair({v.a, v.b}, to, false);
  StorePair({v.c, v.d}, to + 2 * kLanes, false);
}
HWY_INLINE void StoreAnyOrder(const Four& v, Float16* to) {
  StoreUsual(v.a, to);
  StoreUsual(v.b, to + kLanes);
  StoreUsual(v.c, to + 2 * kLanes);
  StoreUsual(v.d, to + 3 * kLanes);
}

template <class Half>
void Exp(const void* x, void* y, size_t n) {
  const Half* const from = static_cast<const Half*>(x);
  Half* const to = static_cast<Half*>(y);
  const Exponential exponential;
  for (size_t i = 0; i < n; i += 4 * kLanes) {
    StoreAnyOrder(exponential(LoadAnyOrder(from + i)), to + i);
  }
}

constexpr HalfRowKernels kKernels = {
    {{&ExpRow<BFloat16, BFloat16>, &ExpRow<BFloat16, float>},
     {&ExpRow<Float16, Float16>, &ExpRow<Float16, float>}},
    &ExpBehind,
    &Split,
    {&DivideSplit<BFloat16>, &DivideSplit<Float16>},
    {&Exp<BFloat16>, &Exp<Float16>}};
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
