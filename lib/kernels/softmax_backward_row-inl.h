// SPDX-License-Identifier: Apache-2.0

// The arithmetic of softmax's backward pass. Every schedule gives the same
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

// v, but in attention (kIsKept) +0 for a key with p = 0, whatever v is.
template <bool kIsKept>
HWY_INLINE VF OfKey(VF p, VF v) {
  if constexpr (!kIsKept) return v;
  return hn::IfThenZeroElse(hn::Eq(p, Set(0.0f)), v);
}

// The terms p * dp of the dot product.
template <bool kIsKept>
struct Products {
  HWY_INLINE Four FourOf(size_t i) const {
    return {One(i), One(i + 16), One(i + 32), One(i + 48)};
  }
  HWY_INLINE VF One(size_t i) const {
    const VF v = Load(p + i);
    return OfKey<kIsKept>(v, hn::Mul(v, Load(dp + i)));
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF zero = Set(0.0f);
    const VF v = LoadFirst(p + i, count, zero);
    return OfKey<kIsKept>(v, hn::Mul(v, LoadFirst(dp + i, count, zero)));
  }

  const float* p;
  const float* dp;
};
using DotTerms = Products<false>;

HWY_INLINE float MinusHalf(double dot) {
  return static_cast<float>(-0.5 * dot);
}

// scale * p * (dp - dot). The difference comes before the product with p, so
// that a probability of 1 gets exactly 0. Halves are subtracted, because their
// difference cannot overflow. So p = 0 gives a zero. The product is doubled at
// the end.
HWY_INLINE VF Gradient(VF p, VF dp, VF minus_half_dot, VF scale) {
  const VF half_difference = Fma(dp, Set(0.5f), minus_half_dot);
  const VF product = hn::Mul(hn::Mul(p, scale), half_difference);
  return hn::Add(product, product);
}

// One scale for all elements, or a scale for each.
struct OneScale {
  HWY_INLINE VF One(size_t) const { return scale; }
  HWY_INLINE VF First(size_t, size_t) const { return scale; }

  VF scale;
};
struct ScaleRow {
  HWY_INLINE VF One(size_t i) const { return Load(scales + i); }
  HWY_INLINE VF First(size_t i, size_t) const { return One(i); }

  const float* scales;  // the memory has whole vectors
};

// The gradients of a row.
template <bool kIsKept, class Scale>
struct Gradients {
  HWY_INLINE Gradients(const float* p, const float* dp, float minus_half_dot,
                       const Scale& scale)
      : p(p), dp(dp), minus_half_dot(Set(minus_half_dot)), scale(scale) {}

  HWY_INLINE Four FourOf(size_t i, size_t step = kLanes) const {
    const Four scales{scale.One(i), scale.One(i + step),
                      scale.One(i + 2 * step), scale.One(i + 3 * step)};
    return Map([&](VF p, VF dp, VF scale) HWY_ATTR { return Of(p, dp, scale); },
               LoadFour(p + i, step), LoadFour(dp + i, step), scales);
  }
  HWY_INLINE VF One(size_t i) const {
    return Of(Load(p + i), Load(dp + i), scale.One(i));
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF zero = Set(0.0f);
    return Of(LoadFirst(p + i, count, zero), LoadFirst(dp + i, count, zero),
              scale.First(i, count));
  }

  HWY_INLINE VF Of(VF p, VF dp, VF scale) const {
    return OfKey<kIsKept>(p, Gradient(p, dp, minus_half_dot, scale));
  }

  const float* p;
  const float* dp;
  VF minus_half_dot;
  Scale scale;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_SOFTMAX_BACKWARD_ROW_INL_H_
