// SPDX-License-Identifier: Apache-2.0

// The exp pass of rows of a half type, one vector after the other, for AVX2.
// Each vector is begun while the vector before it ends: see ahead-inl.h.
// Vectors come in pairs of 16 elements: a pair of halves is one vector in
// memory.

#if defined(SOFTLANE_LIB_KERNELS_HALF_AHEAD_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_HALF_AHEAD_INL_H_
#undef SOFTLANE_LIB_KERNELS_HALF_AHEAD_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_HALF_AHEAD_INL_H_
#endif

#include <type_traits>

#include "arith/half_pairs-inl.h"
#include "arith/half_vectors-inl.h"
#include "arith/lane_range-inl.h"
#include "arith/probability-inl.h"
#include "arith/word_sum-inl.h"
#include "kernels/ahead-inl.h"

#if HWY_TARGET == HWY_AVX2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The exp values of a row of a half type, in order or in pairs of even and odd
// elements.
template <class In, bool kInWords>
struct HalfTerms {
  HWY_INLINE const SoftmaxExp& Exp() const { return exp; }
  // Vector k of the pair at i.
  template <size_t k>
  HWY_INLINE VF Begin(size_t i) const {
    if constexpr (kInWords) {
      return k == 0 ? LoadEven(x + i) : LoadOdd(x + i);
    } else {
      return LoadHalf(x + i + k * kLanes);
    }
  }
  template <size_t k>
  HWY_INLINE void Beside(size_t) const {}
  HWY_INLINE VF End(const NarrowStage& stage) const {
    const VF term =
        EndInRange<false>(stage.x, stage.eighths, stage.rest, exp, range);
    range.KeepInOrder();
    return term;
  }
  template <size_t k>
  HWY_INLINE void Put(size_t i, VF term) const {
    Store(term, e + i + k * kLanes);
  }

  const SoftmaxExp& exp;
  LaneRange& range;
  const In* const x;
  float* const e;
};

// The exp values and, in the same loop, the probabilities of a pending row.
template <class Terms, bool kInWords, class Out>
struct HalfTermsBeside : Terms {
  template <size_t k>
  HWY_INLINE void Beside(size_t i) const {
    if constexpr (k == 0) return;
    const float* const from = pending + i;
    StoreUsual<kInWords>(
        probabilities.NotTiny(Two{Load(from), Load(from + kLanes)}), to + i);
  }

  const Probabilities& probabilities;
  const float* const pending;
  Out* const to;
  const bool to_floats;  // as Out says
};

// EndAndBegin in pairs: vector k of the pair at i ends, and the other vector of
// the pair at `next` begins.
template <size_t k, class Terms>
HWY_INLINE VF EndAndBeginOther(size_t i, size_t next, const Terms& terms,
                               NarrowStage& stage) {
  NarrowStage begun =
      BeginStage(terms.Exp(), terms.template Begin<1 - k>(next));
  begun.rest = InOrder(begun.rest);
  terms.template Beside<k>(i);
  const VF term = InOrder(terms.End(stage));
  terms.template Put<k>(i, term);
  stage = begun;
  return term;
}

// AddBlocksAhead in pairs.
template <class Terms, class Sum>
HWY_INLINE void AddPairsAhead(size_t start, size_t end, const Terms& terms,
                              Sum& sum) {
  if (start == end) return;
  NarrowStage stage = BeginStage(terms.Exp(), terms.template Begin<0>(start));
  VF folded[2] = {hn::Zero(F32()), hn::Zero(F32())};
  for (; start != end; start += kSumBlock) {
    // At the end, the last pair is begun again, and the result is not used.
    const size_t next = start + (start + kSumBlock == end ? 48 : kSumBlock);
    VF a = EndAndBeginOther<0>(start, start, terms, stage);
    VF b = EndAndBeginOther<1>(start, start + 16, terms, stage);
    a = hn::Add(a, EndAndBeginOther<0>(start + 16, start + 16, terms, stage));
    sum.AddFolded(folded);  // of the block before
    b = hn::Add(b, EndAndBeginOther<1>(start + 16, start + 32, terms, stage));
    VF c = EndAndBeginOther<0>(start + 32, start + 32, terms, stage);
    VF d = EndAndBeginOther<1>(start + 32, start + 48, terms, stage);
    c = hn::Add(c, EndAndBeginOther<0>(start + 48, start + 48, terms, stage));
    folded[0] = hn::Add(a, c);
    d = hn::Add(d, EndAndBeginOther<1>(start + 48, next, terms, stage));
    folded[1] = hn::Add(b, d);
  }
  sum.AddFolded(folded);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_KERNELS_HALF_AHEAD_INL_H_
