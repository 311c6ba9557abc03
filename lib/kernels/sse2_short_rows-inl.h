// SPDX-License-Identifier: Apache-2.0

// Batches of up to 16 short rows for the x86-64 baseline, pass by pass: all
// maxima, all exp values, then what is made of them. One row after the other
// would wait for the latency of each pass.

#if defined(SOFTLANE_LIB_KERNELS_SSE2_SHORT_ROWS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SSE2_SHORT_ROWS_INL_H_
#undef SOFTLANE_LIB_KERNELS_SSE2_SHORT_ROWS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SSE2_SHORT_ROWS_INL_H_
#endif

#include "kernels/softmax_kernels.h"
#include "kernels/sse2_rows-inl.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::kMaxShortCols;
using internal::kMaxShortRows;

class ShortRowsExp {
 public:
  HWY_INLINE ShortRowsExp(size_t rows, size_t n, const ScaleParts& parts)
      : parts_(parts), rows_(rows), n_(n), row_vectors_((n + 3) / 4) {}

  // Reads the rows and makes their exp values. False if a row needs more: its
  // maximum is not finite or beyond the direct limit.
  HWY_INLINE bool Make(const float* x, size_t stride) {
    const size_t vectors = rows_ * row_vectors_;
    for (size_t r = 0; r < rows_; ++r) {
      float* const to = logits_ + 4 * r * row_vectors_;
      CopyFilled(x + r * stride, n_, -kInfinity, to);
      __m128 max = _mm_load_ps(to);
      for (size_t k = 1; k < row_vectors_; ++k) {
        max = _mm_max_ps(max, _mm_load_ps(to + 4 * k));
      }
      max_[r] = LargestOf(max);
    }
    for (size_t r = 0; r < rows_; ++r) {
      const RowPlan plan = Plan(r);
      if (!(IsFinite(max_[r]) && plan.as_is)) return false;
      const WideRow row = WideRowOf(plan, parts_);
      for (size_t k = 0; k < row_vectors_; ++k) {
        of_vector_[r * row_vectors_ + k] = row;
      }
    }
    for (size_t k = vectors; k % kSideBySide != 0; ++k) {
      _mm_store_ps(logits_ + 4 * k, _mm_set1_ps(-kInfinity));
      of_vector_[k] = of_vector_[0];
    }
    const WideScale scale(parts_);
    Ties ties;
    for (size_t k = 0; k < vectors; k += kSideBySide) {
      ExpStep<kSideBySide, 1>(logits_ + 4 * k, e_ + 4 * k, scale,
                              of_vector_ + k, ties);
    }
    if (HWY_UNLIKELY(ties.Any())) {
      for (size_t r = 0; r < rows_; ++r) {
        const size_t first = 4 * r * row_vectors_;
        ExpExactly(logits_ + first, e_ + first, 4 * row_vectors_, Plan(r),
                   parts_);
      }
    }
    return true;
  }

  // sums[r] of each row; false if one is NaN.
  template <bool kInDouble>
  HWY_INLINE bool Sum(double* sums) const {
    bool are_numbers = true;
    for (size_t r = 0; r < rows_; ++r) {
      WideSum<kInDouble> sum;
      sum.Add(Row(r), row_vectors_);
      sums[r] = sum.Total();
      are_numbers = are_numbers && sums[r] == sums[r];
    }
    return are_numbers;
  }

  HWY_INLINE const float* Row(size_t r) const {
    return e_ + 4 * r * row_vectors_;
  }
  HWY_INLINE const float* Logits(size_t r) const {
    return logits_ + 4 * r * row_vectors_;
  }
  HWY_INLINE float Max(size_t r) const { return max_[r]; }
  HWY_INLINE float ExpOfMax(size_t r) const {
    const __m128 max = _mm_set1_ps(max_[r]);
    __m128 largest = _mm_setzero_ps();
    for (size_t k = 0; k < row_vectors_; ++k) {
      const __m128 is_max = _mm_cmpeq_ps(_mm_load_ps(Logits(r) + 4 * k), max);
      const __m128 e = _mm_and_ps(is_max, _mm_load_ps(Row(r) + 4 * k));
      largest = _mm_max_ps(largest, e);
    }
    return LargestOf(largest);
  }
  HWY_INLINE double LogOfSum(size_t r, const RowPlan& plan, double sum) const {
    return HWY_NAMESPACE::LogOfSum(plan, ExpOfMax(r), sum);
  }
  HWY_INLINE RowPlan Plan(size_t r) const { return PlanRow(max_[r], parts_); }

 private:
  static constexpr size_t kCapacity = kMaxShortRows * kMaxShortCols;

  const ScaleParts& parts_;
  const size_t rows_, n_, row_vectors_;
  HWY_ALIGN float logits_[kCapacity];  // each row in whole vectors
  HWY_ALIGN float e_[kCapacity];
  WideRow of_vector_[kCapacity / 4];
  float max_[kMaxShortRows];
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_KERNELS_SSE2_SHORT_ROWS_INL_H_
