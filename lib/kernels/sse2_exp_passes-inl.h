// SPDX-License-Identifier: Apache-2.0

// Exp's pass of the x86-64 baseline.

#if defined(SOFTLANE_LIB_KERNELS_SSE2_EXP_PASSES_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SSE2_EXP_PASSES_INL_H_
#undef SOFTLANE_LIB_KERNELS_SSE2_EXP_PASSES_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SSE2_EXP_PASSES_INL_H_
#endif

#include "arith/sse2-inl.h"
#include "arith/sse2_exp-inl.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Two vectors side by side are as fast as four, and faster in short rows.
constexpr size_t kExpVectors = 2;
constexpr size_t kExpStep = 4 * kExpVectors;

// Some arguments are above kMaxUsual.
HWY_NOINLINE void ExpOfAny(const float* x, float* y, size_t n) {
  HWY_ALIGN float in[kExpStep], out[kExpStep];
  for (size_t i = 0; i < n; i += kExpStep) {
    const size_t count = HWY_MIN(n - i, kExpStep);
    for (size_t k = CopyFilled(x + i, count, 0.0f, in); k < kExpVectors; ++k) {
      _mm_store_ps(in + 4 * k, _mm_setzero_ps());
    }
    ExponentialStep<kExpVectors, false>(in, out);
    CopySome(out, count, y + i);
  }
}

// Up to 4 values, in registers.
HWY_INLINE void ExpOfFew(const float* x, float* y, size_t n) {
  const __m128 in[1] = {n == 4 ? _mm_loadu_ps(x) : LoadSome(x, n, 0.0f)};
  __m128 out[1];
  if (HWY_UNLIKELY(!ExponentialOf<true>(in, out))) return ExpOfAny(x, y, n);
  if (n == 4) {
    _mm_storeu_ps(y, out[0]);
  } else {
    StoreSome4(y, out[0], n);
  }
}

// In place or not.
HWY_NOINLINE void ExpOfRow(const float* x, float* y, size_t n) {
  constexpr size_t kBlock = 8 * kExpStep;
  HWY_ALIGN float copy[kBlock];
  size_t i = 0;
  while (n - i >= kExpStep) {
    const size_t count = HWY_MIN(kBlock, (n - i) / kExpStep * kExpStep);
    const float* from = x + i;
    if (x == y) {
      CopyFilled(from, count, 0.0f, copy);
      from = copy;
    }
    bool are_usual = true;
    for (size_t k = 0; k < count; k += kExpStep) {
      are_usual &= ExponentialStep<kExpVectors, true>(from + k, y + i + k);
    }
    if (HWY_UNLIKELY(!are_usual)) ExpOfAny(from, y + i, count);
    i += count;
  }
  if (i == n) return;
  if (n - i <= 4) return ExpOfFew(x + i, y + i, n - i);
  HWY_ALIGN float result[kExpStep];
  CopyFilled(x + i, n - i, 0.0f, copy);
  if (HWY_UNLIKELY(!(ExponentialStep<kExpVectors, true>(copy, result)))) {
    return ExpOfAny(copy, y + i, n - i);
  }
  CopySome(result, n - i, y + i);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_KERNELS_SSE2_EXP_PASSES_INL_H_
