// SPDX-License-Identifier: Apache-2.0

// The exp values of far rows: see far_plan.h.

#if defined(SOFTLANE_LIB_ARITH_FAR_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_FAR_EXP_INL_H_
#undef SOFTLANE_LIB_ARITH_FAR_EXP_INL_H_
#else
#define SOFTLANE_LIB_ARITH_FAR_EXP_INL_H_
#endif

#include "arith/exp-inl.h"
#include "arith/far_plan.h"
#include "arith/max-inl.h"
#include "arith/sse2_softmax_exp-inl.h"
#include "arith/sum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// FarExp gives c * 2^(x l - exponent + kHeadroom), where `exponent` belongs to
// a maximum. Elements more than 129.75 octaves below the maximum give +0. NaN
// stays NaN. If each element of a vector is the maximum or far below it, no
// exponential is computed. Most rows that are masked by a finite number have
// such vectors.

#ifdef SOFTLANE_SSE2

class FarExp {
 public:
  explicit FarExp(const internal::FarLanes& lanes)  // of one lane
      : parts_(lanes.parts),
        top_(lanes.exponent[0] - internal::kHeadroom - internal::kWideMagic) {
    const float max = lanes.max[0];
    // The exp value of the maximum is computed like any other exp value.
    max_ = _mm_set1_ps(kNaN);
    lowest_ = _mm_set1_ps(-kInfinity);
    peak_ = _mm_setzero_ps();
    HWY_ALIGN float peak[4] = {max, max, max, max};
    Write(peak, 4, peak);
    const bool is_beyond = lanes.peak[0] != 0.0f;
    peak_ = _mm_set1_ps(is_beyond ? lanes.peak[0] : peak[0]);
    max_ = _mm_set1_ps(max);
    lowest_ = _mm_set1_ps(lanes.lowest[0]);
  }

  // Writes the exp values of elements in whole vectors, in place or not.
  HWY_NOINLINE void Write(const float* from, size_t n, float* to) const {
    HWY_UNROLL(1)
    for (size_t i = 0; i < n; i += 4) {
      const __m128 x = _mm_loadu_ps(from + i);
      const __m128 is_max = _mm_cmpeq_ps(x, max_);
      const __m128 is_below = _mm_cmplt_ps(x, lowest_);
      __m128 e = _mm_and_ps(is_max, peak_);
      const __m128 is_known = _mm_or_ps(is_max, is_below);
      if (_mm_movemask_ps(is_known) != 15) {
        e = _mm_or_ps(e, _mm_andnot_ps(is_known, Compute(from + i)));
      }
      _mm_storeu_ps(to + i, e);
    }
  }

 private:
  HWY_INLINE __m128 Compute(const float* from) const {
    __m128d k[2], f[2];
    Split(WidenTwo(from), k[0], f[0]);
    Split(WidenTwo(from + 2), k[1], f[1]);
    const __m128 power[1] = {Eighths4(k[0], k[1]).Power(kSoftmaxPairs)};
    const __m128d lowest =
        _mm_set1_pd(internal::kWideMagic + internal::kLowestOctaves);
    const __m128 is_low =
        _mm_shuffle_ps(_mm_castpd_ps(_mm_cmplt_pd(k[0], lowest)),
                       _mm_castpd_ps(_mm_cmplt_pd(k[1], lowest)), 0x88);
    const auto finish = [&](size_t, __m128 e)
                            HWY_ATTR { return _mm_andnot_ps(is_low, e); };
    __m128 e[1];
    ExpOfRests(power, f, finish, e);
    return e[0];
  }
  HWY_INLINE void Split(__m128d x, __m128d& k, __m128d& minus_f) const {
    const __m128d a = _mm_mul_pd(x, _mm_set1_pd(parts_.l1));
    const __m128d b = _mm_mul_pd(x, _mm_set1_pd(parts_.l2));
    const __m128d c = _mm_mul_pd(x, _mm_set1_pd(parts_.l3));
    const __m128d counter = _mm_set1_pd(internal::kWideMagic);
    const __m128d eighths =
        _mm_sub_pd(_mm_add_pd(_mm_add_pd(a, b), counter), counter);
    minus_f =
        RoundToFloat(_mm_sub_pd(_mm_sub_pd(_mm_sub_pd(eighths, a), b), c));
    k = _mm_sub_pd(eighths, _mm_set1_pd(top_));
  }

  const internal::FarParts parts_;
  const double top_;
  __m128 max_, lowest_, peak_;
};

#else

