// SPDX-License-Identifier: Apache-2.0

// The x86-64 baseline in vectors: multiply-adds of floats as a product and a
// sum in double, with the bits of one rounding. Only SSE2.
//
// A product of two floats is exact in double. Its sum with a float may be
// rounded, and the conversion to float rounds once more. The result differs
// from one rounding only if the double is half-way between two floats: a tie.
// Most roundings need no check:
// - A sum that is exact in double is rounded by the conversion alone.
// - A sum whose result has a known exponent is rounded once, by the addition
//   itself, to a multiple of 2^q: the addend includes 1.5 * 2^(52 + q), a
//   double that counts 2^q in its last bit. See Rounder.
// - A result below 2^-126 has ties elsewhere. Only an f or p of the exponential
//   gets there, where 1 + p is 1 whatever its last bit is.
// - A sum may have no tie for any of its arguments. A test has tried all
// arguments. In all other cases, a check looks for ties, and SoftFma computes a
// sum with a tie again.

#if defined(SOFTLANE_LIB_ARITH_SSE2_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_SSE2_INL_H_
#undef SOFTLANE_LIB_ARITH_SSE2_INL_H_
#else
#define SOFTLANE_LIB_ARITH_SSE2_INL_H_
#endif

#include "arith/exp_coefficients.h"
#include "arith/vector-inl.h"

#undef SOFTLANE_SSE2
#if HWY_ARCH_X86_64 && HWY_TARGET == HWY_STATIC_TARGET
#define SOFTLANE_SSE2 1
#include <emmintrin.h>

