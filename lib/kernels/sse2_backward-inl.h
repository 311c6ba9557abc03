// SPDX-License-Identifier: Apache-2.0

// The passes of softmax_backward_row-inl.h by SSE2, with their bits.

#if defined(SOFTLANE_LIB_KERNELS_SSE2_BACKWARD_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SSE2_BACKWARD_INL_H_
#undef SOFTLANE_LIB_KERNELS_SSE2_BACKWARD_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SSE2_BACKWARD_INL_H_
#endif

#include "arith/sse2-inl.h"
#include "arith/sse2_sum-inl.h"
#include "kernels/softmax_backward_row-inl.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// v, but in attention +0 for a key with p = 0, whatever v is.
template <bool kIsKept>
HWY_INLINE __m128 WideOfKey(__m128 p, __m128 v) {
  if constexpr (!kIsKept) return v;
  return _mm_andnot_ps(_mm_cmpeq_ps(p, _mm_setzero_ps()), v);
}

// p * dp, from an element on.
template <bool kIsKept>
struct WideProducts {
  HWY_INLINE WideProducts operator+(size_t i) const { return {p + i, dp + i}; }
  HWY_INLINE __m128 Load() const {
    return Of(_mm_loadu_ps(p), _mm_loadu_ps(dp));
  }
  // The first `count` of four terms, and +0 in the other lanes.
  HWY_INLINE __m128 First(size_t count) const {
    return Of(LoadSome(p, count, 0.0f), LoadSome(dp, count, 0.0f));
  }
  static HWY_INLINE __m128 Of(__m128 p, __m128 dp) {
    return WideOfKey<kIsKept>(p, _mm_mul_ps(p, dp));
  }

  const float* p;
  const float* dp;
};

// Gradient of softmax_backward_row-inl.h. Its FMA is dp / 2 + m for m = -dot /
// 2. Here it is a product and a sum of floats with the same bits, because only
// the sum is rounded: dp / 2 is exact, or so tiny that it changes no m of
// 2^-100 or more. With a smaller m, the sum dp + 2 m is rounded and then
// halved: 2 m is exact, and either the half or the sum is exact, too.
HWY_INLINE bool IsTinyHalf(float m) { return -0x1p-100f < m && m < 0x1p-100f; }
template <bool kIsKept, bool kIsTiny>
class WideGradients {
 public:
  HWY_INLINE explicit WideGradients(float m)
      : addend_(_mm_set1_ps(kIsTiny ? 2.0f * m : m)) {}

  HWY_INLINE __m128 operator()(__m128 p, __m128 dp, __m128 scale) const {
    const __m128 half = _mm_set1_ps(0.5f);
    const __m128 half_difference =
        kIsTiny ? _mm_mul_ps(_mm_add_ps(dp, addend_), half)
                : _mm_add_ps(_mm_mul_ps(dp, half), addend_);
    const __m128 product = _mm_mul_ps(_mm_mul_ps(p, scale), half_difference);
    return WideOfKey<kIsKept>(p, _mm_add_ps(product, product));
  }

 private:
  __m128 addend_;
};

// The gradients of a row. Each has a scale of its own, in `scales`; if that is
// null, it is `scale`. dx may be p or dp.
template <bool kIsKept, bool kIsTiny>
HWY_NOINLINE void WriteWideBy(float m, float scale, const float* scales,
                              const float* p, const float* dp, float* dx,
                              size_t n) {
  const WideGradients<kIsKept, kIsTiny> gradients(m);
  const __m128 one_scale = _mm_set1_ps(scale);
  const auto at = [&](size_t i) HWY_ATTR {
    return gradients(_mm_loadu_ps(p + i), _mm_loadu_ps(dp + i),
                     scales != nullptr ? _mm_loadu_ps(scales + i) : one_scale);
  };
  size_t i = 0;
  for (; !kIsTiny && n - i >= 8; i += 8) {
    const __m128 first = at(i);
    const __m128 second = at(i + 4);
    _mm_storeu_ps(dx + i, first);
    _mm_storeu_ps(dx + i + 4, second);
  }
  for (; i < n; i += 4) {
    const size_t rest = n - i;
    if (rest >= 4) {
      _mm_storeu_ps(dx + i, at(i));
      continue;
    }
    const __m128 v = gradients(
        LoadSome(p + i, rest, 0.0f), LoadSome(dp + i, rest, 0.0f),
        scales != nullptr ? LoadSome(scales + i, rest, 0.0f) : one_scale);
    StoreSome4(dx + i, v, rest);
  }
}
template <bool kIsKept>
HWY_INLINE void WriteWide(double dot, float scale, const float* scales,
                          const float* p, const float* dp, float* dx,
                          size_t n) {
  const float m = MinusHalf(dot);
  const auto write = HWY_UNLIKELY(IsTinyHalf(m)) ? &WriteWideBy<kIsKept, true>
                                                 : &WriteWideBy<kIsKept, false>;
  write(m, scale, scales, p, dp, dx, n);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_KERNELS_SSE2_BACKWARD_INL_H_
