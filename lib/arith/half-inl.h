// SPDX-License-Identifier: Apache-2.0

// Conversions of kHalfStep elements between a half type and float, with the
// bits of softlane/types.h. Highway's conversions truncate or lose NaN in some
// versions and on some targets, so the code here uses the instructions of each
// target. The results depend on the rounding mode of the floating-point
// environment, but not on its treatment of subnormal numbers.

#if defined(SOFTLANE_LIB_ARITH_HALF_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_HALF_INL_H_
#undef SOFTLANE_LIB_ARITH_HALF_INL_H_
#else
#define SOFTLANE_LIB_ARITH_HALF_INL_H_
#endif

#include "arith/sse2_half-inl.h"
#include "arith/vector-inl.h"
#include "softlane/types.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_AVX3

constexpr size_t kHalfStep = 16;

// One permutation of words replaces an extension and a shift.
HWY_INLINE __m512 Convert(BFloat16, __m256i v) {
  constexpr int kStep = 0x10000;
  const __m512i places = _mm512_setr_epi32(
      0, kStep, 2 * kStep, 3 * kStep, 4 * kStep, 5 * kStep, 6 * kStep,
      7 * kStep, 8 * kStep, 9 * kStep, 10 * kStep, 11 * kStep, 12 * kStep,
      13 * kStep, 14 * kStep, 15 * kStep);
  return _mm512_castsi512_ps(_mm512_maskz_permutexvar_epi16(
      0xAAAAAAAA, places, _mm512_castsi256_si512(v)));
}
HWY_INLINE __m512 Convert(Float16, __m256i v) { return _mm512_cvtph_ps(v); }
// The upper halves of 32 bits are rounded.
HWY_INLINE __m512i Rounded(__m512 v) {
  const __m512i bits = _mm512_castps_si512(v);
  const __m512i odd =
      _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded =
      _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF)));
  const __mmask16 is_nan = _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
  return _mm512_mask_or_epi32(rounded, is_nan, bits,
                              _mm512_set1_epi32(0x400000));
}
HWY_INLINE __m256i Convert(BFloat16, __m512 v) {
  return _mm512_cvtepi32_epi16(_mm512_srli_epi32(Rounded(v), 16));
}
// The upper half of each 32 bits of two vectors.
HWY_INLINE __m512i UpperHalves(__m512i a, __m512i b) {
  // Word i of the result is word 2 i + 1 of both.
  constexpr int kFirst = 0x00030001, kStep = 0x00040004;
  const __m512i places = _mm512_setr_epi32(
      kFirst, kFirst + kStep, kFirst + 2 * kStep, kFirst + 3 * kStep,
      kFirst + 4 * kStep, kFirst + 5 * kStep, kFirst + 6 * kStep,
      kFirst + 7 * kStep, kFirst + 8 * kStep, kFirst + 9 * kStep,
      kFirst + 10 * kStep, kFirst + 11 * kStep, kFirst + 12 * kStep,
      kFirst + 13 * kStep, kFirst + 14 * kStep, kFirst + 15 * kStep);
  return _mm512_permutex2var_epi16(a, places, b);
}
HWY_INLINE __m256i Convert(Float16, __m512 v) {
  return _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

template <class Half>
HWY_INLINE void Step(const Half* from, float* to) {
  const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  _mm512_storeu_ps(to, Convert(Half(), v));
}
template <class Half>
HWY_INLINE void Step(const float* from, Half* to) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                      Convert(Half(), _mm512_loadu_ps(from)));
}

template <class Half>
HWY_INLINE void LastStep(const Half* from, float* to, __mmask16 mask) {
  const __m256i v = _mm256_maskz_loadu_epi16(mask, from);
  _mm512_mask_storeu_ps(to, mask, Convert(Half(), v));
}
template <class Half>
HWY_INLINE void LastStep(const float* from, Half* to, __mmask16 mask) {
  const __m512 v = _mm512_maskz_loadu_ps(mask, from);
  _mm256_mask_storeu_epi16(to, mask, Convert(Half(), v));
}

#elif HWY_TARGET == HWY_AVX2 || !HWY_ARCH_X86_64

constexpr size_t kHalfStep = 8;

#if HWY_TARGET == HWY_AVX2

