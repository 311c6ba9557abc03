// SPDX-License-Identifier: Apache-2.0

// Few logits for the x86-64 baseline, in registers: one row of up to 12, or up
// to four rows of up to 4 at a time. Longer rows go through memory pass by
// pass, and each pass waits for the stores of the pass before it.

#if defined(SOFTLANE_LIB_KERNELS_SSE2_NARROW_ROWS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SSE2_NARROW_ROWS_INL_H_
#undef SOFTLANE_LIB_KERNELS_SSE2_NARROW_ROWS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SSE2_NARROW_ROWS_INL_H_
#endif

#include "arith/sse2_softmax_exp-inl.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {

// Writes the probabilities of rows that AreNarrow, or the log-probabilities if
// the scale is 1. Returns the number of rows done. The next row needs another
// pass: its maximum is not finite or beyond the direct limit, or its sum is
// NaN.
size_t WriteNarrowRows(const float* x, size_t x_stride, float* y,
                       size_t y_stride, size_t rows, size_t n, bool is_log,
                       const internal::ScaleParts& parts);

namespace {

HWY_INLINE bool AreNarrow(size_t rows, size_t n,
                          const internal::ScaleParts& parts) {
  const size_t most = rows == 1 ? 12 : 4;
  return n - 1 < most && parts.is_usual && !MayHaveTies(parts);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_KERNELS_SSE2_NARROW_ROWS_INL_H_
