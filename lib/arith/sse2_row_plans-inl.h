// SPDX-License-Identifier: Apache-2.0

// The arithmetic of rows between their passes, by SSE2 for two or four rows at
// a time. It has the bits of plan.h, log-inl.h, and the last steps of softmax
// and log-softmax.

#if defined(SOFTLANE_LIB_ARITH_SSE2_ROW_PLANS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_SSE2_ROW_PLANS_INL_H_
#undef SOFTLANE_LIB_ARITH_SSE2_ROW_PLANS_INL_H_
#else
#define SOFTLANE_LIB_ARITH_SSE2_ROW_PLANS_INL_H_
#endif

#include "arith/row_exp-inl.h"
#include "arith/sse2-inl.h"
#include "arith/sse2_softmax_exp-inl.h"

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

// Whether a maximum is not finite or beyond the direct limit.
HWY_INLINE __m128d IsOutside(__m128d max, const ScaleParts& parts) {
  const __m128d scaled = _mm_mul_pd(max, _mm_set1_pd(parts.scale));
  return _mm_cmpnle_pd(_mm_andnot_pd(kWideConstants.minus_zero, scaled),
                       kWideConstants.limit);
}
// The octaves that are subtracted for a maximum.
HWY_INLINE __m128d OctavesOf(__m128d max, const ScaleParts& parts) {
  const __m128d octaves = _mm_mul_pd(max, _mm_set1_pd(parts.l_hi));
  return _mm_sub_pd(_mm_add_pd(octaves, kWideConstants.counter),
                    kWideConstants.counter);
}

// PlanRow and WideRowOf of four rows, by their maxima. False if a row needs
// more: its maximum is not finite or beyond the direct limit.
HWY_INLINE bool PlanFour(__m128 max, const ScaleParts& parts,
                         WideRow (&rows)[4]) {
  const __m128d wide[2] = {_mm_cvtps_pd(max), _mm_cvtps_pd(UpperTwo(max))};
  __m128d outside = _mm_setzero_pd(), offset[2];
  HWY_UNROLL(2)
  for (size_t j = 0; j < 2; ++j) {
    outside = _mm_or_pd(outside, IsOutside(wide[j], parts));
    const __m128d octaves = OctavesOf(wide[j], parts);
    offset[j] = _mm_sub_pd(octaves, kWideConstants.headroom);
    const __m128d magic = _mm_sub_pd(kWideConstants.magic_headroom, octaves);
    rows[2 * j].magic = _mm_unpacklo_pd(magic, magic);
    rows[2 * j + 1].magic = _mm_unpackhi_pd(magic, magic);
  }
  const __m128 lowest = _mm_mul_ps(
      _mm_add_ps(Narrow(offset[0], offset[1]), _mm_set1_ps(kLowestOctaves)),
      _mm_set1_ps(parts.inverse_l));
  rows[0].lowest = _mm_shuffle_ps(lowest, lowest, 0x00);
  rows[1].lowest = _mm_shuffle_ps(lowest, lowest, 0x55);
  rows[2].lowest = _mm_shuffle_ps(lowest, lowest, 0xAA);
  rows[3].lowest = _mm_shuffle_ps(lowest, lowest, 0xFF);
  return _mm_movemask_pd(outside) == 0;
}

// The plans for ExpOf of vectors of rows 0 to 3, or of vectors that are all of
// row 0. The exponent of the maximum is added to the power as an integer, so
// the other steps of ExpOf do not wait for the maximum. The maxima are of one,
// two or four rows. One or two rows are repeated.
template <size_t kRows>
class LateRows {
 public:
  HWY_INLINE LateRows(__m128 max, const ScaleParts& parts) {
    const __m128d lower = _mm_cvtps_pd(max);
    outside_ = IsOutside(lower, parts);
    const __m128d counted = Counted(lower, parts);
    __m128d counted_upper = counted;
    if constexpr (kRows == 4) {
      const __m128d upper = _mm_cvtps_pd(UpperTwo(max));
      outside_ = _mm_or_pd(outside_, IsOutside(upper, parts));
      counted_upper = Counted(upper, parts);
    }
    constexpr int kWholeHeadroom = static_cast<int>(kHeadroom);
    const __m128i octaves = LastBits(counted, counted_upper);
    exponents_ = _mm_slli_epi32(
        _mm_sub_epi32(_mm_set1_epi32(kWholeHeadroom), octaves), 23);
    lowest_ =
        _mm_mul_ps(_mm_add_ps(_mm_cvtepi32_ps(octaves),
                              _mm_set1_ps(kLowestOctaves - kWholeHeadroom)),
                   _mm_set1_ps(parts.inverse_l));
  }
  HWY_INLINE bool AreDirect() const { return _mm_movemask_pd(outside_) == 0; }

