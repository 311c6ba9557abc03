// SPDX-License-Identifier: Apache-2.0

// The backward pass of log-softmax by SSE2, with the bits of
// log_gradients-inl.h.

#if defined(SOFTLANE_LIB_KERNELS_SSE2_LOG_GRADIENTS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SSE2_LOG_GRADIENTS_INL_H_
#undef SOFTLANE_LIB_KERNELS_SSE2_LOG_GRADIENTS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SSE2_LOG_GRADIENTS_INL_H_
#endif

#include "kernels/log_gradients-inl.h"
#include "kernels/sse2_rows-inl.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The gradients of four elements at a time, with a sum for each. The difference
// d - p sum, of products that are exact in double, is rounded to double and to
// float. Where that may not be one rounding, SoftFma computes again.
class WideLogGradients {
 public:
  // For a row.
  HWY_INLINE WideLogGradients(double sum, float scale)
      : WideLogGradients(
            _mm_set1_ps(static_cast<float>(sum * kOverSoftmaxFactor)), scale) {}
  // `sums` are multiplied by kOverSoftmaxFactor.
  HWY_INLINE WideLogGradients(__m128 sums, float scale)
      : sums_(sums),
        lower_(_mm_cvtps_pd(sums)),
        upper_(_mm_cvtps_pd(UpperTwo(sums))),
        scale_(scale) {}

  // Of a row. p is read up to a whole vector. dx may be d.
  HWY_INLINE void Write(const float* p, const float* d, float* dx,
                        size_t n) const {
    for (; n >= 4; n -= 4, p += 4, d += 4, dx += 4) WriteFour(p, d, dx);
    if (n != 0) {
      HWY_ALIGN float last[4];
      _mm_store_ps(last, LoadSome(d, n, 0.0f));
      WriteFour(p, last, last);
      StoreSome4(dx, _mm_load_ps(last), n);
    }
  }

  HWY_INLINE void WriteFour(const float* p, const float* d, float* dx) const {
    const __m128 d4 = _mm_loadu_ps(d);
    const __m128d lower =
        _mm_sub_pd(_mm_cvtps_pd(d4), _mm_mul_pd(WidenTwo(p), lower_));
    const __m128d upper =
        _mm_sub_pd(WidenTwo(d + 2), _mm_mul_pd(WidenTwo(p + 2), upper_));
    const __m128 difference = Narrow(lower, upper);
    Ties ties;
    ties.Check(lower, upper);
    if (HWY_UNLIKELY(ties.Any() || AreTiny(difference, d4))) {
      return Exactly(p, d, dx, sums_, scale_);
    }
    _mm_storeu_ps(dx, _mm_mul_ps(_mm_set1_ps(scale_), difference));
  }

 private:
  // Subnormal floats have ties elsewhere. Without d there is no sum to round.
  static HWY_INLINE bool AreTiny(__m128 difference, __m128 d) {
    const __m128 size = _mm_andnot_ps(_mm_set1_ps(-0.0f), difference);
    const __m128 are_tiny =
        _mm_andnot_ps(_mm_cmpeq_ps(d, _mm_setzero_ps()),
                      _mm_cmple_ps(size, _mm_set1_ps(0x1p-126f)));
    return _mm_movemask_ps(are_tiny) != 0;
  }
  static HWY_NOINLINE void Exactly(const float* p, const float* d, float* dx,
                                   __m128 sums, float scale) {
    HWY_ALIGN float sum[4];
    _mm_store_ps(sum, sums);
    HWY_UNROLL(1)
    for (size_t i = 0; i < 4; ++i) {
      dx[i] = scale * internal::SoftFma(-p[i], sum[i], d[i]);
    }
  }

  __m128 sums_;
  __m128d lower_, upper_;
  float scale_;
};

// The largest logarithm for which ExpStep has the bits of SoftmaxExp, because
// ExpStep counts octaves in double. The logarithm of a probability is at most
// 0.
constexpr float kMaxWideLog = 64.0f;
// What ExpStep would give. p may be log_p.
HWY_NOINLINE void ExpOfLargeLogs(const float* log_p, float* p, size_t n) {
  const SoftmaxExp exp(Set(kLog2EHigh), Set(kLog2ELow), Set(0.0f),
                       Set(internal::kLowestLogProbability));
  HWY_UNROLL(1)
  for (size_t i = 0; i < n; ++i) Store(exp(Load(log_p + i)), p + i);
}

// Writes the exponentials of n elements, up to the common factor, and then any
// numbers up to a whole vector. p has room for one more vector. There are no
// ties: see sse2_softmax_exp-inl.h. p may be log_p.
HWY_NOINLINE void ExpOfLogs(const float* log_p, size_t n, float* p) {
  _mm_storeu_ps(p + n, _mm_setzero_ps());
  if (HWY_UNLIKELY(!(MaxOf4s<NaN4s>(log_p, n) <= kMaxWideLog))) {
    return ExpOfLargeLogs(log_p, p, n);
  }
  const WideRow row = WideRowOf(0.0, internal::kLowestLogProbability);
  const size_t full = n / 4 * 4;
  ExpVectors(log_p, p, full / 4, internal::kUnscaled, &row, 0);
  if (full == n) return;
  HWY_ALIGN float last[4];
  _mm_store_ps(last, LoadSome(log_p + full, n - full, 0.0f));
  ExpVectors(last, p + full, 1, internal::kUnscaled, &row, 0);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_KERNELS_SSE2_LOG_GRADIENTS_INL_H_
