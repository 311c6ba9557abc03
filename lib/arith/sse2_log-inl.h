// SPDX-License-Identifier: Apache-2.0

// LogLanes of log-inl.h by SSE2, with its bits.

#if defined(SOFTLANE_LIB_ARITH_SSE2_LOG_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_SSE2_LOG_INL_H_
#undef SOFTLANE_LIB_ARITH_SSE2_LOG_INL_H_
#else
#define SOFTLANE_LIB_ARITH_SSE2_LOG_INL_H_
#endif

#include "arith/exp_coefficients.h"
#include "arith/plan.h"
#include "arith/sse2-inl.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

HWY_INLINE __m128d LogOfTwo(__m128d x) {
  constexpr int64_t kSqrtHalf = 0x3FE6A09E667F3BCD;
  constexpr int64_t kBias = int64_t{1024} << 52;
  const __m128i bits = _mm_castpd_si128(x);
  const __m128i biased = _mm_srli_epi64(
      _mm_add_epi64(bits, _mm_set1_epi64x(kBias - kSqrtHalf)), 52);
  const __m128d counted = _mm_castsi128_pd(
      _mm_or_si128(biased, _mm_set1_epi64x(int64_t{0x433} << 52)));
  const __m128d k = _mm_sub_pd(counted, _mm_set1_pd(0x1p52 + 1024.0));
  const __m128d m = _mm_castsi128_pd(_mm_add_epi64(
      _mm_sub_epi64(bits, _mm_slli_epi64(biased, 52)), _mm_set1_epi64x(kBias)));
  const __m128d one = _mm_set1_pd(1.0);
  const __m128d s = _mm_div_pd(_mm_sub_pd(m, one), _mm_add_pd(m, one));
  const __m128d s2 = _mm_mul_pd(s, s);
  __m128d tail = _mm_set1_pd(internal::kLogSeriesFirst);
  HWY_UNROLL(8)
  for (size_t i = 0; i < 8; ++i) {
    tail =
        _mm_add_pd(_mm_mul_pd(tail, s2), _mm_set1_pd(internal::kLogSeries[i]));
  }
  const __m128d half = _mm_add_pd(s, _mm_mul_pd(_mm_mul_pd(s, s2), tail));
  return _mm_add_pd(_mm_mul_pd(k, _mm_set1_pd(internal::kLn2)),
                    _mm_add_pd(half, half));
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_ARITH_SSE2_LOG_INL_H_