  HWY_INLINE __m128d Magic(size_t) const { return kWideConstants.magic; }
  HWY_INLINE __m128 Lowest(size_t j) const { return RowOf(lowest_, j); }
  HWY_INLINE __m128 Power(size_t j, const Eighths4& eighths) const {
    const __m128 row = RowOf(_mm_castsi128_ps(exponents_), j);
    return _mm_castsi128_ps(_mm_add_epi32(
        _mm_castps_si128(eighths.Power(kSoftmaxPairs)), _mm_castps_si128(row)));
  }

 private:
  // The last bits are the octaves that are subtracted for a maximum.
  static HWY_INLINE __m128d Counted(__m128d max, const ScaleParts& parts) {
    return _mm_add_pd(_mm_mul_pd(max, _mm_set1_pd(parts.l_hi)),
                      kWideConstants.counter);
  }
  static HWY_INLINE __m128 RowOf(__m128 v, size_t j) {
    if (kRows == 1) return v;
    if (j == 0) return _mm_shuffle_ps(v, v, 0x00);
    if (j == 1) return _mm_shuffle_ps(v, v, 0x55);
    if (j == 2) return _mm_shuffle_ps(v, v, 0xAA);
    return _mm_shuffle_ps(v, v, 0xFF);
  }

  __m128i exponents_;
  __m128 lowest_;
  __m128d outside_;
};

// Probabilities of two rows from their sums, by ReciprocalOf. Or other
// multiples of exp values, by FactorOf.
class WideProbabilities {
 public:
  HWY_INLINE explicit WideProbabilities(__m128d sums)
      : WideProbabilities(_mm_div_pd(kWideConstants.one, sums), sums) {}
  HWY_INLINE WideProbabilities(__m128d factors, __m128d sums) {
    const __m128i rounded = _mm_add_epi64(_mm_castpd_si128(factors),
                                          _mm_set1_epi64x(kHeadRounding));
    heads_ =
        _mm_castsi128_pd(_mm_and_si128(rounded, _mm_set1_epi64x(kHeadMask)));
    rests_ = _mm_cvtpd_ps(_mm_sub_pd(factors, heads_));
    least_ = _mm_cvtpd_ps(_mm_mul_pd(sums, kWideConstants.least));
  }

  // The product with a head of 5 bits has 29 bits, and the product with the
  // rest is rounded to 24 bits. Their sum is exact in double unless they are
  // more than 26 octaves apart. A head that is negative, or that may not be a
  // normal float, needs SoftFma, too. The sign of a rest is random, so there is
  // no branch on it.
  HWY_INLINE bool AreExact() const {
    const __m128d rest = _mm_cvtps_pd(rests_);
    const __m128d size = _mm_andnot_pd(kWideConstants.minus_zero, rest);
    const __m128d least = _mm_mul_pd(heads_, kWideConstants.least_rest);
    const __m128d is_exact = _mm_or_pd(_mm_cmpge_pd(size, least),
                                       _mm_cmpeq_pd(rest, _mm_setzero_pd()));
    const __m128d is_usual = _mm_cmpge_pd(heads_, kWideConstants.least_head);
    return _mm_movemask_pd(_mm_and_pd(is_exact, is_usual)) == 3;
  }

  struct OfRow {
    HWY_INLINE __m128 operator()(__m128 e) const {
      const __m128 kept = _mm_andnot_ps(_mm_cmplt_ps(e, least), e);
      const __m128 low = _mm_mul_ps(kept, rest);
      return Narrow(Add(kept, low), Add(UpperTwo(kept), UpperTwo(low)));
    }
    HWY_INLINE __m128d Add(__m128 e, __m128 low) const {
      return _mm_add_pd(_mm_mul_pd(_mm_cvtps_pd(e), head), _mm_cvtps_pd(low));
    }

