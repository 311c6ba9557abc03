// SPDX-License-Identifier: Apache-2.0

// Pairs of vectors of floats from and to half types in memory. The elements of
// a pair may be in any order, which saves instructions where the order does not
// matter.

#if defined(SOFTLANE_LIB_ARITH_HALF_PAIRS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_HALF_PAIRS_INL_H_
#undef SOFTLANE_LIB_ARITH_HALF_PAIRS_INL_H_
#else
#define SOFTLANE_LIB_ARITH_HALF_PAIRS_INL_H_
#endif

#include "arith/half_vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Two vectors have 2 * kLanes elements, each in the same place of all pairs.

#if HWY_TARGET == HWY_AVX3

// The even elements, and the odd ones: a word has one of each.
HWY_INLINE Two LoadPair(const BFloat16* from) {
  const __m512i v = _mm512_loadu_si512(from);
  const __m512i odd = _mm512_and_si512(v, _mm512_set1_epi32(~0xFFFF));
  return {VF{_mm512_castsi512_ps(_mm512_slli_epi32(v, 16))},
          VF{_mm512_castsi512_ps(odd)}};
}
HWY_INLINE Two LoadPair(const Float16* from) {
  return {LoadHalf(from), LoadHalf(from + kLanes)};
}
// To nearest even: the upper halves of all elements rise by 1 where the lower
// halves are above 0x8000, or equal and the upper half is odd. The lower half
// of NaN must be 0, as it is if all inputs are of this type.
HWY_INLINE __m512i PairToHalves(const Two& v, BFloat16) {
  constexpr __mmask32 kOdd = 0xAAAAAAAA;
  const __m512i a = _mm512_castps_si512(v.a.raw);
  const __m512i b = _mm512_castps_si512(v.b.raw);
  const __m512i upper =
      _mm512_mask_blend_epi16(kOdd, _mm512_srli_epi32(a, 16), b);
  const __m512i lower =
      _mm512_mask_blend_epi16(kOdd, a, _mm512_slli_epi32(b, 16));
  const __m512i is_even = _mm512_andnot_si512(upper, _mm512_set1_epi16(1));
  return _mm512_add_epi16(
      upper, _mm512_srli_epi16(_mm512_subs_epu16(lower, is_even), 15));
}
HWY_INLINE __m512i PairToHalves(const Two& v, Float16) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(Convert(Float16(), v.a.raw)),
                            Convert(Float16(), v.b.raw), 1);
}
// Stores past the caches or not. For stores past the caches, `to` is aligned to
// both vectors.
template <class Half>
HWY_INLINE void StorePair(const Two& v, Half* to, bool is_streamed) {
  const __m512i halves = PairToHalves(v, Half());
  if (is_streamed) {
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to), halves);
  } else {
    _mm512_storeu_si512(to, halves);
  }
}

#elif HWY_TARGET == HWY_AVX2

// The even elements, and the odd elements. A word has one of each.
HWY_INLINE VF LoadEven(const BFloat16* from) {
  const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  return VF{_mm256_castsi256_ps(_mm256_slli_epi32(v, 16))};
}
HWY_INLINE VF LoadOdd(const BFloat16* from) {
  const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  return VF{
      _mm256_castsi256_ps(_mm256_and_si256(v, _mm256_set1_epi32(~0xFFFF)))};
}
HWY_INLINE Two LoadPair(const BFloat16* from) {
  return {LoadEven(from), LoadOdd(from)};
}
HWY_INLINE Two LoadPair(const Float16* from) {
  return {LoadHalf(from), LoadHalf(from + kLanes)};
}
// Joins two vectors of words, which have the even and the odd elements in their
// upper halves.
HWY_INLINE __m256i JoinedWords(__m256i even, __m256i odd) {
  return _mm256_blend_epi16(_mm256_srli_epi32(even, 16), odd, 0xAA);
}
// As with AVX-512.
HWY_INLINE __m256i PairToHalves(const Two& v, BFloat16) {
  const __m256i a = _mm256_castps_si256(v.a.raw);
  const __m256i b = _mm256_castps_si256(v.b.raw);
  const __m256i upper = JoinedWords(a, b);
  const __m256i lower = _mm256_blend_epi16(a, _mm256_slli_epi32(b, 16), 0xAA);
  const __m256i is_even = _mm256_andnot_si256(upper, _mm256_set1_epi16(1));
  return _mm256_add_epi16(
      upper, _mm256_srli_epi16(_mm256_subs_epu16(lower, is_even), 15));
}
HWY_INLINE __m256i PairToHalves(const Two& v, Float16) {
  return _mm256_set_m128i(Convert(Float16(), v.b.raw),
                          Convert(Float16(), v.a.raw));
}
// Stores past the caches or not. For stores past the caches, `to` is aligned.
template <class Half>
HWY_INLINE void StorePair(const Two& v, Half* to, bool is_streamed) {
  const __m256i halves = PairToHalves(v, Half());
  if (is_streamed) {
    _mm256_stream_si256(reinterpret_cast<__m256i*>(to), halves);
  } else {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), halves);
  }
}

#elif HWY_ARCH_ARM_A64

template <class Half>
HWY_INLINE Two LoadPair(const Half* from) {
  return {LoadHalf(from), LoadHalf(from + kLanes)};
}
template <class Half>
HWY_INLINE void StorePair(const Two& v, Half* to, bool) {
  const uint16x8_t halves =
      vcombine_u16(Convert(Half(), v.a.raw), Convert(Half(), v.b.raw));
  vst1q_u8(reinterpret_cast<uint8_t*>(to), vreinterpretq_u8_u16(halves));
}

#endif

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3

// With kInWords, the pair has the order of LoadPair; else elements are in
// order.
template <bool kInWords, class Half>
HWY_INLINE Two LoadTwo(const Half* from) {
  if constexpr (kInWords) return LoadPair(from);
  return {LoadHalf(from), LoadHalf(from + kLanes)};
}

// The elements are usual numbers: see half_vectors-inl.h. With kInWords, the
// pair has the order of LoadPair.
template <bool kInWords, class Out>
HWY_INLINE void StoreUsual(const Two& v, Out* to) {
#if HWY_TARGET == HWY_AVX2
  if constexpr (kInWords) {
    const __m256i even = _mm256_castps_si256(RoundedUsual(v.a).raw);
    const __m256i odd = _mm256_castps_si256(RoundedUsual(v.b).raw);
    return _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                               JoinedWords(even, odd));
  }
#endif
  StoreUsual(v, to);
}

#endif

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64

template <class Half>
HWY_INLINE Four LoadPairs(const Half* from) {
  const Two a = LoadPair(from), b = LoadPair(from + 2 * kLanes);
  return {a.a, a.b, b.a, b.b};
}
template <class Half>
HWY_INLINE void StorePairs(const Four& v, Half* to, bool is_streamed) {
  StorePair({v.a, v.b}, to, is_streamed);
  StorePair({v.c, v.d}, to + 2 * kLanes, is_streamed);
}

#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_HALF_PAIRS_INL_H_
