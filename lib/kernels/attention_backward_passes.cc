// SPDX-License-Identifier: Apache-2.0
#include "kernels/backward_passes.h"
#include "softlane/accuracy.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention_backward_passes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/exp-inl.h"
#include "arith/sum-inl.h"
#include "arith/tanh-inl.h"
#include "arith/terms-inl.h"
#include "kernels/softmax_backward_row-inl.h"
#include "kernels/sse2_backward-inl.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::AttentionBackwardKernels;
using internal::KeptKeys;
using internal::KeptRows;

// dx = scale cap'(z) p (dp - dot), dot = sum(p dp), and for the sink
// -exp(sink - lse) dot. This is SoftmaxBackward, except that a key with p = 0
// adds nothing and gets +0.

// The errors of a sink's gradient: the exponential, a product p dp, the sum of
// these products, and the rounding to float. The other steps are in double.
static_assert(kSoftmaxExpErrorU + 1.0 + kSumErrorU + 1.0 + 0.01 <=
                  kSoftmaxBackwardMaxError,
              "the documented bound holds");
// The derivative of the softcap, beyond 4 |t| for the rounded argument t: the
// exponential, its constant factor and their product; 1 + e twice, the square,
// the quotient, and a product. The derivative errs by at most as much as e.
static_assert(kSoftmaxExpErrorU + 0.36 + 1.0 + 2.0 + 3.0 <= 8.0,
              "the documented bound holds");

// Keys whose scales are computed at a time.
constexpr size_t kScaledKeys = 256;

// The scale times the softcap's derivative: before it is multiplied by anything
// that may overflow.
struct CappedScales {
  HWY_INLINE VF Of(VF score) const {
    const VF t = hn::Div(hn::Mul(score, scale), softcap);
    return hn::Mul(scale, tanh.Derivative(t));
  }

  const Tanh& tanh;
  VF scale, softcap;
};
// `to` has room for whole vectors.
HWY_NOINLINE void WriteScales(const CappedScales& scales, const float* scores,
                              size_t n, float* to) {
  size_t i = 0;
  for (; n - i >= kLanes; i += kLanes) {
    Store(scales.Of(Load(scores + i)), to + i);
  }
  if (i != n) {
    Store(scales.Of(LoadFirst(scores + i, n - i, Set(0.0f))), to + i);
  }
}

// The numbers of a row that its keys need.
struct KeptRow {
  HWY_INLINE KeptRow(const KeptRows& rows, size_t r, const KeptKeys& keys)
      : p(rows.p.Row(r) + keys.begin),
        dp(rows.dp.Row(r) + keys.begin),
        dx(rows.dx.Row(r) + keys.begin),
        n(keys.end - keys.begin) {}

  const float* p;
  const float* dp;
  float* dx;
  size_t n;
};

#ifdef SOFTLANE_SSE2
HWY_NOINLINE double DotOf(const KeptRow& row) {
  WideRowSums<WideProducts<true>> dots(row.n);
  return dots({row.p, row.dp});
}
// From key `first` on, with the scales of `count` keys.
HWY_INLINE void WriteScaled(const KeptRow& row, double dot, size_t first,
                            size_t count, const float* scales) {
  WriteWide<true>(dot, 0.0f, scales, row.p + first, row.dp + first,
                  row.dx + first, count);
}
HWY_INLINE void WriteFewScaled(const KeptRow& row, double dot, size_t first,
                               size_t count, const float* scales) {
  WriteScaled(row, dot, first, count, scales);
}
HWY_INLINE void WriteUnscaled(const KeptRow& row, double dot, float scale) {
  WriteWide<true>(dot, scale, nullptr, row.p, row.dp, row.dx, row.n);
}
#else
using ScaledGradients = Gradients<true, ScaleRow>;

HWY_INLINE double DotOf(const KeptRow& row) {
  return SumTerms(row.n, Products<true>{row.p, row.dp});
}
HWY_INLINE void WriteScaled(const KeptRow& row, double dot, size_t first,
                            size_t count, const float* scales) {
  const ScaledGradients gradients(row.p + first, row.dp + first, MinusHalf(dot),
                                  ScaleRow{scales});
  StoreTerms(gradients, row.dx + first, count);
}
// WriteScaled in less code.
HWY_INLINE void WriteFewScaled(const KeptRow& row, double dot, size_t first,
                               size_t count, const float* scales) {
  const ScaledGradients gradients(row.p + first, row.dp + first, MinusHalf(dot),
                                  ScaleRow{scales});
  float* const to = row.dx + first;
  size_t i = 0;
  HWY_UNROLL(1)
  for (; count - i >= kLanes; i += kLanes) Store(gradients.One(i), to + i);
  if (i != count) StoreFirst(gradients.First(i, count - i), to + i, count - i);
}
HWY_INLINE void WriteUnscaled(const KeptRow& row, double dot, float scale) {
  const Gradients<true, OneScale> gradients(row.p, row.dp, MinusHalf(dot),
                                            OneScale{Set(scale)});
  StoreTerms(gradients, row.dx, row.n);
}
#endif

// Not inlined, for rows with a softcap and for streamed rows.
HWY_NOINLINE double DotOfRow(const KeptRow& row) { return DotOf(row); }