// FarExp with a maximum per lane. A lane whose maximum is direct gets the exp
// values of SoftmaxExp, by an offset.
class FarExp {
 public:
  // A single row uses the first lane only.
  HWY_NOINLINE FarExp(const internal::FarLanes& lanes,
                      const internal::ScaleParts& parts, bool is_row)
      : parts_(lanes.parts), has_direct_(lanes.has_direct) {
    const auto load = [is_row](const float* from) HWY_ATTR {
      return is_row ? Set(from[0]) : Load(from);
    };
    const VD base = hn::Set(F64(), internal::kHeadroom + kMagic);
    for (size_t h = 0; h < kHalves; ++h) {
      const double* const all = lanes.exponent;
      const VD exponents = is_row
                               ? hn::Set(F64(), all[0])
                               : hn::Load(F64(), all + h * hn::MaxLanes(F64()));
      top_[h] = hn::Sub(exponents, base);
    }
    least_ = hn::Add(load(lanes.least), Set(kMagic));
    l_hi_ = Set(parts.l_hi);
    l_lo_ = Set(parts.l_lo);
    magic_ = SoftmaxExp::Magic(load(lanes.offset));
    // The exp value of the maximum is computed like any other exp value.
    const VF max = load(lanes.max), beyond = load(lanes.peak);
    max_ = Set(kNaN);
    lowest_ = Set(-kInfinity);
    peak_ = Set(0.0f);
    HWY_ALIGN float peak[kLanes];
    Store(max, peak);
    Write(peak, 1, kLanes, peak);
    peak_ = hn::IfThenElse(hn::Gt(beyond, Set(0.0f)), beyond, Load(peak));
    max_ = max;
    lowest_ = load(lanes.lowest);
  }

  // Writes the exp values of `vectors` vectors that are `stride` apart, in
  // place or not.
  HWY_NOINLINE void Write(const float* from, size_t vectors, size_t stride,
                          float* to) const {
    for (size_t i = 0; i < vectors * stride; i += stride) {
      const VF x = Load(from + i);
      const auto is_max = hn::Eq(x, max_);
      const auto is_below = hn::Lt(x, lowest_);
      VF e = hn::IfThenElseZero(is_max, peak_);
      const auto is_known = hn::Or(is_max, is_below);
      if (!hn::AllTrue(F32(), is_known)) {
        e = hn::IfThenElse(is_known, e, Compute(x));
      }
      Store(e, to + i);
    }
  }

 private:
  static constexpr size_t kHalves = kLanes == 1 ? 1 : 2;
  using Halves = VD[kHalves];

  HWY_INLINE VF Compute(VF x) const {
    Halves wide_k, wide_rest;
    for (size_t h = 0; h < kHalves; ++h) {
      Split(HalfOf(x, h), top_[h], wide_k[h], wide_rest[h]);
    }
    VF k = Joined(wide_k), rest = Joined(wide_rest);
    if (HWY_UNLIKELY(has_direct_)) {
      const auto is_far = hn::Gt(least_, Set(0.0f));
      const VF direct_k = Eighths(x, l_hi_, magic_);
      k = hn::IfThenElse(is_far, k, direct_k);
      rest = hn::IfThenElse(is_far, rest,
                            MinusRest(x, direct_k, l_hi_, l_lo_, magic_));
    }
    return hn::IfThenZeroElse(hn::Lt(k, least_), core_.FromRest(k, rest));
  }

  template <class V>
  static HWY_INLINE VD HalfOf(V v, size_t h) {
    if constexpr (kLanes == 1) {
      return hn::PromoteTo(F64(), v);
    } else {
      return hn::PromoteTo(F64(), h == 0 ? Lower(v) : Upper(v));
    }
  }
  template <class V>
  static HWY_INLINE VF Joined(const V (&halves)[kHalves]) {
    if constexpr (kLanes == 1) {
      return hn::DemoteTo(F32(), halves[0]);
    } else {
      const hn::Rebind<float, hn::DFromV<V> > half;
      return Combine(F32(), hn::DemoteTo(half, halves[1]),
                     hn::DemoteTo(half, halves[0]));
    }
  }

  // Splits x into its eighths over `top`, and the remainder with its sign
  // changed.
  HWY_INLINE void Split(VD x, VD top, VD& k, VD& minus_f) const {
    const F64 d;
    const VD a = hn::Mul(x, hn::Set(d, parts_.l1));
    const VD b = hn::Mul(x, hn::Set(d, parts_.l2));
    const VD c = hn::Mul(x, hn::Set(d, parts_.l3));
    const VD counter = hn::Set(d, internal::kWideMagic);
    const VD eighths = hn::Sub(hn::Add(hn::Add(a, b), counter), counter);
    minus_f = hn::Sub(hn::Sub(hn::Sub(eighths, a), b), c);
    k = hn::Sub(eighths, top);
  }

  const internal::FarParts parts_;
  const SoftmaxExp core_{Set(0.0f), Set(0.0f), Set(0.0f), Set(0.0f)};
  const bool has_direct_;
  VF l_hi_, l_lo_, magic_;  // of direct lanes
  VF least_, max_, lowest_, peak_;
  VD top_[kHalves];
};

#endif  // SOFTLANE_SSE2

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_FAR_EXP_INL_H_
