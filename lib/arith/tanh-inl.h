// SPDX-License-Identifier: Apache-2.0

// The hyperbolic tangent and its derivative, for attention's soft cap.

#if defined(SOFTLANE_LIB_ARITH_TANH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_TANH_INL_H_
#undef SOFTLANE_LIB_ARITH_TANH_INL_H_
#else
#define SOFTLANE_LIB_ARITH_TANH_INL_H_
#endif

#include "arith/exp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

class Tanh {
 public:
  HWY_INLINE Tanh()
      : exp_(Set(kLog2EHigh), Set(kLog2ELow), Set(0.0f), Set(-80.0f)) {}

  // Up to |t| = 9/16, the result is t + t^3 P(t^2), minimax with an error of
  // 0.02 u. Above, it is 1 - 2 e / (1 + e) with e = exp(-2 |t|), whose
  // subtraction cancels no bits. NaN gives NaN.
  HWY_INLINE VF operator()(VF t) const {
    const VF s = hn::Mul(t, t);
    VF p = Set(-0x1.950018p-8f);
    p = Fma(p, s, Set(0x1.582fb0p-6f));
    p = Fma(p, s, Set(-0x1.b90946p-5f));
    p = Fma(p, s, Set(0x1.110c72p-3f));
    p = Fma(p, s, Set(-0x1.555548p-2f));
    const VF small = Fma(hn::Mul(t, s), p, t);
    const VF e = Decay(t);
    const VF one = Set(1.0f);
    const VF large = hn::Sub(one, hn::Div(hn::Add(e, e), hn::Add(one, e)));
    const auto is_small = hn::Lt(hn::Abs(t), Set(0.5625f));
    return hn::IfThenElse(is_small, small, hn::CopySign(large, t));
  }

  // 1 - tanh(t)^2, computed as 4 e / (1 + e)^2, which has no subtraction.
  HWY_INLINE VF Derivative(VF t) const {
    const VF e = Decay(t);
    const VF sum = hn::Add(Set(1.0f), e);
    const VF quotient = hn::Div(hn::Add(e, e), hn::Mul(sum, sum));
    return hn::Add(quotient, quotient);
  }

 private:
  // exp(-2 |t|).
  HWY_INLINE VF Decay(VF t) const {
    const VF magnitude = hn::Abs(t);
    const VF twice = hn::Add(magnitude, magnitude);
    return hn::Mul(exp_(hn::Neg(twice)),
                   Set(static_cast<float>(kOverSoftmaxFactor)));
  }

  SoftmaxExp exp_;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_TANH_INL_H_
