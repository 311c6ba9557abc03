// SPDX-License-Identifier: Apache-2.0
#include "kernels/log_passes.h"

#include "softlane/accuracy.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/log_passes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/log_probabilities-inl.h"
#include "arith/max-inl.h"
#include "arith/sse2_row_plans-inl.h"
#include "kernels/exp_sums-inl.h"
#include "kernels/few_rows-inl.h"
#include "kernels/sse2_narrow_rows-inl.h"
#include "kernels/sse2_short_rows-inl.h"
#include "kernels/stream-inl.h"
#include "kernels/sum_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::LogitsKernels;
using internal::SoftmaxKernels;

// log p = scale x - log(sum(exp(scale x))).
//
// Errors, in u: the errors of the sum's terms. The sum itself is in double.
// Then there are two roundings of about |log p|, each of at most half of a unit
// in the last place. This is half a u below 1, and one u up to 2. Above, max(1,
// |log p|) grows in the same way.
static_assert(kSoftmaxExpErrorU + kDoubleSumErrorU + 2.0 * 1.0 + 0.01 <=
                  kLogSoftmaxMaxError * 0x1p24,
              "the documented bound holds");

#ifdef SOFTLANE_SSE2

// LogProbabilities, four at a time.
class WideLogProbabilities {
 public:
  HWY_INLINE explicit WideLogProbabilities(const LogProbabilities& log)
      : exact_(log),
        factor_(_mm_set1_ps(hn::GetLane(log.factor))),
        minus_shift_(_mm_set1_ps(hn::GetLane(log.minus_shift))),
        low_(_mm_set1_ps(hn::GetLane(log.low))),
        scale_(_mm_set1_pd(hn::GetLane(log.scale))),
        minus_high_(_mm_set1_pd(hn::GetLane(log.minus_high))),
        is_usual_(IsUsual(hn::GetLane(log.minus_high))) {}

  HWY_INLINE __m128 operator()(__m128 x) const {
    __m128 v = x;
    // The factor is 1, or 1/2 for a shift against which a subnormal rest of a
    // half is nothing: the product and the sum are rounded once in effect.
    if (exact_.is_shifted) v = _mm_add_ps(_mm_mul_ps(v, factor_), minus_shift_);
    const __m128d lower = Add(_mm_cvtps_pd(v));
    const __m128d upper = Add(_mm_cvtps_pd(UpperTwo(v)));
    Ties ties;
    ties.Check(lower, upper);
    if (HWY_UNLIKELY(ties.Any() || !is_usual_)) return Exactly(x);
    return _mm_min_ps(_mm_setzero_ps(), _mm_sub_ps(Narrow(lower, upper), low_));
  }

 private:
  // Then a difference below 2^-126, which has ties elsewhere, is exact in
  // double.
  static HWY_INLINE bool IsUsual(float high) {
    const float size = high < 0.0f ? -high : high;
    return high == 0.0f || size >= 0x1p-60f;
  }
  HWY_INLINE __m128d Add(__m128d v) const {
    return _mm_add_pd(_mm_mul_pd(v, scale_), minus_high_);
  }
  HWY_NOINLINE __m128 Exactly(__m128 x) const {
    HWY_ALIGN float lanes[4];
    _mm_store_ps(lanes, x);
    HWY_UNROLL(1)
    for (float& lane : lanes) lane = hn::GetLane(exact_(Set(lane)));
    return _mm_load_ps(lanes);
  }

  const LogProbabilities& exact_;
  const __m128 factor_, minus_shift_, low_;
  const __m128d scale_, minus_high_;
  const bool is_usual_;
};

HWY_NOINLINE void WriteLogs(const LogProbabilities& log, const float* x,
                            float* y, size_t n) {
  if (log.is_shifted || hn::GetLane(log.scale) != 1.0f) {
    return MapBy4s(x, y, n, WideLogProbabilities(log));
  }
  MapBy4s(x, y, n,
          PlainLogs::OfRow{_mm_set1_ps(-hn::GetLane(log.minus_high)),
                           _mm_set1_ps(hn::GetLane(log.low))});
}

// Does a batch of short rows, in place or not. y and logsumexp may be null.
// Returns the number of rows done. The next row needs another schedule.
size_t LogsOfShortRows(const float* x, size_t x_stride, float* y,
                       size_t y_stride, size_t rows, size_t n, float* logsumexp,
                       const ScaleParts& parts) {
  const bool is_plain = parts.scale == 1.0;
  if (is_plain && y != nullptr && logsumexp == nullptr &&
      AreNarrow(rows, n, parts)) {
    return WriteNarrowRows(x, x_stride, y, y_stride, rows, n, true, parts);
  }
  ShortRows batch(rows, n, parts);
  if (!batch.Make(x, x_stride, true)) return 0;
  batch.TakeLogs();
  if (logsumexp != nullptr) batch.WriteLogs(logsumexp);
  if (y == nullptr) return rows;
  for (size_t r = 0; r < rows; ++r) {
    float* const to = y + r * y_stride;
    if (HWY_LIKELY(is_plain)) {
      batch.Map(batch.Logits(r), to,
                PlainLogs(_mm_set1_pd(batch.Log(r))).First());
    } else {
      const LogProbabilities logs(parts, batch.Log(r));
      WriteLogs(logs, batch.Logits(r), to, n);
    }
  }
  return rows;
}

#else

HWY_INLINE void WriteLogs(const LogProbabilities& log, const float* x, float* y,
                          size_t n) {
  StoreTerms(MappedRow<LogProbabilities>{log, x}, y, n);
}

