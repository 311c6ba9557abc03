// SPDX-License-Identifier: Apache-2.0

// A vector of numbers of a half type, for passes that convert on the way: AVX2
// and AVX-512.

#if defined(SOFTLANE_LIB_ARITH_HALF_VECTORS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_HALF_VECTORS_INL_H_
#undef SOFTLANE_LIB_ARITH_HALF_VECTORS_INL_H_
#else
#define SOFTLANE_LIB_ARITH_HALF_VECTORS_INL_H_
#endif

#include "arith/half-inl.h"
#include "arith/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_AVX3

template <class Half>
HWY_INLINE VF LoadHalf(const Half* from) {
  return VF{Convert(
      Half(), _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)))};
}
HWY_INLINE void StoreUsual(VF v, Float16* to) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                      Convert(Float16(), v.raw));
}
// The upper half of each 32 bits.
HWY_INLINE void StoreUpper(hn::VFromD<I32> v, BFloat16* to) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                      _mm512_cvtepi32_epi16(_mm512_srli_epi32(v.raw, 16)));
}

#elif HWY_TARGET == HWY_AVX2

HWY_INLINE VF LoadHalf(const BFloat16* from) {
  // A shuffle of bytes takes the place of two instructions.
  const __m256i v = _mm256_broadcastsi128_si256(
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  const __m256i places = _mm256_setr_epi8(
      -1, -1, 0, 1, -1, -1, 2, 3, -1, -1, 4, 5, -1, -1, 6, 7, -1, -1, 8, 9, -1,
      -1, 10, 11, -1, -1, 12, 13, -1, -1, 14, 15);
  return VF{_mm256_castsi256_ps(_mm256_shuffle_epi8(v, places))};
}
HWY_INLINE VF LoadHalf(const Float16* from) {
  return VF{
      _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)))};
}
HWY_INLINE void StoreUsual(VF v, Float16* to) {
  _mm_storeu_si128(
      reinterpret_cast<__m128i*>(to),
      _mm256_cvtps_ph(v.raw, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
// The upper half of each 32 bits.
HWY_INLINE void StoreUpper(hn::VFromD<I32> v, BFloat16* to) {
  const __m256i halves = _mm256_srli_epi32(v.raw, 16);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                   _mm_packus_epi32(_mm256_castsi256_si128(halves),
                                    _mm256_extracti128_si256(halves, 1)));
}

#endif

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3

// The halves of two vectors of floats, 16 bits each. Their order is that of
// instructions that pack and unpack within 128 bits.
HWY_INLINE void SplitTwo(VF a, VF b, BFloat16* upper, BFloat16* lower) {
  const auto a_bits = hn::BitCast(I32(), a), b_bits = hn::BitCast(I32(), b);
  const auto low = hn::Set(I32(), 0xFFFF);
  const auto a_upper = hn::BitCast(
      I32(), hn::ShiftRight<16>(hn::BitCast(hn::RebindToUnsigned<I32>(), a)));
  const auto b_upper = hn::BitCast(
      I32(), hn::ShiftRight<16>(hn::BitCast(hn::RebindToUnsigned<I32>(), b)));
  const auto a_lower = hn::And(a_bits, low), b_lower = hn::And(b_bits, low);
#if HWY_TARGET == HWY_AVX3
  _mm512_storeu_si512(upper, _mm512_packus_epi32(a_upper.raw, b_upper.raw));
  _mm512_storeu_si512(lower, _mm512_packus_epi32(a_lower.raw, b_lower.raw));
#else
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(upper),
                      _mm256_packus_epi32(a_upper.raw, b_upper.raw));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(lower),
                      _mm256_packus_epi32(a_lower.raw, b_lower.raw));
#endif
}
HWY_INLINE Two JoinTwo(const BFloat16* upper, const BFloat16* lower) {
#if HWY_TARGET == HWY_AVX3
  const __m512i u = _mm512_loadu_si512(upper), l = _mm512_loadu_si512(lower);
  return {VF{_mm512_castsi512_ps(_mm512_unpacklo_epi16(l, u))},
          VF{_mm512_castsi512_ps(_mm512_unpackhi_epi16(l, u))}};
#else
  const __m256i u = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(upper));
  const __m256i l = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(lower));
  return {VF{_mm256_castsi256_ps(_mm256_unpacklo_epi16(l, u))},
          VF{_mm256_castsi256_ps(_mm256_unpackhi_epi16(l, u))}};
#endif
}

// For 0, and for numbers from 2^-126 to 2^100: Veltkamp's splitting into 8 bits
// and 16 gives the nearest number of 8 bits, and of two the even number. All
// such floats were compared.
HWY_INLINE void StoreUsual(VF v, BFloat16* to) {
  const VF t = hn::Mul(v, Set(65537.0f));
  StoreUpper(hn::BitCast(I32(), hn::Sub(t, hn::Sub(t, v))), to);
}

#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_HALF_VECTORS_INL_H_
