// SPDX-License-Identifier: Apache-2.0
#include "kernels/backward_passes.h"
#include "softlane/accuracy.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/log_softmax_backward_passes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/sum-inl.h"
#include "arith/terms-inl.h"
#include "arith/vector-inl.h"
#include "kernels/log_gradients-inl.h"
#include "kernels/sse2_rows-inl.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// dx = scale (d - p sum(d)), p = exp(log p). Two passes: the sum reads d; the
// second reads both and writes dx.
//
// p comes from softmax's exponential, whose common factor is taken off the sum.
//
// Errors, in u: of |d|, one for the difference and one for the product with
// scale; of p sum |d|, those two, the exponential, the sum and its rounding.
static_assert(kSoftmaxExpErrorU + kSumErrorU + 3.0 + 0.01 <=
                  kLogSoftmaxBackwardMaxError,
              "the documented bound holds");

#ifdef SOFTLANE_SSE2

// The gradients of a row. The difference d - p sum, of products that are exact
// in double, is rounded to double and to float. Where that may not be one
// rounding, SoftFma computes again.
class WideLogGradients {
 public:
  HWY_INLINE WideLogGradients(double sum, float scale)
      : sum_(static_cast<float>(sum * kOverSoftmaxFactor)), scale_(scale) {}

  // p is read up to a whole vector. dx may be d.
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

 private:
  HWY_INLINE void WriteFour(const float* p, const float* d, float* dx) const {
    const __m128d sum = _mm_set1_pd(sum_);
    const __m128 d4 = _mm_loadu_ps(d);
    const __m128d lower =
        _mm_sub_pd(_mm_cvtps_pd(d4), _mm_mul_pd(WidenTwo(p), sum));
    const __m128d upper =
        _mm_sub_pd(WidenTwo(d + 2), _mm_mul_pd(WidenTwo(p + 2), sum));
    const __m128 difference = Narrow(lower, upper);
    Ties ties;
    ties.Check(lower, upper);
    if (HWY_UNLIKELY(ties.Any() || AreTiny(difference, d4))) {
      return Exactly(p, d, dx, sum_, scale_);
    }
    _mm_storeu_ps(dx, _mm_mul_ps(_mm_set1_ps(scale_), difference));
  }
  // Subnormal floats have ties elsewhere. Without d there is no sum to round.
  static HWY_INLINE bool AreTiny(__m128 difference, __m128 d) {
    const __m128 size = _mm_andnot_ps(_mm_set1_ps(-0.0f), difference);
    const __m128 are_tiny =
        _mm_andnot_ps(_mm_cmpeq_ps(d, _mm_setzero_ps()),
                      _mm_cmple_ps(size, _mm_set1_ps(0x1p-126f)));
    return _mm_movemask_ps(are_tiny) != 0;
  }
  static HWY_NOINLINE void Exactly(const float* p, const float* d, float* dx,
                                   float sum, float scale) {
    HWY_UNROLL(1)
    for (size_t i = 0; i < 4; ++i) {
      dx[i] = scale * internal::SoftFma(-p[i], sum, d[i]);
    }
  }

  float sum_, scale_;
};

// The largest logarithm of which ExpStep has the bits of SoftmaxExp: it counts
// octaves in double. No probability's is above 0.
constexpr float kMaxWideLog = 64.0f;
// What ExpStep would give. p may be log_p.
HWY_NOINLINE void ExpOfLargeLogs(const float* log_p, float* p, size_t n) {
  const SoftmaxExp exp(Set(kLog2EHigh), Set(kLog2ELow), Set(0.0f),
                       Set(internal::kLowestLogProbability));
  HWY_UNROLL(1)
  for (size_t i = 0; i < n; ++i) Store(exp(Load(log_p + i)), p + i);
}

// The exponential, up to the common factor, of n elements, and any numbers up
// to a whole vector: p has room for a vector more. It has no ties: see
// sse2_softmax_exp-inl.h. p may be log_p.
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

HWY_NOINLINE double SumOfRow(WideRowSums<WideTerms>& sums, const float* d,
                             size_t n) {
  if (n <= kSumBlock / 4 && n % 4 == 0) {
    return TotalOf(WideSum<false>::LastTwoOf(d, n / 4)) + 0.0;
  }
  return sums({d});
}

constexpr size_t kPacked = 512;  // elements

HWY_NOINLINE void LongLogRows(const Rows<const float>& log_p,
                              const Rows<const float>& d, const Rows<float>& dx,
                              float scale, const double* known) {
  const size_t n = log_p.cols;
  WideRowSums<WideTerms> sums(n);
  HWY_ALIGN float p[kPacked + 4];
  for (size_t r = 0; r < log_p.rows; ++r) {
    const float* const d_row = d.Row(r);
    const WideLogGradients gradients(
        known != nullptr ? known[r] : SumOfRow(sums, d_row, n), scale);
    for (size_t i = 0; i < n; i += kPacked) {
      const size_t count = HWY_MIN(kPacked, n - i);
      ExpOfLogs(log_p.Row(r) + i, count, p);
      gradients.Write(p, d_row + i, dx.Row(r) + i, count);
    }
  }
}

