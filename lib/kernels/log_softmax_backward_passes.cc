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
#include "kernels/sse2_log_gradients-inl.h"
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
// Errors, in u. Times |d|: one for the difference, and one for the product with
// scale. Times p sum |d|: these two, and the errors of the exponential, of the
// sum, and of the rounding of the sum.
static_assert(kSoftmaxExpErrorU + kSumErrorU + 3.0 + 0.01 <=
                  kLogSoftmaxBackwardMaxError,
              "the documented bound holds");

#ifdef SOFTLANE_SSE2

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

// StoreTerms, but the last vector of a row is whole and overlaps the vector
// before it. The two are computed before the first of them is stored, since dx
// may be log_p or d. ns with AVX2 on Zen 5 by StoreTerms and by this function:
// 1020 and 960 at 64 x 63, 640 and 547 at 64 x 31, 436 and 361 at 64 x 15.
HWY_INLINE void StoreRow(const LogGradients& terms, float* to, size_t n) {
  size_t i = 0;
  for (; n - i >= 4 * kLanes; i += 4 * kLanes) {
    StoreFour(terms.FourOf(i), to + i, kLanes);
  }
  if (n - i < kLanes) {
    if (i != n) StoreFirst(terms.First(i, n - i), to + i, n - i);
    return;
  }
  const size_t part = n % kLanes, last = n - kLanes;
  if (n - i > 3 * kLanes) {
    const Four v = terms.ThreeAndLast(i, last);
    Store(v.a, to + i);
    Store(v.b, to + i + kLanes);
    Store(v.c, to + i + 2 * kLanes);
    return Store(v.d, to + last);
  }
  const size_t end = part == 0 ? n : last - part;
  for (; i != end; i += kLanes) Store(terms.One(i), to + i);
  if (part == 0) return;
  const VF v = terms.One(i), w = terms.One(last);
  Store(v, to + i);
  Store(w, to + last);
}

// Not inlined, because only then the constants stay in registers.
HWY_NOINLINE void StoreRows(const Rows<const float>& log_p,
                            const Rows<const float>& d, const Rows<float>& dx,
                            float scale) {
  const size_t n = log_p.cols;
  SoftmaxExp exp = ExpOfLogs();
#if HWY_TARGET == HWY_AVX2
  // GCC would load known constants for each use, and logarithms, too: 4 % of
  // the time of 1 x 4096 with AVX2 on Zen 3.
  __asm__("" : "+m"(exp));
#endif
  for (size_t r = 0; r < log_p.rows; ++r) {
    const double sum = SumTerms(n, LoadedTerms{d.Row(r)});
    StoreRow(LogGradients(exp, sum, scale, log_p.Row(r), d.Row(r)), dx.Row(r),
             n);
  }
}
HWY_NOINLINE void StreamRows(const Rows<const float>& log_p,
                             const Rows<const float>& d, const Rows<float>& dx,
                             float scale) {
  const size_t n = log_p.cols;
  SoftmaxExp exp = ExpOfLogs();
#if HWY_TARGET == HWY_AVX2
  __asm__("" : "+m"(exp));  // as above
#endif
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

// Rows with known sums. The code is small, because such rows are rare.
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
