// SPDX-License-Identifier: Apache-2.0

// What rows of the x86-64 baseline decide between their passes, for two or four
// rows at a time, as plan.h does it for one.

#if defined(SOFTLANE_LIB_KERNELS_SSE2_ROW_PLANS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SSE2_ROW_PLANS_INL_H_
#undef SOFTLANE_LIB_KERNELS_SSE2_ROW_PLANS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SSE2_ROW_PLANS_INL_H_
#endif

#include "arith/sse2_log-inl.h"
#include "kernels/sse2_rows-inl.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The maximum of each of four vectors.
HWY_INLINE __m128 LargestOfFour(const __m128* v) {
  __m128 a = v[0], b = v[1], c = v[2], d = v[3];
  _MM_TRANSPOSE4_PS(a, b, c, d);
  return _mm_max_ps(_mm_max_ps(a, b), _mm_max_ps(c, d));
}

// PlanRow and WideRowOf of four rows, by their maxima: exponents less the magic
// number, in two pairs, and the least arguments.
struct FourPlans {
  // False if a row needs more: its maximum is not finite or beyond the direct
  // limit.
  HWY_INLINE bool Make(__m128 max, const ScaleParts& parts) {
    const __m128d wide[2] = {_mm_cvtps_pd(max), _mm_cvtps_pd(UpperTwo(max))};
    __m128d outside = _mm_setzero_pd(), offset[2];
    HWY_UNROLL(2)
    for (size_t j = 0; j < 2; ++j) {
      const __m128d scaled = _mm_mul_pd(wide[j], _mm_set1_pd(parts.scale));
      const __m128d size = _mm_andnot_pd(_mm_set1_pd(-0.0), scaled);
      outside = _mm_or_pd(
          outside, _mm_cmpnle_pd(size, _mm_set1_pd(internal::kDirectLimit)));
      const __m128d octaves = OctavesOf(wide[j], parts);
      offset[j] = _mm_sub_pd(octaves, _mm_set1_pd(kHeadroom));
      magic[j] = _mm_sub_pd(_mm_set1_pd(kWideMagic + kHeadroom), octaves);
    }
    lowest = _mm_mul_ps(
        _mm_add_ps(Narrow(offset[0], offset[1]), _mm_set1_ps(kLowestOctaves)),
        _mm_set1_ps(parts.inverse_l));
    return _mm_movemask_pd(outside) == 0;
  }

  // The octaves that a maximum takes off.
  static HWY_INLINE __m128d OctavesOf(__m128d max, const ScaleParts& parts) {
    const __m128d counter = _mm_set1_pd(0x1.8p52);
    const __m128d octaves = _mm_mul_pd(max, _mm_set1_pd(parts.l_hi));
    return _mm_sub_pd(_mm_add_pd(octaves, counter), counter);
  }

  // What the exp values of row r of the four are made with.
  template <int r>
  HWY_INLINE WideRow Row() const {
    const __m128d two = magic[r / 2];
    WideRow row;
    row.magic =
        r % 2 == 0 ? _mm_unpacklo_pd(two, two) : _mm_unpackhi_pd(two, two);
    row.lowest = _mm_shuffle_ps(lowest, lowest, 0x55 * r);
    return row;
  }

  __m128d magic[2];
  __m128 lowest;
};

// LogOfSum of two rows, whose shift is 0: their sums, maxima, and largest exp
// values. A sum that is one exp value is the maximum's alone.
HWY_INLINE __m128d LogsOfSums(__m128d sums, __m128d max, __m128d largest,
                              const ScaleParts& parts) {
  const __m128d scaled_max = _mm_mul_pd(max, _mm_set1_pd(parts.scale));
  const __m128d offset =
      _mm_sub_pd(FourPlans::OctavesOf(max, parts), _mm_set1_pd(kHeadroom));
  const __m128d log_divisor =
      _mm_sub_pd(_mm_mul_pd(offset, _mm_set1_pd(internal::kLn2)),
                 _mm_set1_pd(internal::kLogSoftmaxFactor));
  const __m128d is_one = _mm_cmpeq_pd(sums, largest);
  const __m128d log = _mm_add_pd(log_divisor, LogOfTwo(sums));
  return _mm_or_pd(_mm_and_pd(is_one, scaled_max), _mm_andnot_pd(is_one, log));
}

// ReciprocalOf of two sums.
struct TwoReciprocals {
  HWY_INLINE explicit TwoReciprocals(__m128d sums) {
    const __m128d factors = _mm_div_pd(_mm_set1_pd(1.0), sums);
    const __m128i rounded = _mm_add_epi64(
        _mm_castpd_si128(factors), _mm_set1_epi64x(internal::kHeadRounding));
    head = _mm_castsi128_pd(
        _mm_and_si128(rounded, _mm_set1_epi64x(internal::kHeadMask)));
    rest = _mm_cvtpd_ps(_mm_sub_pd(factors, head));
    least = _mm_cvtpd_ps(_mm_mul_pd(sums, _mm_set1_pd(internal::kLeast)));
  }
  HWY_INLINE bool AreExact() const {
    return WideProbabilities::AreExact(head, _mm_cvtps_pd(rest));
  }
  HWY_INLINE WideProbabilities First() const {
    return WideProbabilities(_mm_unpacklo_pd(head, head),
                             _mm_shuffle_ps(rest, rest, 0x00),
                             _mm_shuffle_ps(least, least, 0x00));
  }
  HWY_INLINE WideProbabilities Second() const {
    return WideProbabilities(_mm_unpackhi_pd(head, head),
                             _mm_shuffle_ps(rest, rest, 0x55),
                             _mm_shuffle_ps(least, least, 0x55));
  }

  __m128d head;
  __m128 rest, least;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_KERNELS_SSE2_ROW_PLANS_INL_H_
