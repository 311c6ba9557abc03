// SPDX-License-Identifier: Apache-2.0

// Vectors of floats from and to half types in memory, one by one or in pairs,
// on targets that have instructions for it. The elements of a pair may be in
// any order, which saves instructions where the order does not matter.

#if defined(SOFTLANE_LIB_ARITH_HALF_PAIRS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_HALF_PAIRS_INL_H_
#undef SOFTLANE_LIB_ARITH_HALF_PAIRS_INL_H_
#else
#define SOFTLANE_LIB_ARITH_HALF_PAIRS_INL_H_
#endif

#include "arith/half-inl.h"
#include "arith/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// 2 * kLanes elements, in any order, but each in the same place of all pairs.
struct VectorPair {
  VF first, second;
};

#if HWY_TARGET == HWY_AVX3

template <class Half>
HWY_INLINE VF LoadHalves(const Half* from) {
  return VF{Convert(
      Half(), _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)))};
}
template <class Half>
HWY_INLINE void StoreHalves(VF v, Half* to) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), Convert(Half(), v.raw));
}

template <class Half>
HWY_INLINE VectorPair LoadPair(const Half* from) {
  return {LoadHalves(from), LoadHalves(from + kLanes)};
}
// Past the caches or not. `to` is aligned to both vectors if so.
template <class Half>
HWY_INLINE void StorePair(const VectorPair& v, Half* to, bool is_streamed) {
  const __m512i halves =
      _mm512_inserti64x4(_mm512_castsi256_si512(Convert(Half(), v.first.raw)),
                         Convert(Half(), v.second.raw), 1);
  if (is_streamed) {
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to), halves);
  } else {
    _mm512_storeu_si512(to, halves);
  }
}

#elif HWY_TARGET == HWY_AVX2

HWY_INLINE __m256 Convert(BFloat16, __m128i v) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(v), 16));
}
HWY_INLINE __m256 Convert(Float16, __m128i v) { return _mm256_cvtph_ps(v); }
// The upper halves of 32 bits, rounded; for numbers.
HWY_INLINE __m256i RoundNumbers(__m256 v) {
  const __m256i bits = _mm256_castps_si256(v);
  const __m256i odd =
      _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  return _mm256_add_epi32(bits,
                          _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF)));
}
// The same with NaN.
HWY_INLINE __m256i Round(__m256 v) {
  const __m256i quiet =
      _mm256_or_si256(_mm256_castps_si256(v), _mm256_set1_epi32(0x400000));
  const __m256i is_nan = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
  return _mm256_blendv_epi8(RoundNumbers(v), quiet, is_nan);
}
HWY_INLINE __m128i Convert(BFloat16, __m256 v) {
  const __m256i any = _mm256_srli_epi32(Round(v), 16);
  return _mm_packus_epi32(_mm256_castsi256_si128(any),
                          _mm256_extracti128_si256(any, 1));
}
HWY_INLINE __m128i Convert(Float16, __m256 v) {
  return _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
template <class Half>
HWY_INLINE VF LoadHalves(const Half* from) {
  return VF{
      Convert(Half(), _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)))};
}
template <class Half>
HWY_INLINE void StoreHalves(VF v, Half* to) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), Convert(Half(), v.raw));
}

HWY_INLINE VectorPair LoadPair(const Float16* from) {
  return {LoadHalves(from), LoadHalves(from + kLanes)};
}
// Past the caches or not. `to` is aligned if so.
HWY_INLINE void StorePair(__m256i halves, void* to, bool is_streamed) {
  if (is_streamed) {
    _mm256_stream_si256(static_cast<__m256i*>(to), halves);
  } else {
    _mm256_storeu_si256(static_cast<__m256i*>(to), halves);
  }
}
HWY_INLINE void StorePair(const VectorPair& v, Float16* to, bool is_streamed) {
  const __m256i halves = _mm256_set_m128i(Convert(Float16(), v.second.raw),
                                          Convert(Float16(), v.first.raw));
  StorePair(halves, to, is_streamed);
}
// The even elements and the odd elements: a word has one of each.
HWY_INLINE VectorPair LoadPair(const BFloat16* from) {
  const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  const __m256i odd = _mm256_and_si256(v, _mm256_set1_epi32(~0xFFFF));
  return {VF{_mm256_castsi256_ps(_mm256_slli_epi32(v, 16))},
          VF{_mm256_castsi256_ps(odd)}};
}
HWY_INLINE void StorePair(const VectorPair& v, BFloat16* to, bool is_streamed) {
  __m256i even = RoundNumbers(v.first.raw);
  __m256i odd = RoundNumbers(v.second.raw);
  const __m256 has_nan = _mm256_cmp_ps(v.first.raw, v.second.raw, _CMP_UNORD_Q);
  if (HWY_UNLIKELY(_mm256_movemask_ps(has_nan) != 0)) {
    even = Round(v.first.raw);
    odd = Round(v.second.raw);
  }
  StorePair(_mm256_blend_epi16(_mm256_srli_epi32(even, 16), odd, 0xAA), to,
            is_streamed);
}

#elif HWY_ARCH_ARM_A64

HWY_INLINE uint16x4_t LoadFourBits(const void* from) {
  return vreinterpret_u16_u8(vld1_u8(static_cast<const uint8_t*>(from)));
}
HWY_INLINE VF LoadHalves(const BFloat16* from) {
  return VF(vreinterpretq_f32_u32(vshll_n_u16(LoadFourBits(from), 16)));
}
HWY_INLINE VF LoadHalves(const Float16* from) {
  return VF(vcvt_f32_f16(vreinterpret_f16_u16(LoadFourBits(from))));
}
template <class Half>
HWY_INLINE void StoreHalves(VF v, Half* to) {
  vst1_u8(reinterpret_cast<uint8_t*>(to),
          vreinterpret_u8_u16(Convert(Half(), v.raw)));
}

template <class Half>
HWY_INLINE VectorPair LoadPair(const Half* from) {
  return {LoadHalves(from), LoadHalves(from + kLanes)};
}
template <class Half>
HWY_INLINE void StorePair(const VectorPair& v, Half* to, bool) {
  StoreHalves(v.first, to);
  StoreHalves(v.second, to + kLanes);
}

#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_HALF_PAIRS_INL_H_
