// SPDX-License-Identifier: Apache-2.0

// One row of up to 8 logits for the x86-64 baseline, in registers. Its passes
// wait for each other: what counts is how few instructions they take.

#if defined(SOFTLANE_LIB_KERNELS_SSE2_ONE_ROW_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SSE2_ONE_ROW_INL_H_
#undef SOFTLANE_LIB_KERNELS_SSE2_ONE_ROW_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SSE2_ONE_ROW_INL_H_
#endif

#include "arith/sse2_log-inl.h"
#include "kernels/sse2_row_plans-inl.h"
#include "kernels/sse2_rows-inl.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

constexpr size_t kMaxRegisterCols = 8;

// The exp values of a row of kVectors vectors, the last of which may not be
// full.
template <size_t kVectors>
class RegisterRow {
 public:
  // False if the row needs more: its maximum is not finite or beyond the direct
  // limit, or the scale may have ties.
  HWY_INLINE bool Make(const float* x, size_t n, const ScaleParts& parts) {
    constexpr size_t kFull = 4 * (kVectors - 1);
    last_ = n - kFull;
    for (size_t j = 0; j < kVectors - 1; ++j) x_[j] = _mm_loadu_ps(x + 4 * j);
    x_[kVectors - 1] = last_ == 4 ? _mm_loadu_ps(x + kFull)
                                  : LoadSome(x + kFull, last_, -kInfinity);
    max_ = LargestOf(_mm_max_ps(x_[0], x_[kVectors - 1]));
    plan_ = PlanRow(max_, parts);
    if (HWY_UNLIKELY(!plan_.as_is || MayHaveTies(parts))) return false;
    __m128d wide[2 * kVectors];
    for (size_t j = 0; j < kVectors; ++j) Widen(x_[j], wide + 2 * j);
    const WideRow row = WideRowOf(plan_, parts);
    ExpOf<0>(x_, wide, WideScale(parts), &row, e_);
    return true;
  }

  // Of the exp values, in both lanes: LaneSum of a term a lane.
  HWY_INLINE __m128d Sum() const {
    __m128d sum[2];
    Widen(e_[0], sum);
    if constexpr (kVectors == 2) {
      __m128d second[2];
      Widen(e_[1], second);
      for (size_t k = 0; k < 2; ++k) sum[k] = _mm_add_pd(sum[k], second[k]);
    }
    const __m128d two = _mm_add_pd(sum[0], sum[1]);
    return _mm_add_pd(two, _mm_shuffle_pd(two, two, 1));
  }

  // LogOfSum. A sum that is one exp value is the maximum's alone.
  HWY_INLINE double LogOf(__m128d sum) const {
    const float largest = LargestOf(_mm_max_ps(e_[0], e_[kVectors - 1]));
    if (_mm_cvtsd_f64(sum) == largest) return plan_.scaled_max;
    return plan_.log_divisor + _mm_cvtsd_f64(LogOfTwo(sum));
  }

  // y = op(exp value, logit).
  template <class Op>
  HWY_INLINE void Write(float* y, const Op& op) const {
    constexpr size_t kLast = kVectors - 1;
    for (size_t j = 0; j < kLast; ++j) {
      _mm_storeu_ps(y + 4 * j, op(e_[j], x_[j]));
    }
    const __m128 last = op(e_[kLast], x_[kLast]);
    if (last_ == 4) {
      _mm_storeu_ps(y + 4 * kLast, last);
    } else {
      StoreSome4(y + 4 * kLast, last, last_);
    }
  }

  HWY_INLINE float Max() const { return max_; }

 private:
  static_assert(kVectors <= kMaxRegisterCols / 4, "the maximum is of all");

  static HWY_INLINE void Widen(__m128 v, __m128d* two) {
    two[0] = _mm_cvtps_pd(v);
    two[1] = _mm_cvtps_pd(UpperTwo(v));
  }

  size_t last_;  // logits in the last vector
  float max_;
  RowPlan plan_;
  __m128 x_[kVectors], e_[kVectors];
};

// The probabilities of a row; false if it needs more. Then nothing is written.
// A sum that is NaN is given, and nothing is written either.
template <size_t kVectors>
HWY_INLINE bool SoftmaxInRegisters(const float* x, float* y, size_t n,
                                   const ScaleParts& parts, float* max,
                                   double* sum) {
  RegisterRow<kVectors> row;
  if (!row.Make(x, n, parts)) return false;
  *max = row.Max();
  const __m128d sums = row.Sum();
  *sum = _mm_cvtsd_f64(sums);
  if (HWY_UNLIKELY(!(*sum == *sum))) return true;
  const WideProbabilities probabilities = TwoReciprocals(sums).First();
  if (HWY_UNLIKELY(!probabilities.AreExact())) return false;
  row.Write(y, [&](__m128 e, __m128) HWY_ATTR { return probabilities(e); });
  return true;
}

// The same of log-softmax, for a scale of 1.
template <size_t kVectors>
HWY_INLINE bool LogSoftmaxInRegisters(const float* x, float* y, size_t n,
                                      const ScaleParts& parts) {
  RegisterRow<kVectors> row;
  if (!row.Make(x, n, parts)) return false;
  const __m128d sum = row.Sum();
  if (HWY_UNLIKELY(_mm_movemask_pd(_mm_cmpunord_pd(sum, sum)) != 0)) {
    return false;
  }
  const double log = row.LogOf(sum);
  const float log_high = static_cast<float>(log);
  const __m128 high = _mm_set1_ps(log_high);
  const __m128 low = _mm_set1_ps(static_cast<float>(log - log_high));
  row.Write(y, [&](__m128, __m128 v) HWY_ATTR {
    return _mm_min_ps(_mm_setzero_ps(), _mm_sub_ps(_mm_sub_ps(v, high), low));
  });
  return true;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_KERNELS_SSE2_ONE_ROW_INL_H_
