// SPDX-License-Identifier: Apache-2.0

// Conversions of kHalfStep elements by SSE2: see half-inl.h.

#if defined(SOFTLANE_LIB_ARITH_SSE2_HALF_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_SSE2_HALF_INL_H_
#undef SOFTLANE_LIB_ARITH_SSE2_HALF_INL_H_
#else
#define SOFTLANE_LIB_ARITH_SSE2_HALF_INL_H_
#endif

#include "arith/vector-inl.h"
#include "softlane/types.h"

#if HWY_ARCH_X86_64 && HWY_TARGET != HWY_AVX2 && HWY_TARGET != HWY_AVX3
#include <emmintrin.h>

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

constexpr size_t kHalfStep = 8;

HWY_INLINE __m128i Choose(__m128i mask, __m128i yes, __m128i no) {
  return _mm_or_si128(_mm_and_si128(mask, yes), _mm_andnot_si128(mask, no));
}
// Puts 16 bits of `upper` above 16 bits of `lower`, each eight times.
HWY_INLINE __m128 LowerFour(__m128i upper, __m128i lower) {
  return _mm_castsi128_ps(_mm_unpacklo_epi16(lower, upper));
}
HWY_INLINE __m128 UpperFour(__m128i upper, __m128i lower) {
  return _mm_castsi128_ps(_mm_unpackhi_epi16(lower, upper));
}

HWY_INLINE void Step(const BFloat16* from, float* to) {
  const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  const __m128i zero = _mm_setzero_si128();
  _mm_storeu_ps(to, LowerFour(v, zero));
  _mm_storeu_ps(to + 4, UpperFour(v, zero));
}
// A subnormal number gets the exponent of 2^-14, which makes it too large by
// 2^-14. So 2^-14 is subtracted in float. From other numbers +0 is subtracted,
// which makes NaN quiet.
HWY_INLINE void Step(const Float16* from, float* to) {
  const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  const __m128i magnitude = _mm_and_si128(v, _mm_set1_epi16(0x7FFF));
  const __m128i sign = _mm_xor_si128(v, magnitude);
  const __m128i is_subnormal =
      _mm_cmpgt_epi16(_mm_set1_epi16(0x400), magnitude);
  const __m128i is_special = _mm_cmpgt_epi16(magnitude, _mm_set1_epi16(0x7BFF));
  // The exponent's bias grows by 112; infinity's exponent grows by 224.
  const __m128i bias = _mm_set1_epi16(112 << 7);
  const __m128i excess = _mm_and_si128(is_subnormal, _mm_set1_epi16(113 << 7));
  const __m128i more =
      _mm_or_si128(_mm_and_si128(is_special, bias),
                   _mm_and_si128(is_subnormal, _mm_set1_epi16(1 << 7)));
  const __m128i upper =
      _mm_add_epi16(_mm_srli_epi16(magnitude, 3), _mm_add_epi16(bias, more));
  const __m128i lower = _mm_slli_epi16(magnitude, 13);
  const __m128i zero = _mm_setzero_si128();
  _mm_storeu_ps(to, _mm_or_ps(LowerFour(sign, zero),
                              _mm_sub_ps(LowerFour(upper, lower),
                                         LowerFour(excess, zero))));
  _mm_storeu_ps(to + 4, _mm_or_ps(UpperFour(sign, zero),
                                  _mm_sub_ps(UpperFour(upper, lower),
                                             UpperFour(excess, zero))));
}

// In 32 bits each, with the sign in the upper 17 bits.
HWY_INLINE __m128i Convert(BFloat16, __m128 v) {
  const __m128i bits = _mm_castps_si128(v);
  const __m128i odd =
      _mm_and_si128(_mm_srli_epi32(bits, 16), _mm_set1_epi32(1));
  const __m128i rounded =
      _mm_add_epi32(bits, _mm_add_epi32(odd, _mm_set1_epi32(0x7FFF)));
  const __m128i quiet = _mm_or_si128(bits, _mm_set1_epi32(0x400000));
  const __m128i is_nan = _mm_castps_si128(_mm_cmpunord_ps(v, v));
  return _mm_srai_epi32(Choose(is_nan, quiet, rounded), 16);
}
HWY_INLINE __m128i Convert(Float16, __m128 v) {
  const __m128 sign = _mm_and_ps(v, _mm_set1_ps(-0.0f));
  const __m128 any = _mm_xor_ps(v, sign);
  const __m128i is_nan = _mm_castps_si128(_mm_cmpunord_ps(v, v));
  const __m128i payload = _mm_or_si128(
      _mm_srli_epi32(_mm_castps_si128(any), 13), _mm_set1_epi32(0x200));
  // 2^16 becomes infinity. NaN becomes 2^16, too.
  const __m128 magnitude = _mm_min_ps(any, _mm_set1_ps(0x1p16f));
  // The last bit of 0.5 is that of a subnormal number.
  const __m128 half = _mm_set1_ps(0.5f);
  const __m128i subnormal = _mm_sub_epi32(
      _mm_castps_si128(_mm_add_ps(magnitude, half)), _mm_castps_si128(half));
  const __m128i bits = _mm_castps_si128(magnitude);
  const __m128i odd =
      _mm_and_si128(_mm_srli_epi32(bits, 13), _mm_set1_epi32(1));
  const __m128i bias = _mm_set1_epi32(0xFFF - (112 << 23));
  const __m128i normal =
      _mm_srli_epi32(_mm_add_epi32(bits, _mm_add_epi32(odd, bias)), 13);
  const __m128i is_subnormal = _mm_cmplt_epi32(bits, _mm_set1_epi32(113 << 23));
  const __m128i number = Choose(is_subnormal, subnormal, normal);
  const __m128i nan = _mm_and_si128(_mm_srli_epi32(is_nan, 22), payload);
  return _mm_or_si128(_mm_or_si128(number, nan),
                      _mm_srai_epi32(_mm_castps_si128(sign), 16));
}
template <class Half>
HWY_INLINE void Step(const float* from, Half* to) {
  const __m128i v = _mm_packs_epi32(Convert(Half(), _mm_loadu_ps(from)),
                                    Convert(Half(), _mm_loadu_ps(from + 4)));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), v);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_ARITH_SSE2_HALF_INL_H_
