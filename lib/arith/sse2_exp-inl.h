// SPDX-License-Identifier: Apache-2.0

// Exponential of exponential-inl.h by SSE2, with its bits.

#if defined(SOFTLANE_LIB_ARITH_SSE2_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_SSE2_EXP_INL_H_
#undef SOFTLANE_LIB_ARITH_SSE2_EXP_INL_H_
#else
#define SOFTLANE_LIB_ARITH_SSE2_EXP_INL_H_
#endif

#include "arith/plan.h"
#include "arith/sse2-inl.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

constexpr PairTable kExpPairs =
    MakePairs(internal::PowerTable(internal::kExpPowers).entries);
constexpr PairTable kExpLeftOverPairs = MakePairs(internal::kExpLeftOver);

// Horner's rule as in sse2_softmax_exp-inl.h: c3 +- 0.0007, c2 +- 0.0036, c1 +-
// 0.016.
static_assert(0x1p-5f < internal::kExpC3 - 0.0007 &&
                  internal::kExpC3 + 0.0007 < 0x1p-4f &&
                  0x1p-3f < internal::kExpC2 - 0.0036 &&
                  internal::kExpC2 + 0.0036 < 0x1p-2f &&
                  0x1p-1f < internal::kExpC1 - 0.016 &&
                  internal::kExpC1 + 0.016 < 1.0f,
              "the binades of the Rounders");

// a where the mask is set, and b elsewhere.
HWY_INLINE __m128d SelectWide(__m128d mask, double a, double b) {
  return _mm_or_pd(_mm_and_pd(mask, _mm_set1_pd(a)),
                   _mm_andnot_pd(mask, _mm_set1_pd(b)));
}

// If all |x| are below this, no result is subnormal or infinite in any step.
constexpr float kMaxUsual = 87.0f;

