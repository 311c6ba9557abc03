// SPDX-License-Identifier: Apache-2.0

// The last step of softmax: an exp value divided by the row's sum.

#if defined(SOFTLANE_LIB_ARITH_PROBABILITY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_PROBABILITY_INL_H_
#undef SOFTLANE_LIB_ARITH_PROBABILITY_INL_H_
#else
#define SOFTLANE_LIB_ARITH_PROBABILITY_INL_H_
#endif

#include "arith/plan.h"
#include "arith/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::Reciprocal;

// The probability of an exp value e. NaN if the sum is NaN. An e below `least`
// becomes +0 before the products: see Reciprocal.
HWY_INLINE VF ProbabilityOf(VF e, VF head, VF rest, VF least) {
#if HWY_TARGET == HWY_AVX3
  const __mmask16 keep = _mm512_cmp_ps_mask(e.raw, least.raw, _CMP_NLT_UQ);
  const __m512 low = _mm512_maskz_mul_ps(keep, e.raw, rest.raw);
  return VF{_mm512_maskz_fmadd_ps(keep, e.raw, head.raw, low)};
#else
  const VF kept = hn::IfThenZeroElse(hn::Lt(e, least), e);
  // Adding +0 turns the -0 of a negative factor into +0, so the bits are those
  // of AVX-512.
  return Fma(kept, head, Fma(kept, rest, Set(0.0f)));
#endif
}

// ProbabilityOf for an e that is not below `least`.
HWY_INLINE VF ProbabilityNotTiny(VF e, VF head, VF rest) {
  return Fma(e, head, hn::Mul(e, rest));
}

// The probabilities of one row.
class Probabilities {
 public:
  HWY_INLINE explicit Probabilities(const Reciprocal& r)
      : Probabilities(Set(r.head), Set(r.rest), Set(r.least)) {}
  // The probabilities of a row per lane.
  HWY_INLINE Probabilities(VF head, VF rest, VF least)
      : head_(head), rest_(rest), least_(least) {}

  // V is VF, Two or Four.
  template <class V>
  HWY_INLINE V operator()(const V& exps) const {
    return Map([&](VF v)
                   HWY_ATTR { return ProbabilityOf(v, head_, rest_, least_); },
               exps);
  }

  // The probabilities if no exp value is below `least`.
  template <class V>
  HWY_INLINE V NotTiny(const V& exps) const {
    return Map([&](VF v)
                   HWY_ATTR { return ProbabilityNotTiny(v, head_, rest_); },
               exps);
  }

 private:
  VF head_, rest_, least_;
};

struct UsualProbabilities {
  template <class V>
  HWY_INLINE V operator()(const V& exps) const {
    return probabilities.NotTiny(exps);
  }

  const Probabilities& probabilities;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_PROBABILITY_INL_H_
