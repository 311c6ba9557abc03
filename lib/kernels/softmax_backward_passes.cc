// SPDX-License-Identifier: Apache-2.0
#include "kernels/backward_passes.h"
#include "softlane/accuracy.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax_backward_passes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/terms-inl.h"
#include "kernels/softmax_backward_group-inl.h"
#include "kernels/softmax_backward_row-inl.h"
#include "kernels/sse2_backward-inl.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::GradientRow;
using internal::SoftmaxBackwardKernels;

// dx = scale p (dp - dot), dot = sum(p dp). Two passes: the dot product reads p
// and dp, the second reads both and writes dx.
//
// Errors, to first order in u: of |dp|, one each for the difference and the two
// products; of sum |p dp|, one more for a term of dot, kSumErrorU for the sum
// and one for its rounding to float.
static_assert(3.0 + 1.0 + kSumErrorU + 1.0 <= kSoftmaxBackwardMaxError,
              "the documented bound holds");

#ifdef SOFTLANE_SSE2

// Terms in registers, in the form that WideSum takes.
struct HeldTerms {
  HWY_INLINE HeldTerms operator+(size_t i) const { return {v + i / 4}; }
  HWY_INLINE __m128 Load() const { return *v; }

  const __m128* v;
};

// The vectors of a row of n elements: kWhole whole ones, then what there is of
// the others, and +0.
template <size_t kVectors, size_t kWhole>
HWY_INLINE void LoadRow(const float* from, size_t n, __m128 (&to)[kVectors]) {
  HWY_UNROLL(8)
  for (size_t k = 0; k < kVectors; ++k) {
    const size_t i = 4 * k;
    if (k < kWhole || i + 4 <= n) {
      to[k] = _mm_loadu_ps(from + i);
    } else {
      to[k] = i < n ? LoadSome(from + i, n - i, 0.0f) : _mm_setzero_ps();
    }
  }
}

// Rows of at most kVectors vectors, of which the first kWhole are whole.
template <size_t kVectors, size_t kWhole>
HWY_NOINLINE void ShortBackwardRows(const Rows<const float>& p,
                                    const Rows<const float>& dp,
                                    const Rows<float>& dx, float scale) {
  const size_t n = p.cols;
  const float* p_row = p.data;
  const float* dp_row = dp.data;
  float* dx_row = dx.data;
  const size_t p_stride = p.stride, dp_stride = dp.stride;
  const size_t dx_stride = dx.stride;
  const __m128 scales = _mm_set1_ps(scale);
  for (size_t left = p.rows;;) {
    __m128 a[kVectors], b[kVectors], products[kVectors];
    LoadRow<kVectors, kWhole>(p_row, n, a);
    LoadRow<kVectors, kWhole>(dp_row, n, b);
    HWY_UNROLL(8)
    for (size_t k = 0; k < kVectors; ++k) products[k] = _mm_mul_ps(a[k], b[k]);
    const __m128d two =
        WideSum<false>::LastTwoOf(HeldTerms{products}, kVectors);
    // LaneSum begins with +0.
    const float m = MinusHalf(TotalOf(two) + 0.0);
    if (HWY_UNLIKELY(IsTinyHalf(m))) {
      WriteWideBy<false, true>(m, scale, nullptr, p_row, dp_row, dx_row, n);
    } else {
      const WideGradients<false, false> gradients(m);
      // dp is read again: four vectors of both rows leave too few registers for
      // the sum, and the half of it that GCC spilled costs 40 cycles on Zen 5.
      const float* again = dp_row;
      __asm__("" : "+r"(again));
      HWY_UNROLL(8)
      for (size_t k = 0; k < kVectors; ++k) {
        const size_t i = 4 * k;
        const __m128 v = gradients(
            a[k], k < kWhole ? _mm_loadu_ps(again + i) : b[k], scales);
        if (k < kWhole || i + 4 <= n) {
          _mm_storeu_ps(dx_row + i, v);
        } else if (i < n) {
          StoreSome4(dx_row + i, v, n - i);
        }
      }
    }
    // A single row may have any stride, so no pointer behind it is computed.
    if (--left == 0) return;
    p_row += p_stride;
    dp_row += dp_stride;
    dx_row += dx_stride;
  }
}