// The exponential of some vectors side by side. With kIsUsual, all |x| must be
// below kMaxUsual, and otherwise the function returns false.
// tests/exp_exhaustive.cc has tried all floats, and found no tie that the
// conversions round wrong.
template <bool kIsUsual, size_t kVectors>
HWY_INLINE bool ExponentialOf(const __m128 (&arguments)[kVectors],
                              __m128 (&results)[kVectors]) {
  constexpr size_t kWide = 2 * kVectors;
  __m128 unusual = _mm_setzero_ps();
  __m128 is_negative[kVectors], power[kVectors], left_over[kVectors];
  __m128d wide[kWide], product[kWide], magic[kWide], k[kWide], f[kWide],
      p[kWide];
  HWY_UNROLL(8)
  for (size_t j = 0; j < kVectors; ++j) {
    __m128 x = arguments[j];
    if constexpr (kIsUsual) {
      const __m128 size = _mm_andnot_ps(_mm_set1_ps(-0.0f), x);
      unusual = _mm_or_ps(unusual, _mm_cmpnle_ps(size, _mm_set1_ps(kMaxUsual)));
    } else {
      is_negative[j] =
          _mm_castsi128_ps(_mm_srai_epi32(_mm_castps_si128(x), 31));
      // NaN stays, because it is the second operand.
      x = _mm_min_ps(_mm_set1_ps(internal::kExpHighest),
                     _mm_max_ps(_mm_set1_ps(internal::kExpLowest), x));
    }
    wide[2 * j] = _mm_cvtps_pd(x);
    wide[2 * j + 1] = _mm_cvtps_pd(UpperTwo(x));
  }
  HWY_UNROLL(8)
  for (size_t j = 0; j < kWide; ++j) {
    magic[j] = _mm_set1_pd(internal::kWideMagic);
    if constexpr (!kIsUsual) {
      const __m128 v = is_negative[j / 2];
      const __m128d mask = _mm_castps_pd(j % 2 == 0 ? _mm_unpacklo_ps(v, v)
                                                    : _mm_unpackhi_ps(v, v));
      magic[j] =
          SelectWide(mask, internal::kWideMagic + internal::kExpNegativeShift,
                     internal::kWideMagic + internal::kExpPositiveShift);
    }
    product[j] = _mm_mul_pd(wide[j], _mm_set1_pd(internal::kLog2EHigh));
    k[j] = _mm_add_pd(product[j], magic[j]);
  }
  HWY_UNROLL(8)
  for (size_t j = 0; j < kWide; ++j) {
    f[j] = _mm_sub_pd(_mm_sub_pd(k[j], magic[j]), product[j]);
  }
  HWY_UNROLL(8)
  for (size_t j = 0; j < kVectors; ++j) {
    const Eighths4 eighths(k[2 * j], k[2 * j + 1]);
    power[j] = eighths.Power(kExpPairs);
    left_over[j] = _mm_castsi128_ps(eighths.In(kExpLeftOverPairs));
  }
  HWY_UNROLL(8)
  for (size_t j = 0; j < kWide; ++j) {
    const __m128d low = _mm_mul_pd(wide[j], _mm_set1_pd(internal::kLog2ELow));
    f[j] = _mm_sub_pd(RoundToFloat(f[j]), low);
  }
  HWY_UNROLL(8)
  for (size_t j = 0; j < kWide; ++j) {
    f[j] = RoundToFloat(f[j]);
    const __m128d quartic = _mm_mul_pd(f[j], _mm_set1_pd(internal::kExpC4));
    p[j] = Rounder<-5>::Add(internal::kExpC3, quartic);
  }
  HWY_UNROLL(8)
  for (size_t j = 0; j < kWide; ++j) {
    p[j] = Rounder<-3>::Subtract(internal::kExpC2, _mm_mul_pd(p[j], f[j]));
  }
  HWY_UNROLL(8)
  for (size_t j = 0; j < kWide; ++j) {
    p[j] = Rounder<-1>::Subtract(internal::kExpC1, _mm_mul_pd(p[j], f[j]));
  }
  HWY_UNROLL(8)
  for (size_t j = 0; j < kVectors; ++j) {
    const __m128d lower = _mm_cvtps_pd(left_over[j]);
    const __m128d upper = _mm_cvtps_pd(UpperTwo(left_over[j]));
    p[2 * j] = _mm_sub_pd(lower, _mm_mul_pd(p[2 * j], f[2 * j]));
    p[2 * j + 1] = _mm_sub_pd(upper, _mm_mul_pd(p[2 * j + 1], f[2 * j + 1]));
  }
  HWY_UNROLL(8)
  for (size_t j = 0; j < kVectors; ++j) {
    const __m128d lower = _mm_cvtps_pd(power[j]);
    const __m128d upper = _mm_cvtps_pd(UpperTwo(power[j]));
    p[2 * j] = _mm_add_pd(lower, _mm_mul_pd(lower, RoundToFloat(p[2 * j])));
    p[2 * j + 1] =
        _mm_add_pd(upper, _mm_mul_pd(upper, RoundToFloat(p[2 * j + 1])));
  }
  HWY_UNROLL(8)
  for (size_t j = 0; j < kVectors; ++j) {
    __m128 result = Narrow(p[2 * j], p[2 * j + 1]);
    if constexpr (!kIsUsual) {
      const __m128 back = _mm_or_ps(
          _mm_and_ps(is_negative[j], _mm_set1_ps(internal::kExpNegativeBack)),
          _mm_andnot_ps(is_negative[j],
                        _mm_set1_ps(internal::kExpPositiveBack)));
      result = _mm_mul_ps(result, back);
    }
    results[j] = result;
  }
  return _mm_movemask_ps(unusual) == 0;
}
// The exponential of vectors in memory.
template <size_t kVectors, bool kIsUsual>
HWY_INLINE bool ExponentialStep(const float* from, float* to) {
  __m128 x[kVectors], results[kVectors];
  for (size_t j = 0; j < kVectors; ++j) x[j] = _mm_loadu_ps(from + 4 * j);
  const bool are_usual = ExponentialOf<kIsUsual>(x, results);
  for (size_t j = 0; j < kVectors; ++j) _mm_storeu_ps(to + 4 * j, results[j]);
  return are_usual;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_ARITH_SSE2_EXP_INL_H_
