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
#include "kernels/sse2_narrow_rows-inl.h"
#include "kernels/sse2_row_plans-inl.h"
#include "kernels/sse2_rows-inl.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::kMaxShortCols;
using internal::kMaxShortRows;

// What a row decides between its passes is done for two or four rows at a time,
// as plan.h does it for a row.
class ShortRowsExp {
 public:
  HWY_INLINE ShortRowsExp(size_t rows, size_t n, const ScaleParts& parts)
      : parts_(parts), rows_(rows), n_(n), row_vectors_((n + 3) / 4) {}

  // Reads the rows and makes their exp values. False if a row needs more: its
  // maximum is not finite or beyond the direct limit.
  HWY_INLINE bool Make(const float* x, size_t stride) {
    if (parts_.unit != 1.0) return false;
    ReadRows(x, stride);
    for (size_t r = 0; r < rows_; r += 4) {
      if (!PlanFour(r)) return false;
    }
    const size_t vectors = rows_ * row_vectors_;
    for (size_t k = vectors; k % kSideBySide != 0; ++k) {
      _mm_store_ps(logits_ + 4 * k, _mm_set1_ps(-kInfinity));
      of_vector_[k] = of_vector_[0];
    }
    const WideScale scale(parts_);
    for (size_t k = 0; k < vectors; k += kSideBySide) {
      ExpStep<kSideBySide, 1>(logits_ + 4 * k, e_ + 4 * k, scale,
                              of_vector_ + k);
    }
    for (size_t r = 0; r < rows_ && MayHaveTies(parts_); ++r) {
      const size_t first = 4 * r * row_vectors_;
      CheckTies(logits_ + first, e_ + first, 4 * row_vectors_, Plan(r), parts_);
    }
    return true;
  }

  // The sum of each row; false if one is NaN.
  template <bool kInDouble>
  HWY_INLINE bool Sum() {
    __m128d last_two[kMaxShortRows];
    for (size_t r = 0; r < rows_; ++r) {
      last_two[r] = WideSum<kInDouble>::LastTwoOf(Row(r), row_vectors_);
    }
    if (rows_ % 2 != 0) last_two[rows_] = last_two[0];
    __m128d are_nan = _mm_setzero_pd();
    for (size_t r = 0; r < rows_; r += 2) {
      const __m128d a = last_two[r], b = last_two[r + 1];
      const __m128d sums =
          _mm_add_pd(_mm_unpacklo_pd(a, b), _mm_unpackhi_pd(a, b));
      are_nan = _mm_or_pd(are_nan, _mm_cmpunord_pd(sums, sums));
      _mm_store_pd(sums_ + r, sums);
    }
    return _mm_movemask_pd(are_nan) == 0;
  }

  // LogOfSum of each row.
  HWY_INLINE void TakeLogs() {
    __m128 largest[kMaxShortRows];
    for (size_t r = 0; r < rows_; ++r) {
      largest[r] = _mm_load_ps(Row(r));
      for (size_t k = 1; k < row_vectors_; ++k) {
        largest[r] = _mm_max_ps(largest[r], _mm_load_ps(Row(r) + 4 * k));
      }
    }
    Repeat(largest);
    for (size_t r = 0; r < rows_; r += 4) {
      _mm_store_ps(largest_ + r, LargestOfFour(largest + r));
    }
    for (size_t r = 0; r < rows_; r += 2) {
      _mm_store_pd(logs_ + r,
                   LogsOfSums(_mm_load_pd(sums_ + r), WidenTwo(max_ + r),
                              WidenTwo(largest_ + r), parts_));
    }
  }
  // LogOfSum of a row.
  HWY_INLINE double LogOfSum(size_t r) const { return logs_[r]; }

  // The probabilities, from the sums.
  HWY_INLINE void Divide(float* y, size_t stride) const {
    for (size_t r = 0; r < rows_; r += 2) {
      const TwoReciprocals reciprocals(_mm_load_pd(sums_ + r));
      const bool is_last = r + 1 == rows_;
      if (HWY_UNLIKELY(!reciprocals.AreExact())) {
        DivideExp(Row(r), y + r * stride, n_, reciprocals.First());
        if (is_last) break;
        DivideExp(Row(r + 1), y + (r + 1) * stride, n_, reciprocals.Second());
        continue;
      }
      DivideByExact(Row(r), y + r * stride, n_, reciprocals.First());
      if (is_last) break;
      DivideByExact(Row(r + 1), y + (r + 1) * stride, n_, reciprocals.Second());
    }
  }

  HWY_INLINE const float* Logits(size_t r) const {
    return logits_ + 4 * r * row_vectors_;
  }
  HWY_INLINE RowPlan Plan(size_t r) const { return PlanRow(max_[r], parts_); }

 private:
  static constexpr size_t kCapacity = kMaxShortRows * kMaxShortCols;

  HWY_INLINE const float* Row(size_t r) const {
    return e_ + 4 * r * row_vectors_;
  }

  // Up to a multiple of four rows.
  HWY_INLINE void Repeat(__m128* of_row) const {
    for (size_t r = rows_; r % 4 != 0; ++r) of_row[r] = of_row[0];
  }

  // Copies the rows, filled up to whole vectors, and takes lane maxima.
  HWY_INLINE void ReadRows(const float* x, size_t stride) {
    for (size_t r = 0; r < rows_; ++r) {
      const float* const from = x + r * stride;
      float* const to = logits_ + 4 * r * row_vectors_;
      __m128 max = _mm_set1_ps(-kInfinity);
      const auto add = [&](__m128 v, size_t i) HWY_ATTR {
        _mm_store_ps(to + i, v);
        max = _mm_max_ps(max, v);
      };
      size_t i = 0;
      for (; n_ - i >= 4; i += 4) add(InLoop(_mm_loadu_ps(from + i)), i);
      if (i != n_) add(LoadSome(from + i, n_ - i, -kInfinity), i);
      lane_max_[r] = max;
    }
    Repeat(lane_max_);
  }

  // For rows r to r + 3. False if one needs more.
  HWY_INLINE bool PlanFour(size_t r) {
    const __m128 max = LargestOfFour(lane_max_ + r);
    _mm_store_ps(max_ + r, max);
    FourPlans plans;
    if (!plans.Make(max, parts_)) return false;
    PutRow(r, plans.Row<0>());
    PutRow(r + 1, plans.Row<1>());
    PutRow(r + 2, plans.Row<2>());
    PutRow(r + 3, plans.Row<3>());
    return true;
  }

  HWY_INLINE void PutRow(size_t r, const WideRow& row) {
    if (r >= rows_) return;
    WideRow* const to = of_vector_ + r * row_vectors_;
    for (size_t k = 0; k < row_vectors_; ++k) to[k] = row;
  }

  const ScaleParts& parts_;
  const size_t rows_, n_, row_vectors_;
  HWY_ALIGN float logits_[kCapacity];  // each row in whole vectors
  HWY_ALIGN float e_[kCapacity];
  WideRow of_vector_[kCapacity / 4];
  __m128 lane_max_[kMaxShortRows];
  HWY_ALIGN float max_[kMaxShortRows];
  HWY_ALIGN float largest_[kMaxShortRows];  // exp value
  HWY_ALIGN double sums_[kMaxShortRows];
  HWY_ALIGN double logs_[kMaxShortRows];
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_KERNELS_SSE2_SHORT_ROWS_INL_H_