#endif  // SOFTLANE_SSE2

// Three passes: the maximum and the sum read; the third reads and writes. The
// first two go block by block through a long row.
RowResult LogOfRow(const float* x, float* y, size_t n, float,
                   const ScaleParts& parts, float* logsumexp) {
#ifdef SOFTLANE_SSE2
  if (logsumexp == nullptr && parts.scale == 1.0 && AreNarrow(1, n, parts) &&
      WriteNarrowRows(x, 0, y, 0, 1, n, true, parts) == 1) {
    return {0.0, 0.0, 0.0f, false};  // a sum that is a number
  }
#endif
  internal::BlockSums blocks;
  const bool is_long = n > internal::kSumCols;
  if (is_long) {
    internal::SumOfBlocks(kBlockPasses, kBlockPasses.sum_in_double, x, n,
                          kNoHole, parts, true, blocks);
  }
  const float max = is_long ? blocks.max : MaxOfLogits(x, n);
  if (!IsFinite(max)) return {kNaN, kNaN, max, false};
  const RowPlan plan = PlanRow(max, parts);
  const double sum = is_long ? internal::TotalOfBlocks(blocks, plan.offset)
                             : SumExpInDouble(x, n, plan, parts);
  const double log_sum = sum == sum ? LogOfExpSum(max, sum, plan, parts)
                                    : static_cast<double>(kNaN);
  if (log_sum == log_sum) {
    if (y != nullptr) {
      WriteLogs(LogProbabilities(plan, parts, log_sum), x, y, n);
    }
    if (logsumexp != nullptr) {
      *logsumexp = static_cast<float>(log_sum + plan.scaled_shift);
    }
  }
  return {log_sum, log_sum, max, false};
}

void WriteLogRow(const float* x, float* y, size_t n, double log_sum,
                 const RowPlan& plan, const ScaleParts& parts) {
  WriteLogs(LogProbabilities(plan, parts, log_sum), x, y, n);
}

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64

void Subtract(const float* x, float* logs, size_t n, double log_sum, bool,
              const ScaleParts& parts) {
  WriteLogs(LogProbabilities(parts, log_sum), x, logs, n);
}
void SubtractStreamed(const float* x, float* logs, size_t n, double log_sum,
                      const internal::ReadAhead& ahead, const ScaleParts& parts,
                      internal::OpenLine* line) {
  StreamRow(x, logs, n, LogProbabilities(parts, log_sum),
            NextRow{ahead.first, ahead.second}, line);
}

// Rows that may have masked elements are not predicted, so their pass takes an
// exact range. With a third masked and a pass that checks them they took 3 to 6
// % more time at 8 x 1024 to 4 x 32000 with AVX2 on Zen 3 than by their
// maximum, but 7 % less at 16 x 256.
constexpr LogitsKernels kLogitsKernels = {
    {&SumRows<false>, &SumRows<true>, &SumRows<false>, nullptr}, nullptr};

#if HWY_TARGET == HWY_AVX2
bool FewLogs(const float* x, size_t x_stride, float* y, size_t y_stride,
             size_t rows, size_t n, float* logsumexp) {
  const F64 d;
  const hn::Half<F32> half;
  FewRows few(rows, n);
  few.Load(x, x_stride);
  if (HWY_UNLIKELY(!few.Exp())) return false;
  const VD sum = few.Sum(few.e);
  if (HWY_UNLIKELY(!hn::AllTrue(d, hn::Eq(sum, sum)))) return false;
  const VD log = few.LogSums(sum, LogLanes(sum));
  if (y == nullptr) {  // + 0 makes +0 of -0
    HWY_ALIGN float logs[kLanes / 2];
    hn::Store(hn::DemoteTo(half, hn::Add(log, hn::Zero(d))), half, logs);
    few.StoreLanes(logs, logsumexp);
    return true;
  }
  const auto high = hn::DemoteTo(half, log);
  const auto low = hn::DemoteTo(half, hn::Sub(log, hn::PromoteTo(d, high)));
  const LaneLogProbabilities logs{Set(1.0f), few.Twice(hn::Neg(high)),
                                  few.Twice(low)};
  few.Store(logs(few.x), y, y_stride);
  return true;
}
constexpr auto kFew = &FewLogs;
#elif HWY_TARGET == HWY_AVX3
constexpr auto kFew = &N_AVX2::FewLogs;
#else
constexpr std::nullptr_t kFew = nullptr;
#endif
constexpr SoftmaxKernels kKernels = {
    &LogOfRow, &LogOfSumInRange, &Subtract, &SubtractStreamed, nullptr, kFew};
#else
#ifdef SOFTLANE_SSE2
constexpr auto kShortRows = &LogsOfShortRows;
#else
constexpr std::nullptr_t kShortRows = nullptr;
#endif
constexpr SoftmaxKernels kKernels = {&LogOfRow, nullptr,    nullptr,
                                     nullptr,   kShortRows, nullptr};
constexpr LogitsKernels kLogitsKernels = {};
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const SoftmaxKernels> kLogSoftmaxKernels =
    SOFTLANE_KERNEL_TABLE(kKernels);
const KernelTable<LogRowFunction> kWriteLogRow =
    SOFTLANE_KERNEL_TABLE(WriteLogRow);
const KernelTable<const LogitsKernels> kLogSumKernels =
    SOFTLANE_KERNEL_TABLE(kLogitsKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
