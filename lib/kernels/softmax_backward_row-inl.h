// SPDX-License-Identifier: Apache-2.0

// The arithmetic of softmax's backward pass, of which every schedule has the
// bits.

#if defined(SOFTLANE_LIB_KERNELS_SOFTMAX_BACKWARD_ROW_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SOFTMAX_BACKWARD_ROW_INL_H_
#undef SOFTLANE_LIB_KERNELS_SOFTMAX_BACKWARD_ROW_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SOFTMAX_BACKWARD_ROW_INL_H_
#endif

#include "arith/sum-inl.h"
#include "arith/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// p * dp.
struct DotTerms {
  HWY_INLINE Four FourOf(size_t i) const {
    return {One(i), One(i + 16), One(i + 32), One(i + 48)};
  }
  HWY_INLINE VF One(size_t i) const {
    return hn::Mul(Load(p + i), Load(dp + i));
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF zero = Set(0.0f);
    return hn::Mul(LoadFirst(p + i, count, zero),
                   LoadFirst(dp + i, count, zero));
  }

  const float* p;
  const float* dp;
};

// scale * p * (dp - dot). The difference comes before the product with p, so
// that a probability of 1 gets exactly 0. It is taken of halves, which cannot
// overflow where p = 0 must give a zero; the product is doubled at the end.
HWY_INLINE VF Gradient(VF p, VF dp, VF minus_half_dot, VF scale) {
  const VF half_difference = Fma(dp, Set(0.5f), minus_half_dot);
  const VF product = hn::Mul(hn::Mul(p, scale), half_difference);
  return hn::Add(product, product);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_SOFTMAX_BACKWARD_ROW_INL_H_
