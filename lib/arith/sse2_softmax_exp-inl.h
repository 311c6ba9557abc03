// SPDX-License-Identifier: Apache-2.0

// SoftmaxExp of exp-inl.h by SSE2, with its bits.

#if defined(SOFTLANE_LIB_ARITH_SSE2_SOFTMAX_EXP_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_SSE2_SOFTMAX_EXP_INL_H_
#undef SOFTLANE_LIB_ARITH_SSE2_SOFTMAX_EXP_INL_H_
#else
#define SOFTLANE_LIB_ARITH_SSE2_SOFTMAX_EXP_INL_H_
#endif

#include <cstring>

#include "arith/exp_coefficients.h"
#include "arith/plan.h"
#include "arith/sse2-inl.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {

// The numbers that the exp values of a row are computed with, besides the
// scale.
struct WideRow {
  __m128d magic;
  __m128 lowest;
};

// A double in both lanes.
struct alignas(16) Pair {
  constexpr Pair(double v) : lower(v), upper(v) {}  // NOLINT: implicit
  HWY_INLINE operator __m128d() const { return _mm_load_pd(&lower); }

  double lower, upper;
};
// Constants for a few rows. GCC needs two instructions for a vector of two
// equal doubles, and none for an operand in memory.
struct WideConstants {
  Pair one = 1.0, minus_zero = -0.0;
  // ExpOf
  Pair magic = internal::kWideMagic;
  Pair c3 = internal::kSoftmaxC3;
  Pair c2_counter = Rounder<-3>::kCounter;
  Pair c2 = Rounder<-3>::kCounter + internal::kSoftmaxC2;
  Pair c1_counter = Rounder<-1>::kCounter;
  Pair c1 = Rounder<-1>::kCounter + internal::kSoftmaxC1;
  // Plans and probabilities
  Pair limit = internal::kDirectLimit;
  Pair counter = 0x1.8p52;
  Pair headroom = internal::kHeadroom;
  Pair magic_headroom = internal::kWideMagic + internal::kHeadroom;
  Pair least = internal::kLeast;
  Pair least_rest = 0x1p-26, least_head = 0x1p-120;
  // Logs
  Pair ln2 = internal::kLn2, factor = internal::kLogSoftmaxFactor;
  Pair log_counter = 0x1p52 + 1024.0;
  Pair series_first = internal::kLogSeriesFirst;
  Pair series[8] = {internal::kLogSeries[0], internal::kLogSeries[1],
                    internal::kLogSeries[2], internal::kLogSeries[3],
                    internal::kLogSeries[4], internal::kLogSeries[5],
                    internal::kLogSeries[6], internal::kLogSeries[7]};
};

// In kernels/sse2_exp_vectors.cc, once for all objects.
extern const PairTable kSoftmaxPairs;
extern const WideConstants kWideConstants;

namespace {

using internal::kWideMagic;

HWY_INLINE WideRow WideRowOf(double offset, float lowest) {
  return {_mm_set1_pd(kWideMagic - offset), _mm_set1_ps(lowest)};
}

// The roundings, in the order of SoftmaxExp. k is rounded once, when the magic
// number is added. The rest near 0 is exact in double, and so is p2 * f. The
// two steps of Horner's rule stay in one binade each: c2 +- 0.0035 and c1 +-
// 0.016. The result, P - P p, has no tie that the conversion rounds wrong,
// whatever p is: tests/sse2_rounding_test.cc tries all p for the eight P, up to
// a power of two. Only f remains. The test finds no such tie for l = log2(e)
// and all x, either, so there is none if the scale is a power of two. For other
// scales HasTies looks for ties.
static_assert(0.125 < internal::kSoftmaxC2 - 0.0036 &&
                  internal::kSoftmaxC2 + 0.0036 < 0.25 &&
                  0.5 < internal::kSoftmaxC1 - 0.016 &&
                  internal::kSoftmaxC1 + 0.016 < 1.0,
              "the binades of the Rounders");

// The rows of the vectors that ExpOf gets: vector j belongs to row
// rows[j * step].
struct RowOfVector {
  HWY_INLINE __m128d Magic(size_t j) const { return rows[j * step].magic; }
  HWY_INLINE __m128 Lowest(size_t j) const { return rows[j * step].lowest; }
  HWY_INLINE __m128 Power(size_t, const Eighths4& eighths) const {
    return eighths.Power(kSoftmaxPairs);
  }

