// SPDX-License-Identifier: Apache-2.0

// Loads and stores vectors of a half type, for passes that convert in
// registers. Targets without instructions for the conversion do not have them.
//
// A usual number is 0 or has a magnitude from 2^-126 to 2^111.

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

#elif HWY_TARGET == HWY_AVX2

HWY_INLINE VF LoadHalf(const BFloat16* from) {
  // One shuffle of bytes replaces two instructions.
  const __m256i v = _mm256_broadcastsi128_si256(
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  const __m256i places = _mm256_setr_epi8(
      -1, -1, 0, 1, -1, -1, 2, 3, -1, -1, 4, 5, -1, -1, 6, 7, -1, -1, 8, 9, -1,
      -1, 10, 11, -1, -1, 12, 13, -1, -1, 14, 15);
  return VF{_mm256_castsi256_ps(_mm256_shuffle_epi8(v, places))};
}
HWY_INLINE VF LoadHalf(const Float16* from) {
  return VF{Convert(Float16(),
                    _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)))};
}
HWY_INLINE void StoreUsual(VF v, Float16* to) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), Convert(Float16(), v.raw));
}

#elif HWY_ARCH_ARM_A64

HWY_INLINE uint16x4_t LoadFourBits(const void* from) {
  return vreinterpret_u16_u8(vld1_u8(static_cast<const uint8_t*>(from)));
}
HWY_INLINE VF LoadHalf(const BFloat16* from) {
  return VF(vreinterpretq_f32_u32(vshll_n_u16(LoadFourBits(from), 16)));
}
HWY_INLINE VF LoadHalf(const Float16* from) {
  return VF(vcvt_f32_f16(vreinterpret_f16_u16(LoadFourBits(from))));
}

#endif

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3

// A usual number rounded to the 8 bits of bfloat16, to nearest even. 65535 v,
// rounded to 24 bits, is 65536 v minus the multiple of v's last bit in bfloat16
// that is nearest to v. 65537 v would not serve, because it may have one more
// binary digit. All such floats were compared. NaN becomes quiet.
HWY_INLINE VF RoundedUsual(VF v) {
  const VF factor = Set(0x1p16f);
  return hn::MulSub(v, factor, hn::MulSub(v, factor, v));
}

HWY_INLINE void StoreUsual(const Two& v, float* to) {
  Store(v.a, to);
  Store(v.b, to + kLanes);
}
HWY_INLINE void StoreUsual(const Two& v, Float16* to) {
  StoreUsual(v.a, to);
  StoreUsual(v.b, to + kLanes);
}
HWY_INLINE void StoreUsual(const Two& v, BFloat16* to) {
  const VF a = RoundedUsual(v.a), b = RoundedUsual(v.b);
#if HWY_TARGET == HWY_AVX3
  _mm512_storeu_si512(
      to, UpperHalves(_mm512_castps_si512(a.raw), _mm512_castps_si512(b.raw)));
#else
  _mm256_storeu_si256(
      reinterpret_cast<__m256i*>(to),
      UpperHalves(_mm256_castps_si256(a.raw), _mm256_castps_si256(b.raw)));
#endif
}

// Stores the upper and the lower halves of two vectors of floats, 16 bits each.
// Halves of the first and of the second vector alternate.
HWY_INLINE void SplitTwo(const Two& v, BFloat16* upper, BFloat16* lower) {
#if HWY_TARGET == HWY_AVX3
  const __m512i a = _mm512_castps_si512(v.a.raw);
  const __m512i b = _mm512_castps_si512(v.b.raw);
  constexpr __mmask32 kOdd = 0xAAAAAAAA;
  _mm512_storeu_si512(
      upper, _mm512_mask_blend_epi16(kOdd, _mm512_srli_epi32(a, 16), b));
  _mm512_storeu_si512(
      lower, _mm512_mask_blend_epi16(kOdd, a, _mm512_slli_epi32(b, 16)));
#else
  const __m256i a = _mm256_castps_si256(v.a.raw);
  const __m256i b = _mm256_castps_si256(v.b.raw);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(upper),
                      _mm256_blend_epi16(_mm256_srli_epi32(a, 16), b, 0xAA));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(lower),
                      _mm256_blend_epi16(a, _mm256_slli_epi32(b, 16), 0xAA));
#endif
}
HWY_INLINE Two JoinTwo(const BFloat16* upper, const BFloat16* lower) {
#if HWY_TARGET == HWY_AVX3
  const __m512i u = _mm512_loadu_si512(upper), l = _mm512_loadu_si512(lower);
  constexpr __mmask32 kOdd = 0xAAAAAAAA;
  const __m512i a = _mm512_mask_blend_epi16(kOdd, l, _mm512_slli_epi32(u, 16));
  const __m512i b = _mm512_mask_blend_epi16(kOdd, _mm512_srli_epi32(l, 16), u);
  return {VF{_mm512_castsi512_ps(a)}, VF{_mm512_castsi512_ps(b)}};
#else
  const __m256i u = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(upper));
  const __m256i l = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(lower));
  const __m256i a = _mm256_blend_epi16(l, _mm256_slli_epi32(u, 16), 0xAA);
  const __m256i b = _mm256_blend_epi16(_mm256_srli_epi32(l, 16), u, 0xAA);
  return {VF{_mm256_castsi256_ps(a)}, VF{_mm256_castsi256_ps(b)}};
#endif
}

#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_HALF_VECTORS_INL_H_