// Two functions that are not inlined, because only then the constants of each
// stay in registers.
template <bool kHasSoftcap>
HWY_NOINLINE void StoreRows(const KeptRows& rows, size_t first_row,
                            size_t count, const KeptKeys* keys, float scale,
                            float softcap, double* dots) {
  const Tanh tanh;
  const CappedScales capped{tanh, Set(scale), Set(softcap)};
  const size_t cols = rows.p.cols;
  for (size_t i = 0; i < count; ++i) {
    const size_t r = first_row + i;
    const KeptKeys kept = keys == nullptr ? KeptKeys{0, cols} : keys[i];
    const KeptRow row(rows, r, kept);
    const double dot = kHasSoftcap ? DotOfRow(row) : DotOf(row);
    if (dots != nullptr) dots[i] = dot;
    if constexpr (kHasSoftcap) {
      HWY_ALIGN float scales[kScaledKeys];
      const float* const scores = rows.scores.Row(r) + kept.begin;
      for (size_t first = 0; first < row.n; first += kScaledKeys) {
        const size_t part = HWY_MIN(row.n - first, kScaledKeys);
        WriteScales(capped, scores + first, part, scales);
        WriteScaled(row, dot, first, part, scales);
      }
    } else {
      WriteUnscaled(row, dot, scale);
    }
    if (keys == nullptr) continue;
    Fill(rows.dx.Row(r), kept.begin, 0.0f);
    Fill(rows.dx.Row(r) + kept.end, cols - kept.end, 0.0f);
  }
}
void KeptRowsOf(const KeptRows& rows, size_t first, size_t count,
                const KeptKeys* keys, float scale, float softcap,
                double* dots) {
  softcap == 0.0f
      ? StoreRows<false>(rows, first, count, keys, scale, softcap, dots)
      : StoreRows<true>(rows, first, count, keys, scale, softcap, dots);
}

// The code is small, because only long rows of other types come in parts.
void WritePart(const KeptRows& rows, double dot, float scale, float softcap) {
  const KeptRow row(rows, 0, {0, rows.p.cols});
  const Tanh tanh;
  const CappedScales capped{tanh, Set(scale), Set(softcap)};
  HWY_ALIGN float scales[kScaledKeys];
  Fill(scales, HWY_MIN(row.n, kScaledKeys), scale);
  for (size_t first = 0; first < row.n; first += kScaledKeys) {
    const size_t count = HWY_MIN(row.n - first, kScaledKeys);
    if (softcap != 0.0f) {
      WriteScales(capped, rows.scores.Row(0) + first, count, scales);
    }
    WriteFewScaled(row, dot, first, count, scales);
  }
}

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_NOINLINE void ZeroStreamed(float* to, size_t n) { FillZero(to, n, true); }

double RowStreamed(const KeptRows& rows, size_t r, const KeptKeys& keys,
                   float scale, float softcap) {
  const KeptRow row(rows, r, keys);
  const double dot = DotOfRow(row);
  const bool has_next = r + 1 < rows.p.rows;
  const Tanh tanh;
  const CappedScales capped{tanh, Set(scale), Set(softcap)};
  HWY_ALIGN float scales[kScaledKeys];
  if (softcap == 0.0f) Fill(scales, HWY_MIN(row.n, kScaledKeys), scale);
  // All parts but the first begin at a cache line.
  size_t past = reinterpret_cast<uintptr_t>(row.dx) / sizeof(float) % 16;
  for (size_t first = 0; first < row.n;) {
    const size_t part = HWY_MIN(row.n - first, kScaledKeys - past);
    if (softcap != 0.0f) {
      WriteScales(capped, rows.scores.Row(r) + keys.begin + first, part,
                  scales);
    }
    NextRow next{};
    if (has_next) {
      next = {rows.p.Row(r + 1) + keys.begin + first,
              rows.dp.Row(r + 1) + keys.begin + first};
    }
    const ScaledGradients gradients(row.p + first, row.dp + first,
                                    MinusHalf(dot), ScaleRow{scales});
    StreamTerms(gradients, row.dx + first, part, next);
    first += part;
    past = 0;
  }
  float* const to = rows.dx.Row(r);
  ZeroStreamed(to, keys.begin);
  ZeroStreamed(to + keys.end, rows.dx.cols - keys.end);
  return dot;
}
void Flush() { hwy::FlushStream(); }
#endif

// Computed in double, from the logarithm of the probability.
float Sink(double log_p, double dot) {
  // Below this limit the result is 0. Without the limit, the rest of a
  // logarithm beyond the floats would be infinite.
  const double x = log_p < -200.0 ? -200.0 : log_p;
  const float high = static_cast<float>(x);
  const SoftmaxExp exp(Set(kLog2EHigh), Set(kLog2ELow), Set(0.0f), Set(-87.0f));
  const double rest = x - high;
  const double p =
      hn::GetLane(exp(Set(high))) * kOverSoftmaxFactor * (1.0 + rest);
  return static_cast<float>(-p * dot);
}

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr AttentionBackwardKernels kKernels = {&KeptRowsOf, &RowStreamed,
                                               &WritePart, &Sink, &Flush};
#else
constexpr AttentionBackwardKernels kKernels = {&KeptRowsOf, nullptr, &WritePart,
                                               &Sink, nullptr};
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const AttentionBackwardKernels> kAttentionBackwardKernels =
    SOFTLANE_KERNEL_TABLE(kKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
