// SPDX-License-Identifier: Apache-2.0

// Rows of up to 4 logits for the x86-64 baseline, a vector a row, two or four
// rows at a time in registers. In memory, as longer rows are, their passes
// would wait for stores.

#if defined(SOFTLANE_LIB_KERNELS_SSE2_NARROW_ROWS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SSE2_NARROW_ROWS_INL_H_
#undef SOFTLANE_LIB_KERNELS_SSE2_NARROW_ROWS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SSE2_NARROW_ROWS_INL_H_
#endif

#include "kernels/sse2_row_plans-inl.h"
#include "kernels/sse2_rows-inl.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

constexpr size_t kMaxNarrowCols = 4;

HWY_INLINE bool AreNarrow(size_t n, const ScaleParts& parts) {
  return n <= kMaxNarrowCols && parts.unit == 1.0 && !MayHaveTies(parts);
}

// kRows is 2 or 4.
template <size_t kRows>
class NarrowRows {
 public:
  // The last row also stands for rows that are not there.
  HWY_INLINE NarrowRows(const float* x, size_t stride, size_t rows, size_t n)
      : rows_(rows), n_(n) {
    for (size_t r = 0; r < kRows; ++r) {
      const float* const from = x + HWY_MIN(r, rows - 1) * stride;
      x_[r] = n == 4 ? _mm_loadu_ps(from) : LoadSome(from, n, -kInfinity);
    }
  }

  // Makes the exp values and their sums. False if a row needs more: its maximum
  // is not finite or beyond the direct limit, or its sum is NaN.
  HWY_INLINE bool Make(const ScaleParts& parts) {
    max_ = LargestOfRows(x_);
    FourPlans plans;
    if (!plans.Make(max_, parts)) return false;
    WideRow rows[kRows];
    rows[0] = plans.Row<0>();
    rows[1] = plans.Row<1>();
    if constexpr (kRows == 4) {
      rows[2] = plans.Row<2>();
      rows[3] = plans.Row<3>();
    }
    __m128d wide[2 * kRows];
    for (size_t r = 0; r < kRows; ++r) {
      wide[2 * r] = _mm_cvtps_pd(x_[r]);
      wide[2 * r + 1] = _mm_cvtps_pd(UpperTwo(x_[r]));
    }
    ExpOf<1>(x_, wide, WideScale(parts), rows, e_);
    __m128d are_nan = _mm_setzero_pd();
    for (size_t r = 0; r < kRows; r += 2) {
      const __m128d a = FoldRow(e_[r]), b = FoldRow(e_[r + 1]);
      sums_[r / 2] = _mm_add_pd(_mm_unpacklo_pd(a, b), _mm_unpackhi_pd(a, b));
      are_nan = _mm_or_pd(are_nan, _mm_cmpunord_pd(sums_[r / 2], sums_[r / 2]));
    }
    return _mm_movemask_pd(are_nan) == 0;
  }

  HWY_INLINE void Divide(float* y, size_t stride) const {
    for (size_t r = 0; r < kRows; r += 2) {
      const TwoReciprocals reciprocals(sums_[r / 2]);
      const WideProbabilities first = reciprocals.First();
      const WideProbabilities second = reciprocals.Second();
      if (HWY_LIKELY(reciprocals.AreExact())) {
        StoreRow(r, first(e_[r]), y, stride);
        StoreRow(r + 1, second(e_[r + 1]), y, stride);
      } else {
        DivideExactly(r, first, y, stride);
        DivideExactly(r + 1, second, y, stride);
      }
    }
  }

  // LogOfSum of rows 2 k and 2 k + 1.
  HWY_INLINE void TakeLogs(const ScaleParts& parts, __m128d* logs) const {
    const __m128 largest = LargestOfRows(e_);
    logs[0] =
        LogsOfSums(sums_[0], _mm_cvtps_pd(max_), _mm_cvtps_pd(largest), parts);
    if constexpr (kRows == 4) {
      logs[1] = LogsOfSums(sums_[1], _mm_cvtps_pd(UpperTwo(max_)),
                           _mm_cvtps_pd(UpperTwo(largest)), parts);
    }
  }

  // Log-probabilities, for a scale of 1.
  HWY_INLINE void WriteLogs(const __m128d* logs, float* y,
                            size_t stride) const {
    for (size_t r = 0; r < kRows; r += 2) {
      const __m128d log = logs[r / 2];
      const __m128 high = _mm_cvtpd_ps(log);
      const __m128 low = _mm_cvtpd_ps(_mm_sub_pd(log, _mm_cvtps_pd(high)));
      WriteLogRow(r, _mm_shuffle_ps(high, high, 0x00),
                  _mm_shuffle_ps(low, low, 0x00), y, stride);
      WriteLogRow(r + 1, _mm_shuffle_ps(high, high, 0x55),
                  _mm_shuffle_ps(low, low, 0x55), y, stride);
    }
  }

