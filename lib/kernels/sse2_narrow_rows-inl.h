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

// Few rows may be twice as long.
HWY_INLINE bool AreNarrow(size_t rows, size_t n, const ScaleParts& parts) {
  return n <= (rows > 4 ? 4 : 8) && parts.unit == 1.0 && !MayHaveTies(parts);
}

// kRows is 2 or 4, of kVectors vectors each: 4 vectors at most.
template <size_t kRows, size_t kVectors = 1>
class NarrowRows {
 public:
  // The last row also stands for rows that are not there.
  HWY_INLINE NarrowRows(const float* x, size_t stride, size_t rows, size_t n)
      : rows_(rows), n_(n) {
    for (size_t r = 0; r < kRows; ++r) {
      const float* const from = x + HWY_MIN(r, rows - 1) * stride;
      const size_t last = n - kFull;
      if constexpr (kVectors == 2) x_[r] = _mm_loadu_ps(from);
      x_[kLast + r] = last == 4 ? _mm_loadu_ps(from + kFull)
                                : LoadSome(from + kFull, last, -kInfinity);
    }
  }

  // Makes the exp values and their sums. False if a row needs more: its maximum
  // is not finite or beyond the direct limit, or its sum is NaN.
  HWY_INLINE bool Make(const ScaleParts& parts) {
    max_ = LargestOfRows(x_);
    FourPlans plans;
    if (!plans.Make(max_, parts)) return false;
    WideRow rows[kRows * kVectors];
    rows[0] = plans.Row<0>();
    rows[1] = plans.Row<1>();
    if constexpr (kRows == 4) {
      rows[2] = plans.Row<2>();
      rows[3] = plans.Row<3>();
    }
    if constexpr (kVectors == 2) {
      for (size_t r = 0; r < kRows; ++r) rows[kRows + r] = rows[r];
    }
    __m128d wide[2 * kRows * kVectors];
    for (size_t r = 0; r < kRows * kVectors; ++r) {
      wide[2 * r] = _mm_cvtps_pd(x_[r]);
      wide[2 * r + 1] = _mm_cvtps_pd(UpperTwo(x_[r]));
    }
    ExpOf<1>(x_, wide, WideScale(parts), rows, e_);
    __m128d are_nan = _mm_setzero_pd();
    for (size_t r = 0; r < kRows; r += 2) {
      const __m128d a = FoldRow(r), b = FoldRow(r + 1);
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
        WriteRow(r, y + r * stride, e_, first);
        WriteRow(r + 1, y + (r + 1) * stride, e_, second);
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
  static constexpr size_t kFull = 4 * (kVectors - 1);
  // Of row 0, where its last vector is: the first vectors of all rows are
  // before.
  static constexpr size_t kLast = kRows * (kVectors - 1);

  // Of two rows, the maxima stand in both halves.
  static HWY_INLINE __m128 LargestOfRows(const __m128* v) {
    if constexpr (kRows == 4) return LargestOfFour(v);
    const __m128 a = _mm_max_ps(v[0], v[kLast]);
    const __m128 b = _mm_max_ps(v[1], v[kLast + 1]);
    const __m128 two = _mm_max_ps(_mm_unpacklo_ps(a, b), _mm_unpackhi_ps(a, b));
    return _mm_max_ps(two, _mm_shuffle_ps(two, two, 0x4E));
  }
  // Of exp values: a term a lane.
  HWY_INLINE __m128d FoldRow(size_t r) const {
    __m128d lower = _mm_cvtps_pd(e_[r]), upper = _mm_cvtps_pd(UpperTwo(e_[r]));
    if constexpr (kVectors == 2) {
      const __m128 last = e_[kLast + r];
      lower = _mm_add_pd(lower, _mm_cvtps_pd(last));
      upper = _mm_add_pd(upper, _mm_cvtps_pd(UpperTwo(last)));
    }
    return _mm_add_pd(lower, upper);
  }
  HWY_INLINE void DivideExactly(size_t r,
                                const WideProbabilities& probabilities,
                                float* y, size_t stride) const {
    if (r >= rows_) return;
    HWY_ALIGN float e[4 * kVectors];
    _mm_store_ps(e, e_[r]);
    _mm_store_ps(e + kFull, e_[kLast + r]);
    probabilities.Exactly(e, y + r * stride, n_);
  }
  HWY_INLINE void WriteLogRow(size_t r, __m128 high, __m128 low, float* y,
                              size_t stride) const {
    WriteRow(r, y + r * stride, x_, [&](__m128 v) HWY_ATTR {
      const __m128 log = _mm_sub_ps(_mm_sub_ps(v, high), low);
      return _mm_min_ps(_mm_setzero_ps(), log);
    });
  }
  // y = op(v) for row r of v.
  template <class Op>
  HWY_INLINE void WriteRow(size_t r, float* y, const __m128* v,
                           const Op& op) const {
    if (r >= rows_) return;
    if constexpr (kVectors == 2) _mm_storeu_ps(y, op(v[r]));
    const __m128 last = op(v[kLast + r]);
    if (n_ == 4 * kVectors) {
      _mm_storeu_ps(y + kFull, last);
    } else {
      StoreSome4(y + kFull, last, n_ - kFull);
    }
  }

  const size_t rows_, n_;
  __m128 x_[kRows * kVectors], e_[kRows * kVectors], max_;
  __m128d sums_[kRows / 2];
};

// Calls of(rows of a group, first row) for groups of up to four rows, until it
// gives false. Gives the rows that are done.
template <class Of>
HWY_INLINE size_t ForNarrowRows(const float* x, size_t stride, size_t rows,
                                size_t n, const Of& of) {
  if (n > 4) {
    for (size_t r = 0; r < rows; r += 2) {
      NarrowRows<2, 2> group(x + r * stride, stride, HWY_MIN(rows - r, 2), n);
      if (!of(group, r)) return r;
    }
    return rows;
  }
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
