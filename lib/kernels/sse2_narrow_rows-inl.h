// SPDX-License-Identifier: Apache-2.0

// Few logits for the x86-64 baseline, in registers: one row of up to 8, or two
// or four rows of up to 4. In memory, as longer rows are, their passes would
// wait for stores.

#if defined(SOFTLANE_LIB_KERNELS_SSE2_NARROW_ROWS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SSE2_NARROW_ROWS_INL_H_
#undef SOFTLANE_LIB_KERNELS_SSE2_NARROW_ROWS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SSE2_NARROW_ROWS_INL_H_
#endif

#include "arith/max-inl.h"
#include "arith/sse2_row_plans-inl.h"
#include "kernels/sse2_rows-inl.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Columns that ForNarrowRows takes, and NarrowRows<1>.
constexpr size_t kMaxNarrowCols = 4;
constexpr size_t kMaxOneRowCols = 8;

// Whether rows of n columns, up to `most`, may be done in registers.
HWY_INLINE bool AreNarrow(size_t n, size_t most, const ScaleParts& parts) {
  return n - 1 < most && parts.unit == 1.0 && !MayHaveTies(parts);
}

// kRows is 2 or 4, of a vector each; or 1, of two vectors.
template <size_t kRows>
class NarrowRows {
 public:
  // The last row also stands for rows that are not there.
  HWY_INLINE NarrowRows(const float* x, size_t stride, size_t rows, size_t n)
      : rows_(rows), n_(n) {
    if constexpr (kRows == 1) {
      x_[0] = LoadUpTo4(x, HWY_MIN(n, 4));
      x_[1] = n > 4 ? LoadUpTo4(x + 4, n - 4) : _mm_set1_ps(-kInfinity);
    } else {
      for (size_t r = 0; r < kRows; ++r) {
        x_[r] = LoadUpTo4(x + HWY_MIN(r, rows - 1) * stride, n);
      }
    }
  }

  // Makes the exp values and their sums. False if a row needs more: its maximum
  // is not finite or beyond the direct limit, or its sum is NaN.
  HWY_INLINE bool Make(const ScaleParts& parts) {
    max_ = LargestOfRows(x_);
    WideRow plans[4];
    if (!PlanFour(max_, parts, plans)) return false;
    __m128d wide[2 * kVectors];
    for (size_t k = 0; k < kVectors; ++k) Widen(x_[k], wide + 2 * k);
    ExpOf(x_, wide, _mm_set1_pd(parts.l_hi), _mm_set1_pd(parts.l_lo), plans,
          kRows == 1 ? 0 : 1, e_);
    __m128d are_nan = _mm_setzero_pd();
    for (size_t r = 0; r < kRows; r += 2) {
      const __m128d a = FoldRow(r), b = kRows == 1 ? a : FoldRow(r + 1);
      sums_[r / 2] = SumsOfLanes(a, b);
      are_nan = _mm_or_pd(are_nan, _mm_cmpunord_pd(sums_[r / 2], sums_[r / 2]));
    }
    return _mm_movemask_pd(are_nan) == 0;
  }

  // Of row 0.
  HWY_INLINE float Max() const { return _mm_cvtss_f32(max_); }
  HWY_INLINE double Sum() const { return _mm_cvtsd_f64(sums_[0]); }

  HWY_INLINE void Divide(float* y, size_t stride) const {
    const WideProbabilities first(sums_[0]), last(sums_[kPairs - 1]);
    if (HWY_LIKELY(first.AreExact() && last.AreExact())) {
      WriteRow(0, e_, y, stride, first.First());
      WriteRow(1, e_, y, stride, first.Second());
      if (kRows != 4) return;
      WriteRow(2, e_, y, stride, last.First());
      WriteRow(3, e_, y, stride, last.Second());
      return;
    }
    HWY_ALIGN float e[4 * kVectors];
    HWY_ALIGN double sums[2 * kPairs];
    for (size_t k = 0; k < kVectors; ++k) _mm_store_ps(e + 4 * k, e_[k]);
    for (size_t k = 0; k < kPairs; ++k) _mm_store_pd(sums + 2 * k, sums_[k]);
    for (size_t r = 0; r < rows_; ++r) {
      DivideExp(e + 4 * r, y + r * stride, n_, sums[r]);
    }
  }