  HWY_INLINE void WriteLogSumExp(const __m128d* logs, float* logsumexp) const {
    HWY_ALIGN double both[kRows];
    for (size_t k = 0; k < kRows / 2; ++k) _mm_store_pd(both + 2 * k, logs[k]);
    for (size_t r = 0; r < rows_; ++r) {
      logsumexp[r] = static_cast<float>(both[r] + 0.0);
    }
  }

 private:
  // Of two rows, the maxima stand in both halves.
  static HWY_INLINE __m128 LargestOfRows(const __m128* v) {
    if constexpr (kRows == 4) return LargestOfFour(v);
    const __m128 two =
        _mm_max_ps(_mm_unpacklo_ps(v[0], v[1]), _mm_unpackhi_ps(v[0], v[1]));
    return _mm_max_ps(two, _mm_shuffle_ps(two, two, 0x4E));
  }
  // Of exp values: a term a lane.
  static HWY_INLINE __m128d FoldRow(__m128 e) {
    return _mm_add_pd(_mm_cvtps_pd(e), _mm_cvtps_pd(UpperTwo(e)));
  }
  HWY_INLINE void DivideExactly(size_t r,
                                const WideProbabilities& probabilities,
                                float* y, size_t stride) const {
    if (r >= rows_) return;
    HWY_ALIGN float e[4];
    _mm_store_ps(e, e_[r]);
    probabilities.Exactly(e, y + r * stride, n_);
  }
  HWY_INLINE void WriteLogRow(size_t r, __m128 high, __m128 low, float* y,
                              size_t stride) const {
    const __m128 log = _mm_sub_ps(_mm_sub_ps(x_[r], high), low);
    StoreRow(r, _mm_min_ps(_mm_setzero_ps(), log), y, stride);
  }
  HWY_INLINE void StoreRow(size_t r, __m128 v, float* y, size_t stride) const {
    if (r >= rows_) return;
    if (n_ == 4) {
      _mm_storeu_ps(y + r * stride, v);
    } else {
      StoreSome4(y + r * stride, v, n_);
    }
  }

  const size_t rows_, n_;
  __m128 x_[kRows], e_[kRows], max_;
  __m128d sums_[kRows / 2];
};

// Calls of(rows of a group, first row) for groups of up to four rows, until it
// gives false. Gives the rows that are done.
template <class Of>
HWY_INLINE size_t ForNarrowRows(const float* x, size_t stride, size_t rows,
                                size_t n, const Of& of) {
  for (size_t r = 0; r < rows; r += 4) {
    const size_t count = HWY_MIN(rows - r, size_t{4});
    const float* const from = x + r * stride;
    if (count > 2) {
      NarrowRows<4> group(from, stride, count, n);
      if (!of(group, r)) return r;
    } else {
      NarrowRows<2> group(from, stride, count, n);
      if (!of(group, r)) return r;
    }
  }
  return rows;
}

// Both give the number of rows that are done; the next needs more.
HWY_INLINE size_t SoftmaxOfNarrowRows(const float* x, size_t x_stride, float* y,
                                      size_t y_stride, size_t rows, size_t n,
                                      const ScaleParts& parts) {
  return ForNarrowRows(x, x_stride, rows, n,
                       [&](auto& group, size_t r) HWY_ATTR {
                         if (!group.Make(parts)) return false;
                         group.Divide(y + r * y_stride, y_stride);
                         return true;
                       });
}
// For a scale of 1; y and logsumexp may be null.
HWY_INLINE size_t LogsOfNarrowRows(const float* x, size_t x_stride, float* y,
                                   size_t y_stride, size_t rows, size_t n,
                                   float* logsumexp, const ScaleParts& parts) {
  return ForNarrowRows(x, x_stride, rows, n,
                       [&](auto& group, size_t r) HWY_ATTR {
                         if (!group.Make(parts)) return false;
                         __m128d logs[2];
                         group.TakeLogs(parts, logs);
                         if (y != nullptr)
                           group.WriteLogs(logs, y + r * y_stride, y_stride);
                         if (logsumexp != nullptr)
                           group.WriteLogSumExp(logs, logsumexp + r);
                         return true;
                       });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_KERNELS_SSE2_NARROW_ROWS_INL_H_
