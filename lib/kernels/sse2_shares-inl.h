// SPDX-License-Identifier: Apache-2.0

// Cross-entropy's gradients for the x86-64 baseline, and the shares of
// cross_entropy_shares-inl.h, by SSE2 with their bits.

#if defined(SOFTLANE_LIB_KERNELS_SSE2_SHARES_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SSE2_SHARES_INL_H_
#undef SOFTLANE_LIB_KERNELS_SSE2_SHARES_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SSE2_SHARES_INL_H_
#endif

#include <cstring>

#include "arith/sse2-inl.h"
#include "arith/sse2_row_plans-inl.h"
#include "kernels/cross_entropy_loss-inl.h"
#include "kernels/cross_entropy_parts.h"
#include "kernels/sse2_rows-inl.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Whether WideProbabilities::OfRow gives the right product of an exp value and
// a factor. The product must be exact in double, and a negative factor must not
// give -0 instead of +0.
HWY_INLINE bool IsExact(const Reciprocal& factor) {
  const float size = factor.rest < 0.0f ? -factor.rest : factor.rest;
  const bool is_negative = _mm_movemask_ps(_mm_set_ss(factor.head)) != 0;
  return !is_negative &&
         (size >= factor.head * 0x1p-26f || factor.rest == 0.0f);
}
HWY_INLINE WideProbabilities::OfRow ScaledBy(const Reciprocal& factor) {
  return {_mm_set1_pd(factor.head), _mm_set1_ps(factor.rest),
          _mm_set1_ps(factor.least)};
}

HWY_NOINLINE __m128 FmaExactly(__m128 a, __m128 b, __m128 c) {
  HWY_ALIGN float lanes[3][4];
  _mm_store_ps(lanes[0], a);
  _mm_store_ps(lanes[1], b);
  _mm_store_ps(lanes[2], c);
  for (size_t i = 0; i < 4; ++i) {
    lanes[0][i] = internal::SoftFma(lanes[0][i], lanes[1][i], lanes[2][i]);
  }
  return _mm_load_ps(lanes[0]);
}
// Whether a double becomes a subnormal float, which may have been rounded
// before.
HWY_INLINE __m128d AreSubnormal(__m128d v) {
  const __m128d size = _mm_andnot_pd(_mm_set1_pd(-0.0), v);
  return _mm_and_pd(_mm_cmplt_pd(size, _mm_set1_pd(0x1p-126)),
                    _mm_cmpneq_pd(size, _mm_setzero_pd()));
}
HWY_INLINE __m128 SizeOf(__m128 v) {
  return _mm_andnot_ps(_mm_set1_ps(-0.0f), v);
}
// a * b + c, rounded once.
HWY_INLINE __m128 FmaOf4(__m128 a, __m128 b, __m128 c) {
  const __m128d lower =
      _mm_add_pd(_mm_mul_pd(_mm_cvtps_pd(a), _mm_cvtps_pd(b)), _mm_cvtps_pd(c));
  const __m128d upper = _mm_add_pd(
      _mm_mul_pd(_mm_cvtps_pd(UpperTwo(a)), _mm_cvtps_pd(UpperTwo(b))),
      _mm_cvtps_pd(UpperTwo(c)));
  const __m128 result = Narrow(lower, upper);
  Ties ties;
  ties.Check(lower, upper);
  const __m128 are_tiny = _mm_cmplt_ps(SizeOf(result), _mm_set1_ps(0x1p-125f));
  const auto are_subnormal = [&]() HWY_ATTR {
    return _mm_movemask_pd(
               _mm_or_pd(AreSubnormal(lower), AreSubnormal(upper))) != 0;
  };
  if (HWY_UNLIKELY(ties.Any() ||
                   (_mm_movemask_ps(are_tiny) != 0 && are_subnormal()))) {
    return FmaExactly(a, b, c);
  }
  return result;
}

// (x - max) * kLogitUnit, rounded once, as an FMA does it.
class Differences {
 public:
  HWY_INLINE explicit Differences(float max)
      : max_(_mm_set1_ps(max)),
        minus_max_(_mm_set1_ps(-max * kLogitUnit)),
        // The product is exact.
        is_usual_(max == 0.0f || max >= kLeast || max <= -kLeast) {}

  HWY_INLINE __m128 operator()(__m128 x) const {
    const __m128 unit = _mm_set1_ps(kLogitUnit), zero = _mm_setzero_ps();
    const __m128 infinity = _mm_set1_ps(kInfinity);
    // A difference is rounded once. Its product is exact unless it is so small
    // that it becomes subnormal. If a difference overflows, it is computed in
    // smaller units.
    const __m128 difference = _mm_sub_ps(x, max_), size = SizeOf(difference);
    const __m128 are_normal = _mm_and_ps(
        _mm_cmpge_ps(size, _mm_set1_ps(kLeast)), _mm_cmplt_ps(size, infinity));
    const __m128 are_exact =
        _mm_or_ps(_mm_cmpeq_ps(size, zero), _mm_cmpeq_ps(SizeOf(x), infinity));
    if (HWY_LIKELY(is_usual_ &&
                   _mm_movemask_ps(_mm_or_ps(are_normal, are_exact)) == 15)) {
      return _mm_mul_ps(difference, unit);
    }
    return FmaOf4(x, unit, minus_max_);
  }

