// SPDX-License-Identifier: Apache-2.0

// Log-softmax's passes of the x86-64 baseline, and, by the same names, those of
// other targets that go over one row.

#if defined(SOFTLANE_LIB_KERNELS_LOG_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_LOG_ROWS_INL_H_
#undef SOFTLANE_LIB_KERNELS_LOG_ROWS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_LOG_ROWS_INL_H_
#endif

#include "arith/log_probabilities-inl.h"
#include "kernels/sse2_one_row-inl.h"
#include "kernels/sse2_rows-inl.h"
#include "kernels/sse2_short_rows-inl.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

#ifdef SOFTLANE_SSE2

// LogProbabilities, four at a time.
class WideLogProbabilities {
 public:
  HWY_INLINE explicit WideLogProbabilities(const LogProbabilities& log)
      : exact_(log),
        factor_(_mm_set1_ps(hn::GetLane(log.factor))),
        minus_shift_(_mm_set1_ps(hn::GetLane(log.minus_shift))),
        minus_high_(_mm_set1_ps(hn::GetLane(log.minus_high))),
        low_(_mm_set1_ps(hn::GetLane(log.low))),
        wide_scale_(_mm_set1_pd(hn::GetLane(log.scale))),
        wide_minus_high_(_mm_cvtps_pd(minus_high_)),
        is_scaled_(hn::GetLane(log.scale) != 1.0f),
        is_usual_(IsUsual(hn::GetLane(log.minus_high))) {}

  HWY_INLINE __m128 operator()(__m128 x) const {
    __m128 v = x;
    // The factor is 1, or 1/2 for a shift against which a subnormal rest of a
    // half is nothing: the product and the sum are rounded once in effect.
    if (exact_.is_shifted) v = _mm_add_ps(_mm_mul_ps(v, factor_), minus_shift_);
    if (!is_scaled_) return Finish(_mm_add_ps(v, minus_high_));
    const __m128d lower = Add(_mm_cvtps_pd(v));
    const __m128d upper = Add(_mm_cvtps_pd(UpperTwo(v)));
    Ties ties;
    ties.Check(lower, upper);
    if (HWY_UNLIKELY(ties.Any() || !is_usual_)) return Exactly(x);
    return Finish(Narrow(lower, upper));
  }
  // Whether Plain gives the same.
  HWY_INLINE bool IsPlain() const { return !is_scaled_ && !exact_.is_shifted; }
  HWY_INLINE __m128 Plain(__m128 x) const {
    return Finish(_mm_add_ps(x, minus_high_));
  }

 private:
  // Then a difference below 2^-126, which has ties elsewhere, is exact in
  // double.
  static HWY_INLINE bool IsUsual(float high) {
    const float size = high < 0.0f ? -high : high;
    return high == 0.0f || size >= 0x1p-60f;
  }
  HWY_INLINE __m128d Add(__m128d v) const {
    return _mm_add_pd(_mm_mul_pd(v, wide_scale_), wide_minus_high_);
  }
  HWY_INLINE __m128 Finish(__m128 v) const {
    return _mm_min_ps(_mm_setzero_ps(), _mm_sub_ps(v, low_));
  }
  HWY_NOINLINE __m128 Exactly(__m128 x) const {
    HWY_ALIGN float lanes[4];
    _mm_store_ps(lanes, x);
    for (float& lane : lanes) lane = hn::GetLane(exact_(Set(lane)));
    return _mm_load_ps(lanes);
  }

  const LogProbabilities& exact_;
  const __m128 factor_, minus_shift_, minus_high_, low_;
  const __m128d wide_scale_, wide_minus_high_;
  const bool is_scaled_, is_usual_;
};

// y[i] = op(x[i]) for i in [0, n), in place or not.
template <class Op>
HWY_INLINE void MapBy4s(const float* x, float* y, size_t n, const Op& op) {
  size_t i = 0;
  for (; n - i >= 4; i += 4) _mm_storeu_ps(y + i, op(_mm_loadu_ps(x + i)));
  if (i != n) StoreSome4(y + i, op(LoadSome(x + i, n - i, 0.0f)), n - i);
}

HWY_INLINE void WriteLogs(const LogProbabilities& log, const float* x, float* y,
                          size_t n) {
  const WideLogProbabilities logs(log);
  if (!logs.IsPlain()) return MapBy4s(x, y, n, logs);
  MapBy4s(x, y, n, [&](__m128 v) HWY_ATTR { return logs.Plain(v); });
}

// A row by itself, in registers. False if it needs more; then nothing is
// written.
HWY_INLINE bool LogsOfShortRow(const float* x, float* y, size_t n,
                               const ScaleParts& parts) {
  if (n > kMaxRegisterCols || parts.scale != 1.0) return false;
  return n <= 4 ? LogSoftmaxInRegisters<1>(x, y, n, parts)
                : LogSoftmaxInRegisters<2>(x, y, n, parts);
}

// A batch of short rows, in place or not; y and logsumexp may be null. Gives
// how many are done: the next needs more than this does.
HWY_NOINLINE size_t LogsOfBatch(const float* x, size_t x_stride, float* y,
                                size_t y_stride, size_t rows, size_t n,
                                float* logsumexp, const ScaleParts& parts) {
  ShortRowsExp exp(rows, n, parts);
  if (!exp.Make(x, x_stride) || !exp.Sum<true>()) return 0;
  exp.TakeLogs();
  for (size_t r = 0; r < rows; ++r) {
    const double log_sum = exp.LogOfSum(r);
    if (y != nullptr) {
      WriteLogs(LogProbabilities(parts, log_sum), exp.Logits(r),
                y + r * y_stride, n);
    }
    if (logsumexp != nullptr) {
      logsumexp[r] = static_cast<float>(log_sum + 0.0);
    }
  }
  return rows;
}
size_t LogsOfShortRows(const float* x, size_t x_stride, float* y,
                       size_t y_stride, size_t rows, size_t n, float* logsumexp,
                       const ScaleParts& parts) {
  if (parts.scale == 1.0 && AreNarrow(rows, n, parts)) {
    return LogsOfNarrowRows(x, x_stride, y, y_stride, rows, n, logsumexp,
                            parts);
  }
  return LogsOfBatch(x, x_stride, y, y_stride, rows, n, logsumexp, parts);
}

#else

HWY_INLINE void WriteLogs(const LogProbabilities& log, const float* x, float* y,
                          size_t n) {
  StoreTerms(MappedRow<LogProbabilities>{log, x}, y, n);
}

#endif  // SOFTLANE_SSE2

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_LOG_ROWS_INL_H_