#include <limits>

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {

// A table of eight, as all pairs of entries: SSE2 has no look-up by lane.
struct PairTable {
  alignas(64) uint64_t pairs[64];
};

namespace {

// Vectors of four floats that are worked on side by side. At 8 x 4096 on Zen 3,
// 1, 2 and 4 vectors: 3.1, 2.5 and 2.2 ns per element of the exponential.
constexpr size_t kSideBySide = 4;
constexpr size_t kStep = 4 * kSideBySide;  // floats

HWY_INLINE __m128 UpperTwo(__m128 v) { return _mm_movehl_ps(v, v); }
// Takes one instruction less than UpperTwo of a vector.
HWY_INLINE __m128d WidenTwo(const float* from) {
  return _mm_cvtps_pd(_mm_castsi128_ps(
      _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
}
HWY_INLINE __m128 Narrow(__m128d lower, __m128d upper) {
  return _mm_movelh_ps(_mm_cvtpd_ps(lower), _mm_cvtpd_ps(upper));
}
// +0 in a lane.
HWY_INLINE __m128 WithoutLane(__m128 v, size_t lane) {
  const __m128i lanes = _mm_set_epi32(3, 2, 1, 0);
  const __m128i is_lane =
      _mm_cmpeq_epi32(lanes, _mm_set1_epi32(static_cast<int>(lane)));
  return _mm_andnot_ps(_mm_castsi128_ps(is_lane), v);
}
HWY_INLINE __m128d RoundToFloat(__m128d v) {
  return _mm_cvtps_pd(_mm_cvtpd_ps(v));
}
// The last 32 bits of each double.
HWY_INLINE __m128i LastBits(__m128d lower, __m128d upper) {
  return _mm_castps_si128(
      _mm_shuffle_ps(_mm_castpd_ps(lower), _mm_castpd_ps(upper), 0x88));
}

// value + v for the rounder of a result in [2^kExponent, 2^(kExponent + 1)),
// rounded to float.
template <int kExponent>
struct Rounder {
  static_assert(-23 < kExponent && kExponent < 0, "the constant is a double");
  static constexpr double kCounter =
      1.5 * static_cast<double>(uint64_t{1} << (52 - 23 + kExponent));
  static HWY_INLINE __m128d Add(double value, __m128d v) {
    const __m128d counter = _mm_set1_pd(kCounter);
    return _mm_sub_pd(_mm_add_pd(v, _mm_set1_pd(kCounter + value)), counter);
  }
  static HWY_INLINE __m128d Subtract(double value, __m128d v) {
    const __m128d counter = _mm_set1_pd(kCounter);
    return _mm_sub_pd(_mm_sub_pd(_mm_set1_pd(kCounter + value), v), counter);
  }
};

// Whether any added double is half-way between two floats, so that it ends in 1
// and 28 zeros.
class Ties {
 public:
  HWY_INLINE Ties() : found_(_mm_setzero_si128()) {}
  HWY_INLINE void Check(__m128d lower, __m128d upper) {
    found_ = _mm_or_si128(found_, AreTies(lower, upper));
  }
  HWY_INLINE bool Any() const { return _mm_movemask_epi8(found_) != 0; }

 private:
  static HWY_INLINE __m128i AreTies(__m128d lower, __m128d upper) {
    const __m128i rest = _mm_slli_epi32(LastBits(lower, upper), 3);
    return _mm_cmpeq_epi32(rest,
                           _mm_set1_epi32(std::numeric_limits<int>::min()));
  }

  __m128i found_;
};

constexpr PairTable MakePairs(const uint32_t (&entries)[8]) {
  PairTable table = {};
  for (size_t i = 0; i < 64; ++i) {
    table.pairs[i] = entries[i % 8] | uint64_t{entries[i / 8]} << 32;
  }
  return table;
}

// Eighths of an octave, k, from doubles that have them in their last bits.
class Eighths4 {
 public:
  HWY_INLINE Eighths4(__m128d lower, __m128d upper)
      : k_(LastBits(lower, upper)), j_(_mm_and_si128(k_, _mm_set1_epi32(7))) {
    const __m128i pairs = _mm_or_si128(j_, _mm_srli_epi64(j_, 29));
    first_ = static_cast<uint32_t>(_mm_cvtsi128_si32(pairs));
    second_ = static_cast<uint32_t>(_mm_extract_epi16(pairs, 4));
  }

  // The entries for k mod 8.
  HWY_INLINE __m128i In(const PairTable& table) const {
    const __m128 first = _mm_castsi128_ps(_mm_loadl_epi64(
        reinterpret_cast<const __m128i*>(table.pairs + first_)));
    return _mm_castps_si128(_mm_loadh_pi(
        first, reinterpret_cast<const __m64*>(table.pairs + second_)));
  }
  // The entries for k mod 8 of a table of powers, times 2^floor(k / 8).
  HWY_INLINE __m128 Power(const PairTable& table) const {
    return _mm_castsi128_ps(_mm_add_epi32(In(table), _mm_slli_epi32(k_, 20)));
  }

 private:
  __m128i k_, j_;
  uint32_t first_, second_;
};

// Loads the first `count` of four floats, from 1 to 3. The other lanes are
// `fill`.
HWY_INLINE __m128 LoadSome(const float* from, size_t count, float fill) {
  const __m128 others = _mm_set1_ps(fill);
  if (count == 1) return _mm_move_ss(others, _mm_load_ss(from));
  const __m128 two = _mm_loadl_pi(others, reinterpret_cast<const __m64*>(from));
  if (count == 2) return two;
  return _mm_movelh_ps(two, _mm_move_ss(others, _mm_load_ss(from + 2)));
}
HWY_INLINE void StoreSome4(float* to, __m128 v, size_t count) {
  if (count == 1) return _mm_store_ss(to, v);
  _mm_storel_pi(reinterpret_cast<__m64*>(to), v);
  if (count == 3) _mm_store_ss(to + 2, UpperTwo(v));
}
// Returns v. A loop that copies such values stays a loop. GCC would turn it
// into a `rep movs`, whose start takes longer than a short row.
HWY_INLINE __m128 InLoop(__m128 v) {
  __asm__("" : "+x"(v));
  return v;
}
// to[i] = from[i] for i in [0, n), and then `fill` up to a whole number of
// vectors. Returns the number of vectors.
HWY_INLINE size_t CopyFilled(const float* from, size_t n, float fill,
                             float* to) {
  size_t i = 0;
  HWY_UNROLL(1)
  for (; n - i >= 4; i += 4) {
    _mm_storeu_ps(to + i, InLoop(_mm_loadu_ps(from + i)));
  }
  if (i == n) return n / 4;
  _mm_storeu_ps(to + i, LoadSome(from + i, n - i, fill));
  return i / 4 + 1;
}
// to[i] = from[i] for i in [0, n), from whole vectors.
HWY_INLINE void CopySome(const float* from, size_t n, float* to) {
  size_t i = 0;
  HWY_UNROLL(1)
  for (; n - i >= 4; i += 4) {
    _mm_storeu_ps(to + i, InLoop(_mm_load_ps(from + i)));
  }
  if (i != n) StoreSome4(to + i, _mm_load_ps(from + i), n - i);
}

// to[i] = op(from[i]) for i in [0, n), in place or not.
template <class Op>
HWY_INLINE void MapBy4s(const float* from, float* to, size_t n, const Op& op) {
  size_t i = 0;
  for (; n - i >= 4; i += 4) {
    _mm_storeu_ps(to + i, op(_mm_loadu_ps(from + i)));
  }
  if (i != n) {
    StoreSome4(to + i, op(LoadSome(from + i, n - i, 0.0f)), n - i);
  }
}

// to[i] = op(from[i]) for whole vectors, which are aligned.
template <class Op>
HWY_INLINE void MapFilled(const float* from, float* to, size_t n,
                          const Op& op) {
  for (; n >= 4; n -= 4, from += 4, to += 4) {
    _mm_storeu_ps(to, op(_mm_load_ps(from)));
  }
  if (n != 0) StoreSome4(to, op(_mm_load_ps(from)), n);
}

HWY_INLINE float LargestOf(__m128 v) {
  v = _mm_max_ps(v, UpperTwo(v));
  return _mm_cvtss_f32(_mm_max_ss(v, _mm_shuffle_ps(v, v, 1)));
}
// Whether any added vector has NaN. One comparison of two vectors finds the NaN
// of both.
class NaN4s {
 public:
  HWY_INLINE NaN4s() : found_(_mm_setzero_ps()) {}
  HWY_INLINE void Add(__m128 v, __m128 w) {
    found_ = _mm_or_ps(found_, _mm_cmpunord_ps(v, w));
  }
  HWY_INLINE bool Any() const { return _mm_movemask_ps(found_) != 0; }

 private:
  __m128 found_;
};
// For a row whose NaN is found later.
struct IgnoreNaN4s {
  HWY_INLINE void Add(__m128, __m128) {}
  HWY_INLINE bool Any() const { return false; }
};

// The maximum of a row that is not empty. With NaN4s it is NaN if the row holds
// NaN; with IgnoreNaN4s it is then any number.
template <class NaN = IgnoreNaN4s>
HWY_INLINE float MaxOf4s(const float* x, size_t n) {
  const __m128 none = _mm_set1_ps(-std::numeric_limits<float>::infinity());
  __m128 a = none, b = none, c = none, d = none;
  NaN nan;
  size_t i = 0;
  for (; n - i >= 16; i += 16) {
    const __m128 v = _mm_loadu_ps(x + i), w = _mm_loadu_ps(x + i + 4);
    const __m128 y = _mm_loadu_ps(x + i + 8), z = _mm_loadu_ps(x + i + 12);
    a = _mm_max_ps(a, v);
    b = _mm_max_ps(b, w);
    c = _mm_max_ps(c, y);
    d = _mm_max_ps(d, z);
    nan.Add(v, w);
    nan.Add(y, z);
  }
  for (; n - i >= 4; i += 4) {
    const __m128 v = _mm_loadu_ps(x + i);
    a = _mm_max_ps(a, v);
    nan.Add(v, v);
  }
  if (i != n) {
    const __m128 v = LoadSome(x + i, n - i, _mm_cvtss_f32(none));
    b = _mm_max_ps(b, v);
    nan.Add(v, v);
  }
  const float max = LargestOf(_mm_max_ps(_mm_max_ps(a, b), _mm_max_ps(c, d)));
  return nan.Any() ? std::numeric_limits<float>::quiet_NaN() : max;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // HWY_ARCH_X86_64

#endif  // SOFTLANE_LIB_ARITH_SSE2_INL_H_