HWY_NOINLINE void LongBackwardRows(const Rows<const float>& p,
                                   const Rows<const float>& dp,
                                   const Rows<float>& dx, float scale) {
  const size_t n = p.cols;
  WideRowSums<WideProducts<false>> dots(n);
  for (size_t r = 0; r < p.rows; ++r) {
    const float* const p_row = p.Row(r);
    const float* const dp_row = dp.Row(r);
    const double dot = dots({p_row, dp_row});
    WriteWide<false>(dot, scale, nullptr, p_row, dp_row, dx.Row(r), n);
  }
}

double Dot(const float* p, const float* dp, size_t n) {
  WideRowSums<WideProducts<false>> dots(n);
  return dots({p, dp});
}

void Write(const GradientRow& row, double dot) {
  WriteWide<false>(dot, row.scale, nullptr, row.p, row.dp, row.dx, row.n);
}

void BaselineBackwardRows(const Rows<const float>& p,
                          const Rows<const float>& dp, const Rows<float>& dx,
                          float scale) {
  if (p.cols <= 4) return ShortBackwardRows<1, 0>(p, dp, dx, scale);
  if (p.cols <= 8) return ShortBackwardRows<2, 1>(p, dp, dx, scale);
  if (p.cols <= 12) return ShortBackwardRows<3, 2>(p, dp, dx, scale);
  if (p.cols <= 16) return ShortBackwardRows<4, 3>(p, dp, dx, scale);
  if (p.cols <= 24) return ShortBackwardRows<6, 4>(p, dp, dx, scale);
  if (p.cols <= 32) return ShortBackwardRows<8, 6>(p, dp, dx, scale);
  LongBackwardRows(p, dp, dx, scale);
}

#else

using RowGradients = Gradients<false, OneScale>;

double Dot(const float* p, const float* dp, size_t n) {
  return SumTerms(n, DotTerms{p, dp});
}

// A block's products and, in the same loop, gradients of the pending row. The
// arithmetic of one row fills the time in which the sum of the other row is
// folded.
struct BesidePending {
  HWY_INLINE Four operator()(size_t i) const {
    const Four products = dots.FourOf(start + i);
    StoreFour(pending.FourOf(start + i, 16), dx + start + i, 16);
    return products;
  }

  const DotTerms& dots;
  const RowGradients& pending;
  float* dx;
  size_t start;
};

// Rows of kVectors vectors, the last of which may be partial. Each row is read
// once.
template <size_t kVectors>
HWY_NOINLINE void ShortBackwardRows(const Rows<const float>& p,
                                    const Rows<const float>& dp,
                                    const Rows<float>& dx, float scale) {
  const size_t whole = (kVectors - 1) * kLanes;
  size_t last = p.cols - whole;
  const size_t p_stride = p.stride, dp_stride = dp.stride;
  const size_t dx_stride = dx.stride;
  const float* p_row = p.data;
  const float* dp_row = dp.data;
  float* to = dx.data;
  const VF scales = Set(scale), zero = Set(0.0f);
  for (size_t left = p.rows;;) {
    last = Unknown(last);  // GCC would write a loop for each
    VF a[kVectors], b[kVectors];
    for (size_t k = 0; k + 1 < kVectors; ++k) {
      a[k] = Load(p_row + k * kLanes);
      b[k] = Load(dp_row + k * kLanes);
    }
    a[kVectors - 1] = LoadFirst(p_row + whole, last, zero);
    b[kVectors - 1] = LoadFirst(dp_row + whole, last, zero);
    const VD lanes = LaneSum::FoldedBlock<kVectors>(
        [&](size_t k) HWY_ATTR { return hn::Mul(a[k], b[k]); });
    // LaneSum begins with +0.
    const VF m = Set(MinusHalf(FoldLanes(lanes) + 0.0));
    for (size_t k = 0; k + 1 < kVectors; ++k) {
      Store(Gradient(a[k], b[k], m, scales), to + k * kLanes);
    }
    StoreFirst(Gradient(a[kVectors - 1], b[kVectors - 1], m, scales),
               to + whole, last);
    // A single row may have any stride, so no pointer behind it is computed.
    if (--left == 0) return;
    p_row += p_stride;
    dp_row += dp_stride;
    to += dx_stride;
  }
}