    __m128d head;
    __m128 rest, least;
  };
  HWY_INLINE OfRow First() const {
    return {_mm_unpacklo_pd(heads_, heads_),
            _mm_shuffle_ps(rests_, rests_, 0x00),
            _mm_shuffle_ps(least_, least_, 0x00)};
  }
  HWY_INLINE OfRow Second() const {
    return {_mm_unpackhi_pd(heads_, heads_),
            _mm_shuffle_ps(rests_, rests_, 0x55),
            _mm_shuffle_ps(least_, least_, 0x55)};
  }

 private:
  __m128d heads_;
  __m128 rests_, least_;
};

// LogLanes of log-inl.h.
HWY_INLINE __m128d LogOfTwo(__m128d x) {
  constexpr int64_t kSqrtHalf = 0x3FE6A09E667F3BCD;
  constexpr int64_t kBias = int64_t{1024} << 52;
  const __m128i bits = _mm_castpd_si128(x);
  const __m128i biased = _mm_srli_epi64(
      _mm_add_epi64(bits, _mm_set1_epi64x(kBias - kSqrtHalf)), 52);
  const __m128d counted = _mm_castsi128_pd(
      _mm_or_si128(biased, _mm_set1_epi64x(int64_t{0x433} << 52)));
  const __m128d k = _mm_sub_pd(counted, kWideConstants.log_counter);
  const __m128d m = _mm_castsi128_pd(_mm_add_epi64(
      _mm_sub_epi64(bits, _mm_slli_epi64(biased, 52)), _mm_set1_epi64x(kBias)));
  const __m128d s = _mm_div_pd(_mm_sub_pd(m, kWideConstants.one),
                               _mm_add_pd(m, kWideConstants.one));
  const __m128d s2 = _mm_mul_pd(s, s);
  __m128d tail = kWideConstants.series_first;
  for (const Pair& c : kWideConstants.series)
    tail = _mm_add_pd(_mm_mul_pd(tail, s2), c);
  const __m128d half = _mm_add_pd(s, _mm_mul_pd(_mm_mul_pd(s, s2), tail));
  return _mm_add_pd(_mm_mul_pd(k, kWideConstants.ln2), _mm_add_pd(half, half));
}

// The sums of two rows, from two lanes of each.
HWY_INLINE __m128d SumsOfLanes(__m128d a, __m128d b) {
  return _mm_add_pd(_mm_unpacklo_pd(a, b), _mm_unpackhi_pd(a, b));
}

// RowPlan::log_divisor of two rows, by their maxima.
HWY_INLINE __m128d LogDivisorsOf(__m128d max, const ScaleParts& parts) {
  const __m128d offset =
      _mm_sub_pd(OctavesOf(max, parts), kWideConstants.headroom);
  return _mm_sub_pd(_mm_mul_pd(offset, kWideConstants.ln2),
                    kWideConstants.factor);
}

// LogOfSum of two rows whose shift is 0, from their sums, maxima, and largest
// exp values. A sum that is a single exp value is that of the maximum.
HWY_INLINE __m128d LogsOfSums(__m128d sums, __m128d max, __m128d largest,
                              const ScaleParts& parts) {
  const __m128d scaled_max = _mm_mul_pd(max, _mm_set1_pd(parts.scale));
  const __m128d is_one = _mm_cmpeq_pd(sums, largest);
  const __m128d log = _mm_add_pd(LogDivisorsOf(max, parts), LogOfTwo(sums));
  return _mm_or_pd(_mm_and_pd(is_one, scaled_max), _mm_andnot_pd(is_one, log));
}

// LogProbabilities of two rows without a shift and with a scale of 1, from
// their LogOfSum, in two floats each.
class PlainLogs {
 public:
  HWY_INLINE explicit PlainLogs(__m128d logs)
      : high_(_mm_cvtpd_ps(logs)),
        low_(_mm_cvtpd_ps(_mm_sub_pd(logs, _mm_cvtps_pd(high_)))) {}

  struct OfRow {
    HWY_INLINE __m128 operator()(__m128 x) const {
      return _mm_min_ps(_mm_setzero_ps(), _mm_sub_ps(_mm_sub_ps(x, high), low));
    }

    __m128 high, low;
  };
  HWY_INLINE OfRow First() const {
    return {_mm_shuffle_ps(high_, high_, 0x00),
            _mm_shuffle_ps(low_, low_, 0x00)};
  }
  HWY_INLINE OfRow Second() const {
    return {_mm_shuffle_ps(high_, high_, 0x55),
            _mm_shuffle_ps(low_, low_, 0x55)};
  }

 private:
  __m128 high_, low_;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_ARITH_SSE2_ROW_PLANS_INL_H_