HWY_INLINE __m256 Convert(BFloat16, __m128i v) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(v), 16));
}
HWY_INLINE __m256 Convert(Float16, __m128i v) { return _mm256_cvtph_ps(v); }
// Rounds the upper halves of 32 bits, for vectors without NaN.
HWY_INLINE __m256i RoundedNumbers(__m256 v) {
  const __m256i bits = _mm256_castps_si256(v);
  const __m256i odd =
      _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  return _mm256_add_epi32(bits,
                          _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF)));
}
// Rounded for vectors that may have NaN.
HWY_INLINE __m256i Rounded(__m256 v) {
  const __m256i quiet =
      _mm256_or_si256(_mm256_castps_si256(v), _mm256_set1_epi32(0x400000));
  const __m256i is_nan = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
  return _mm256_blendv_epi8(RoundedNumbers(v), quiet, is_nan);
}
// The upper half of each 32 bits, of one vector and of two.
HWY_INLINE __m128i UpperHalves(__m256i v) {
  const __m256i halves = _mm256_srli_epi32(v, 16);
  return _mm_packus_epi32(_mm256_castsi256_si128(halves),
                          _mm256_extracti128_si256(halves, 1));
}
HWY_INLINE __m256i UpperHalves(__m256i a, __m256i b) {
  const __m256i halves =
      _mm256_packus_epi32(_mm256_srli_epi32(a, 16), _mm256_srli_epi32(b, 16));
  return _mm256_permute4x64_epi64(halves, _MM_SHUFFLE(3, 1, 2, 0));
}
HWY_INLINE __m128i Convert(BFloat16, __m256 v) {
  return UpperHalves(Rounded(v));
}
HWY_INLINE __m128i Convert(Float16, __m256 v) {
  return _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

template <class Half>
HWY_INLINE void Step(const Half* from, float* to) {
  const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  _mm256_storeu_ps(to, Convert(Half(), v));
}
template <class Half>
HWY_INLINE void Step(const float* from, Half* to) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                   Convert(Half(), _mm256_loadu_ps(from)));
}

// Two steps together need only one permutation and one test for NaN. At 1024
// elements on Zen 3: 2.3 cycles per step. With a selection for each element:
// 2.8. With each step by itself: 3.2.
HWY_INLINE void TwoSteps(const float* from, BFloat16* to) {
  const __m256 a = _mm256_loadu_ps(from);
  const __m256 b = _mm256_loadu_ps(from + kHalfStep);
  if (HWY_UNLIKELY(_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_UNORD_Q)) !=
                   0)) {
    Step(from, to);
    return Step(from + kHalfStep, to + kHalfStep);
  }
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                      UpperHalves(RoundedNumbers(a), RoundedNumbers(b)));
}
template <class In, class Out>
HWY_INLINE void TwoSteps(const In* from, Out* to) {
  Step(from, to);
  Step(from + kHalfStep, to + kHalfStep);
}

#elif HWY_ARCH_ARM_A64

HWY_INLINE uint16x8_t LoadBits(const void* from) {
  return vreinterpretq_u16_u8(vld1q_u8(static_cast<const uint8_t*>(from)));
}

HWY_INLINE void Step(const BFloat16* from, float* to) {
  const uint16x8_t v = LoadBits(from);
  vst1q_f32(to, vreinterpretq_f32_u32(vshll_n_u16(vget_low_u16(v), 16)));
  vst1q_f32(to + 4, vreinterpretq_f32_u32(vshll_n_u16(vget_high_u16(v), 16)));
}
HWY_INLINE void Step(const Float16* from, float* to) {
  const float16x8_t v = vreinterpretq_f16_u16(LoadBits(from));
  vst1q_f32(to, vcvt_f32_f16(vget_low_f16(v)));
  vst1q_f32(to + 4, vcvt_f32_f16(vget_high_f16(v)));
}
HWY_INLINE uint16x4_t Convert(BFloat16, float32x4_t v) {
  const uint32x4_t bits = vreinterpretq_u32_f32(v);
  const uint32x4_t odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
  const uint32x4_t rounded =
      vaddq_u32(bits, vaddq_u32(odd, vdupq_n_u32(0x7FFF)));
  const uint32x4_t quiet = vorrq_u32(bits, vdupq_n_u32(0x400000));
  return vshrn_n_u32(vbslq_u32(vceqq_f32(v, v), rounded, quiet), 16);
}
HWY_INLINE uint16x4_t Convert(Float16, float32x4_t v) {
  return vreinterpret_u16_f16(vcvt_f16_f32(v));
}
template <class Half>
HWY_INLINE void Step(const float* from, Half* to) {
  const uint16x8_t v = vcombine_u16(Convert(Half(), vld1q_f32(from)),
                                    Convert(Half(), vld1q_f32(from + 4)));
  vst1q_u8(reinterpret_cast<uint8_t*>(to), vreinterpretq_u8_u16(v));
}

#else

template <class In, class Out>
HWY_INLINE void Step(const In* from, Out* to) {
  for (size_t i = 0; i < kHalfStep; ++i) to[i] = Out(from[i]);
}

#endif

#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_HALF_INL_H_