// Rows that share steps of the exponential.
HWY_NOINLINE void ShortLogRows(const Rows<const float>& log_p,
                               const Rows<const float>& d,
                               const Rows<float>& dx, float scale) {
  const size_t n = log_p.cols;
  const size_t most = kPacked / n;
  WideRowSums<WideTerms> sums(n);
  HWY_ALIGN float p[kPacked + 4];
  for (size_t r = 0; r < log_p.rows; r += most) {
    const size_t rows = HWY_MIN(log_p.rows - r, most);
    const float* from = log_p.Row(r);
    if (log_p.stride != n) {
      for (size_t k = 0; k < rows; ++k) {  // without gaps
        CopyFilled(from + k * log_p.stride, n, 0.0f, p + k * n);
      }
      from = p;
    }
    ExpOfLogs(from, rows * n, p);
    for (size_t k = 0; k < rows; ++k) {
      const float* const d_row = d.Row(r + k);
      const WideLogGradients gradients(SumOfRow(sums, d_row, n), scale);
      gradients.Write(p + k * n, d_row, dx.Row(r + k), n);
    }
  }
}

void BackwardRows(const Rows<const float>& log_p, const Rows<const float>& d,
                  const Rows<float>& dx, float scale, const double* sums,
                  bool) {
  sums != nullptr || log_p.cols > kSumBlock
      ? LongLogRows(log_p, d, dx, scale, sums)
      : ShortLogRows(log_p, d, dx, scale);
}

#else

// Functions of their own: the constants of each stay in registers only there.
HWY_NOINLINE void StoreRows(const Rows<const float>& log_p,
                            const Rows<const float>& d, const Rows<float>& dx,
                            float scale) {
  const size_t n = log_p.cols;
  SoftmaxExp exp = ExpOfLogs();
#if HWY_TARGET == HWY_AVX2
  // GCC would load constants that it knows for each use, and logarithms again
  // for each: 4 % of the time of 1 x 4096 with AVX2 on Zen 3.
  __asm__("" : "+m"(exp));
#endif
  for (size_t r = 0; r < log_p.rows; ++r) {
    const double sum = SumTerms(n, LoadedTerms{d.Row(r)});
    StoreTerms(LogGradients(exp, sum, scale, log_p.Row(r), d.Row(r)), dx.Row(r),
               n);
  }
}
HWY_NOINLINE void StreamRows(const Rows<const float>& log_p,
                             const Rows<const float>& d, const Rows<float>& dx,
                             float scale) {
  const size_t n = log_p.cols;
  const SoftmaxExp exp = ExpOfLogs();
  for (size_t r = 0; r < log_p.rows; ++r) {
    const size_t full = n / kSumBlock * kSumBlock;
    const LoadedTerms terms{d.Row(r)};
    LaneSum sum;
    AddBlocks(0, full, terms, sum);
    AddShortLast(full, n, terms, sum);
    NextRow next{};
    if (r + 1 < log_p.rows) next = {d.Row(r + 1), log_p.Row(r + 1)};
    const LogGradients gradients(exp, sum.Total(), scale, log_p.Row(r),
                                 d.Row(r));
    StreamTerms(StreamedLogGradients(gradients), dx.Row(r), n, next);
  }
  hwy::FlushStream();
}

// Rows of known sums, in little code: there are few such rows.
HWY_NOINLINE void StoreRowsOfSums(const Rows<const float>& log_p,
                                  const Rows<const float>& d,
                                  const Rows<float>& dx, float scale,
                                  const double* sums) {
  const size_t n = log_p.cols;
  const SoftmaxExp exp = ExpOfLogs();
  for (size_t r = 0; r < log_p.rows; ++r) {
    const LogGradients gradients(exp, sums[r], scale, log_p.Row(r), d.Row(r));
    float* const to = dx.Row(r);
    size_t i = 0;
    for (; n - i >= kLanes; i += kLanes) Store(gradients.One(i), to + i);
    if (i != n) StoreFirst(gradients.First(i, n - i), to + i, n - i);
  }
}

void BackwardRows(const Rows<const float>& log_p, const Rows<const float>& d,
                  const Rows<float>& dx, float scale, const double* sums,
                  bool is_streamed) {
  if (sums != nullptr) return StoreRowsOfSums(log_p, d, dx, scale, sums);
  is_streamed ? StreamRows(log_p, d, dx, scale)
              : StoreRows(log_p, d, dx, scale);
}

#endif  // SOFTLANE_SSE2

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<LogSoftmaxBackwardRows> kLogSoftmaxBackwardRows =
    SOFTLANE_KERNEL_TABLE(BackwardRows);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