 private:
  static constexpr float kLeast = 0x1p-100f;

  const __m128 max_, minus_max_;
  const bool is_usual_;
};

// The first `count` of four shares, in two factors, and +0.
struct WideFactors {
  HWY_INLINE WideFactors(const ClassShares& shares, size_t i, size_t count)
      : has_weights(shares.weights != nullptr) {
    const auto load = [&](const float* from) HWY_ATTR {
      return count == 4 ? _mm_loadu_ps(from + i)
                        : LoadSome(from + i, count, 0.0f);
    };
    const __m128 smoothing = _mm_set1_ps(shares.smoothing);
    if (shares.targets == nullptr) {
      targets = smoothing;
    } else if (shares.target_share == 1.0f) {
      targets = _mm_add_ps(load(shares.targets), smoothing);
    } else {
      targets = FmaOf4(load(shares.targets), _mm_set1_ps(shares.target_share),
                       smoothing);
    }
    if (has_weights) weights = load(shares.weights);
    if (count == 4) return;
    const __m128i lanes = _mm_set_epi32(3, 2, 1, 0);
    const __m128i some =
        _mm_cmplt_epi32(lanes, _mm_set1_epi32(static_cast<int>(count)));
    targets = _mm_and_ps(_mm_castsi128_ps(some), targets);
  }
  HWY_INLINE __m128 Product() const {
    return has_weights ? _mm_mul_ps(targets, weights) : targets;
  }
  // The term, but +0 where one of the factors is 0.
  HWY_INLINE __m128 Counted(__m128 term) const {
    const __m128 zero = _mm_setzero_ps();
    __m128 are_zero = _mm_cmpeq_ps(targets, zero);
    if (has_weights) {
      are_zero = _mm_or_ps(are_zero, _mm_cmpeq_ps(weights, zero));
    }
    return _mm_andnot_ps(are_zero, term);
  }

  bool has_weights;
  __m128 targets, weights;
};

// The sum of up to 16 terms.
constexpr size_t kFewTerms = 16;
HWY_NOINLINE double SumOfFew(const float* terms, size_t vectors) {
  if (vectors > kFewTerms / 4) __builtin_unreachable();
  return TotalOf(WideSum<true>::LastTwoOf(terms, vectors)) + 0.0;
}

HWY_NOINLINE ShareSums SumShares(const ClassShares& shares, const float* x,
                                 size_t n, float max,
                                 internal::ShareParts* before = nullptr) {
  HWY_ALIGN float totals[kSumBlock], logits[kSumBlock];
  const Differences difference(max);
  WideSum<true> total, logit;
  if (before != nullptr) {
    std::memcpy(&total.lanes, before->total, sizeof(total.lanes));
    std::memcpy(&logit.lanes, before->logits, sizeof(logit.lanes));
  }
  for (size_t start = 0; start < n; start += kSumBlock) {
    const size_t end = HWY_MIN(start + kSumBlock, n);
    for (size_t i = start; i < end; i += 4) {
      const size_t count = HWY_MIN(end - i, size_t{4});
      const WideFactors q(shares, i, count);
      const __m128 v =
          count == 4 ? _mm_loadu_ps(x + i) : LoadSome(x + i, count, max);
      const __m128 product = q.Product();
      _mm_store_ps(totals + (i - start), product);
      _mm_store_ps(logits + (i - start),
                   q.Counted(_mm_mul_ps(product, difference(v))));
    }
    const size_t vectors = (end - start + 3) / 4;
    if (n <= kFewTerms && before == nullptr) {
      return {
          shares.AreEqual() ? SumOfEqual(shares, n) : SumOfFew(totals, vectors),
          SumOfFew(logits, vectors) / kLogitUnit};
    }
    if (!shares.AreEqual()) AddVectors(totals, vectors, true, total.lanes);
    AddVectors(logits, vectors, true, logit.lanes);
  }
  size_t all = n;
  if (before != nullptr) {
    std::memcpy(before->total, &total.lanes, sizeof(total.lanes));
    std::memcpy(before->logits, &logit.lanes, sizeof(logit.lanes));
    all = before->n += n;
  }
  return {shares.AreEqual() ? SumOfEqual(shares, all) : total.Total(),
          logit.Total() / kLogitUnit};
}

// dx = factor * e - unit * q. dx may be e. Gives false and writes nothing if
// the row needs SoftFma.
HWY_NOINLINE bool WriteGradient4s(const Reciprocal& factor,
                                  const ClassShares& shares, float unit,
                                  size_t n, const float* e, float* dx) {
  if (!IsExact(factor)) return false;
  const WideProbabilities::OfRow scaled = ScaledBy(factor);
  const __m128 minus_unit = _mm_set1_ps(-unit);
  for (size_t i = 0; i < n; i += 4) {
    const size_t count = HWY_MIN(n - i, size_t{4});
    const WideFactors q(shares, i, count);
    const __m128 four =
        count == 4 ? _mm_loadu_ps(e + i) : LoadSome(e + i, count, 0.0f);
    const __m128 v = FmaOf4(minus_unit, q.Product(), scaled(four));
    count == 4 ? _mm_storeu_ps(dx + i, v) : StoreSome4(dx + i, v, count);
  }
  return true;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_KERNELS_SSE2_SHARES_INL_H_