  const WideRow* rows;
  size_t step;
};

// Exp values from powers of two and from rests, whose signs are changed:
// e[j] = finish(j, exp values).
template <size_t kVectors, class Finish>
HWY_INLINE void ExpOfRests(const __m128 (&power)[kVectors],
                           const __m128d (&f)[2 * kVectors],
                           const Finish& finish, __m128 (&e)[kVectors]) {
  constexpr size_t kWide = 2 * kVectors;
  __m128d p[kWide];
  HWY_UNROLL(8)
  for (size_t j = 0; j < kWide; ++j) {
    const __m128d cubic = _mm_mul_pd(f[j], kWideConstants.c3);
    p[j] = _mm_sub_pd(_mm_add_pd(cubic, kWideConstants.c2),
                      kWideConstants.c2_counter);
  }
  HWY_UNROLL(8)
  for (size_t j = 0; j < kWide; ++j) {
    const __m128d term = _mm_mul_pd(p[j], f[j]);
    p[j] = _mm_sub_pd(_mm_sub_pd(kWideConstants.c1, term),
                      kWideConstants.c1_counter);
  }
  HWY_UNROLL(8)
  for (size_t j = 0; j < kWide; ++j) {
    p[j] = RoundToFloat(_mm_mul_pd(p[j], f[j]));
  }
  HWY_UNROLL(8)
  for (size_t j = 0; j < kVectors; ++j) {
    const __m128d lower = _mm_cvtps_pd(power[j]);
    const __m128d upper = _mm_cvtps_pd(UpperTwo(power[j]));
    p[2 * j] = _mm_sub_pd(lower, _mm_mul_pd(lower, p[2 * j]));
    p[2 * j + 1] = _mm_sub_pd(upper, _mm_mul_pd(upper, p[2 * j + 1]));
  }
  HWY_UNROLL(8)
  for (size_t j = 0; j < kVectors; ++j) {
    e[j] = finish(j, Narrow(p[2 * j], p[2 * j + 1]));
  }
}

// Exp values of kVectors vectors side by side. The vectors are also given in
// double. l is in two floats.
template <class Rows, size_t kVectors>
HWY_INLINE void ExpOf(const __m128 (&x)[kVectors],
                      const __m128d (&wide)[2 * kVectors], __m128d l_hi,
                      __m128d l_lo, const Rows& rows, __m128 (&e)[kVectors]) {
  constexpr size_t kWide = 2 * kVectors;
  __m128 power[kVectors];
  __m128d product[kWide], k[kWide], f[kWide];
  HWY_UNROLL(8)
  for (size_t j = 0; j < kWide; ++j) product[j] = _mm_mul_pd(wide[j], l_hi);
  HWY_UNROLL(8)
  for (size_t j = 0; j < kWide; ++j) {
    k[j] = _mm_add_pd(product[j], rows.Magic(j / 2));
  }
  HWY_UNROLL(8)
  for (size_t j = 0; j < kWide; ++j) {
    const __m128d whole = _mm_sub_pd(k[j], rows.Magic(j / 2));
    f[j] = _mm_sub_pd(whole, product[j]);
  }
  HWY_UNROLL(8)
  for (size_t j = 0; j < kVectors; ++j) {
    power[j] = rows.Power(j, Eighths4(k[2 * j], k[2 * j + 1]));
  }
  HWY_UNROLL(8)
  for (size_t j = 0; j < kWide; ++j) f[j] = RoundToFloat(f[j]);
  HWY_UNROLL(8)
  for (size_t j = 0; j < kWide; ++j) {
    f[j] = _mm_sub_pd(f[j], _mm_mul_pd(wide[j], l_lo));
  }
  HWY_UNROLL(8)
  for (size_t j = 0; j < kWide; ++j) f[j] = RoundToFloat(f[j]);
  const auto finish = [&](size_t j, __m128 result) HWY_ATTR {
    const __m128 is_below = _mm_cmplt_ps(x[j], rows.Lowest(j));
    return _mm_andnot_ps(is_below, result);
  };
  ExpOfRests(power, f, finish, e);
}
// Exp values of vectors in memory.
template <size_t kVectors>
HWY_INLINE void ExpStep(const float* from, float* to, __m128d l_hi,
                        __m128d l_lo, const WideRow* rows, size_t row_step) {
  __m128 x[kVectors], e[kVectors];
  __m128d wide[2 * kVectors];
  HWY_UNROLL(8)
  for (size_t j = 0; j < kVectors; ++j) {
    x[j] = _mm_loadu_ps(from + 4 * j);
    wide[2 * j] = _mm_cvtps_pd(x[j]);
    wide[2 * j + 1] = WidenTwo(from + 4 * j + 2);
  }
  ExpOf(x, wide, l_hi, l_lo, RowOfVector{rows, row_step}, e);
  HWY_UNROLL(8)
  for (size_t j = 0; j < kVectors; ++j) _mm_storeu_ps(to + 4 * j, e[j]);
}

// Whether the scale is not a power of two.
HWY_INLINE bool MayHaveTies(const internal::ScaleParts& parts) {
  uint64_t bits;
  std::memcpy(&bits, &parts.scale, sizeof(bits));
  return bits << 12 != 0;
}
// Whether the f of any of n arguments is a tie.
HWY_INLINE bool HasTies(const float* from, size_t n, double offset,
                        const internal::ScaleParts& parts) {
  const __m128d l_hi = _mm_set1_pd(parts.l_hi);
  const __m128d l_lo = _mm_set1_pd(parts.l_lo);
  const __m128d magic = _mm_set1_pd(kWideMagic - offset);
  Ties ties;
  for (size_t i = 0; i < n; i += 4) {
    const __m128 x =
        n - i < 4 ? LoadSome(from + i, n - i, 0.0f) : _mm_loadu_ps(from + i);
    __m128d f[2] = {_mm_cvtps_pd(x), _mm_cvtps_pd(UpperTwo(x))};
    for (__m128d& v : f) {
      const __m128d product = _mm_mul_pd(v, l_hi);
      const __m128d whole = _mm_sub_pd(_mm_add_pd(product, magic), magic);
      v = _mm_sub_pd(RoundToFloat(_mm_sub_pd(whole, product)),
                     _mm_mul_pd(v, l_lo));
    }
    ties.Check(f[0], f[1]);
  }
  return ties.Any();
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_ARITH_SSE2_SOFTMAX_EXP_INL_H_
