// SPDX-License-Identifier: Apache-2.0

// SoftmaxBackward's rows of the x86-64 baseline.

#if defined(SOFTLANE_LIB_KERNELS_SSE2_SOFTMAX_BACKWARD_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SSE2_SOFTMAX_BACKWARD_INL_H_
#undef SOFTLANE_LIB_KERNELS_SSE2_SOFTMAX_BACKWARD_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SSE2_SOFTMAX_BACKWARD_INL_H_
#endif

#include "arith/sse2-inl.h"
#include "arith/sse2_sum-inl.h"
#include "kernels/sse2_backward-inl.h"
#include "softlane/rows.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Terms in registers, as WideSum takes them.
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
      WriteWideTiny<false>(m, scales, nullptr, p_row, dp_row, dx_row, n);
    } else {
      const WideGradients<false, false> gradients(m);
      HWY_UNROLL(8)
      for (size_t k = 0; k < kVectors; ++k) {
        const size_t i = 4 * k;
        const __m128 v = gradients(a[k], b[k], scales);
        if (k < kWhole || i + 4 <= n) {
          _mm_storeu_ps(dx_row + i, v);
        } else if (i < n) {
          StoreSome4(dx_row + i, v, n - i);
        }
      }
    }
    // A row alone may have any stride: no pointer behind it.
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
  const __m128 scales = _mm_set1_ps(scale);
  WideRowSums<WideProducts<false>> dots(n);
  for (size_t r = 0; r < p.rows; ++r) {
    const float* const p_row = p.Row(r);
    const float* const dp_row = dp.Row(r);
    const double dot = dots({p_row, dp_row});
    WriteWide<false>(dot, scales, nullptr, p_row, dp_row, dx.Row(r), n);
  }
}

void BaselineBackwardRows(const Rows<const float>& p,
                          const Rows<const float>& dp, const Rows<float>& dx,
                          float scale) {
  if (p.cols > 32) return LongBackwardRows(p, dp, dx, scale);
  if (p.cols > 24) return ShortBackwardRows<8, 6>(p, dp, dx, scale);
  if (p.cols > 16) return ShortBackwardRows<6, 4>(p, dp, dx, scale);
  if (p.cols > 12) return ShortBackwardRows<4, 3>(p, dp, dx, scale);
  if (p.cols > 8) return ShortBackwardRows<3, 2>(p, dp, dx, scale);
  if (p.cols > 4) return ShortBackwardRows<2, 1>(p, dp, dx, scale);
  ShortBackwardRows<1, 0>(p, dp, dx, scale);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_KERNELS_SSE2_SOFTMAX_BACKWARD_INL_H_