  // Log-probabilities, for a scale of 1.
  HWY_INLINE void WriteLogs(float* y, size_t stride,
                            const ScaleParts& parts) const {
    const __m128 largest = LargestOfRows(e_);
    __m128d logs[kPairs];
    for (size_t k = 0; k < kPairs; ++k) {
      const __m128 max = k == 0 ? max_ : UpperTwo(max_);
      const __m128 of_exp = k == 0 ? largest : UpperTwo(largest);
      logs[k] =
          LogsOfSums(sums_[k], _mm_cvtps_pd(max), _mm_cvtps_pd(of_exp), parts);
    }
    for (size_t k = 0; k < kPairs; ++k) {
      const PlainLogs pair(logs[k]);
      WriteRow(2 * k, x_, y, stride, pair.First());
      WriteRow(2 * k + 1, x_, y, stride, pair.Second());
    }
  }

 private:
  static constexpr size_t kVectors = kRows == 1 ? 2 : kRows;
  static constexpr size_t kPairs = (kRows + 1) / 2;

  static HWY_INLINE __m128 LoadUpTo4(const float* from, size_t n) {
    return n == 4 ? _mm_loadu_ps(from) : LoadSome(from, n, -kInfinity);
  }
  static HWY_INLINE void Widen(__m128 v, __m128d* two) {
    two[0] = _mm_cvtps_pd(v);
    two[1] = _mm_cvtps_pd(UpperTwo(v));
  }
  // Of one or two rows, the maxima stand in all places.
  static HWY_INLINE __m128 LargestOfRows(const __m128* v) {
    if constexpr (kRows == 4) return LargestOfFour(v);
    if constexpr (kRows == 1) {
      const __m128 max = _mm_max_ps(v[0], v[1]);
      const __m128 two = _mm_max_ps(max, _mm_shuffle_ps(max, max, 0x4E));
      return _mm_max_ps(two, _mm_shuffle_ps(two, two, 0xB1));
    }
    const __m128 two =
        _mm_max_ps(_mm_unpacklo_ps(v[0], v[1]), _mm_unpackhi_ps(v[0], v[1]));
    return _mm_max_ps(two, _mm_shuffle_ps(two, two, 0x4E));
  }
  // Of exp values: two lanes.
  HWY_INLINE __m128d FoldRow(size_t r) const {
    __m128d two[2];
    Widen(e_[r], two);
    if constexpr (kRows == 1) {
      __m128d second[2];
      Widen(e_[1], second);
      for (size_t k = 0; k < 2; ++k) two[k] = _mm_add_pd(two[k], second[k]);
    }
    return _mm_add_pd(two[0], two[1]);
  }
  // y = op(v) for row r of v.
  template <class Op>
  HWY_INLINE void WriteRow(size_t r, const __m128* v, float* y, size_t stride,
                           const Op& op) const {
    if (r >= rows_) return;
    y += r * stride;
    size_t last = n_;
    if (kRows == 1 && n_ > 4) {
      _mm_storeu_ps(y, op(v[0]));
      y += 4;
      last -= 4;
      ++v;
    }
    const __m128 result = op(v[r]);
    last == 4 ? _mm_storeu_ps(y, result) : StoreSome4(y, result, last);
  }

  const size_t rows_, n_;
  __m128 x_[kVectors], e_[kVectors], max_;
  __m128d sums_[kPairs];
};

// Calls of(rows of a group, first row) until it gives false. Gives the number
// of rows that are done; the next needs more.
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

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_KERNELS_SSE2_NARROW_ROWS_INL_H_