void BackwardRows(const Rows<const float>& p, const Rows<const float>& dp,
                  const Rows<float>& dx, float scale) {
  const size_t n = p.cols;
  if constexpr (kLanes > 1) {
    if (n <= kLanes) return ShortBackwardRows<1>(p, dp, dx, scale);
    if (kLanes < 16 && n <= 2 * kLanes) {
      return ShortBackwardRows<2>(p, dp, dx, scale);
    }
  }
  const size_t full = n / kSumBlock * kSumBlock;
  const OneScale scales{Set(scale)};
  double dot = Dot(p.Row(0), dp.Row(0), n);
  for (size_t r = 0;; ++r) {
    const RowGradients pending(p.Row(r), dp.Row(r), MinusHalf(dot), scales);
    float* const to = dx.Row(r);
    if (r + 1 == p.rows) return StoreTerms(pending, to, n);
    const DotTerms dots{p.Row(r + 1), dp.Row(r + 1)};
    LaneSum sum;
    for (size_t i = 0; i != full; i += kSumBlock) {
      sum.AddBlock(BesidePending{dots, pending, to, i});
    }
    if (full != n) {
      AddLast(full, n, dots, sum);
      StoreTerms(pending, to, n, full);
    }
    dot = sum.Total();
  }
}

void Write(const GradientRow& row, double dot) {
  StoreTerms(
      RowGradients(row.p, row.dp, MinusHalf(dot), OneScale{Set(row.scale)}),
      row.dx, row.n);
}

#endif  // SOFTLANE_SSE2

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
void WriteStreamed(const GradientRow& row, double dot,
                   const GradientRow* next) {
  const RowGradients gradients(row.p, row.dp, MinusHalf(dot),
                               OneScale{Set(row.scale)});
  NextRow ahead{};
  if (next != nullptr) ahead = {next->p, next->dp};
  StreamTerms(gradients, row.dx, row.n, ahead);
}

void WriteFromEnd(const GradientRow& row, double dot, bool is_streamed) {
  const RowGradients gradients(row.p, row.dp, MinusHalf(dot),
                               OneScale{Set(row.scale)});
  is_streamed = is_streamed && CanStream(row.dx);
  const AlignedRange range(row.dx, row.n);
  StoreSome(gradients, row.dx, range.end, row.n);
  for (size_t i = range.end; i != range.begin;) {
    i -= 4 * kLanes;
    const Four v = gradients.FourOf(i);
    if (is_streamed) {
      const size_t ahead = i > kPrefetchAhead ? i - kPrefetchAhead : 0;
      PrefetchRange<4 * kLanes>(row.p + ahead);
      PrefetchRange<4 * kLanes>(row.dp + ahead);
      StreamFour(v, row.dx + i, kLanes);
    } else {
      StoreFour(v, row.dx + i, kLanes);
    }
  }
  StoreSome(gradients, row.dx, 0, range.begin);
}

void Flush() { hwy::FlushStream(); }

constexpr SoftmaxBackwardKernels kKernels = {
    &BackwardRows,  &BackwardGroups, &Dot,  &Write,
    &WriteStreamed, &WriteFromEnd,   &Flush};
#elif defined(SOFTLANE_SSE2)
constexpr SoftmaxBackwardKernels kKernels = {
    &BaselineBackwardRows, nullptr, &Dot, &Write, nullptr, nullptr, nullptr};
#else
constexpr SoftmaxBackwardKernels kKernels = {
    &BackwardRows, nullptr, &Dot, &Write, nullptr, nullptr, nullptr};
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const SoftmaxBackwardKernels> kSoftmaxBackwardKernels =
    SOFTLANE_KERNEL_TABLE(kKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
