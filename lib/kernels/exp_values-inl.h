// SPDX-License-Identifier: Apache-2.0

// The exp values of a row, as the terms of a sum.

#if defined(SOFTLANE_LIB_KERNELS_EXP_VALUES_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_EXP_VALUES_INL_H_
#undef SOFTLANE_LIB_KERNELS_EXP_VALUES_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_EXP_VALUES_INL_H_
#endif

#include "arith/exp-inl.h"
#include "arith/vector-inl.h"
#include "kernels/logits-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Exp values that are also written.
struct ExpValues {
  HWY_INLINE Four FourOf(size_t i) const {
    const Four result = Exp(logits.FourOf(i));
    StoreFour(result, y + i, 16);
    return result;
  }
  HWY_INLINE VF One(size_t i) const {
    const VF result = Exp(logits.One(i));
    Store(result, y + i);
    return result;
  }
  // The other lanes have logits of -inf, whose exp value is +0.
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF result = Exp(logits.First(i, count));
    StoreFirst(result, y + i, count);
    return result;
  }
  template <class V>
  HWY_INLINE V Exp(const V& logits) const {
    return exp(logits);
  }

  const SoftmaxExp& exp;
  const PlainLogits& logits;
  float* y;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_EXP_VALUES_INL_H_
