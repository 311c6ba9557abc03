// SPDX-License-Identifier: Apache-2.0

// Compiled for the baseline alone.
#include "kernels/sse2_rows-inl.h"

#include "arith/max-inl.h"
#include "arith/sse2_row_plans-inl.h"
#include "kernels/sse2_narrow_rows-inl.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Not inlined: five copies would be a third of this file's code.
HWY_NOINLINE __m128d LogsOfTwo(__m128d sums, __m128d max, __m128d largest,
                               const ScaleParts& parts) {
  return LogsOfSums(sums, max, largest, parts);
}

// Divides rows of exp values that are 4 floats apart.
HWY_NOINLINE void DivideRows(const float* e, const double* sums, float* y,
                             size_t stride, size_t rows, size_t n) {
  for (size_t r = 0; r < rows; ++r) {
    DivideExp(e + 4 * r, y + r * stride, n, sums[r]);
  }
}

// kRows rows of one vector each, or one row of kVectors vectors.
template <size_t kRows, size_t kVectors>
class NarrowRows {
 public:
  // The last row also stands for missing rows.
  HWY_INLINE NarrowRows(const float* x, size_t stride, size_t rows, size_t n)
      : rows_(rows), n_(n) {
    HWY_UNROLL(4)
    for (size_t k = 0; k < kVectors; ++k) {
      const bool is_whole = kRows == 1 && k + 1 < kVectors;
      const size_t left = kRows == 1 ? n - 4 * k : n;
      x_[k] = is_whole || left == 4 ? _mm_loadu_ps(x)
                                    : LoadSome(x, left, -kInfinity);
      if (kRows == 1) {
        x += 4;
      } else if (k + 1 < rows) {
        x += stride;
      }
    }
  }

  // Computes the exp values and their sums. False if a row needs another pass.
  HWY_INLINE bool Make(const ScaleParts& parts) {
    max_ = LargestOfRows(x_);
    const LateRows<kRows> rows(max_, parts);
    if (HWY_UNLIKELY(!rows.AreDirect())) return false;
    __m128d wide[2 * kVectors];
    HWY_UNROLL(4)
    for (size_t k = 0; k < kVectors; ++k) Widen(x_[k], wide + 2 * k);
    ExpOf(x_, wide, _mm_set1_pd(parts.l_hi), _mm_set1_pd(parts.l_lo), rows, e_);
    __m128d are_nan = _mm_setzero_pd();
    HWY_UNROLL(2)
    for (size_t r = 0; r < kRows; r += 2) {
      const __m128d a = FoldRow(r), b = kRows == 1 ? a : FoldRow(r + 1);
      sums_[r / 2] = SumsOfLanes(a, b);
      are_nan = _mm_or_pd(are_nan, _mm_cmpunord_pd(sums_[r / 2], sums_[r / 2]));
    }
    return _mm_movemask_pd(are_nan) == 0;
  }

  HWY_INLINE void WriteProbabilities(float* y, size_t stride) const {
    const WideProbabilities first(sums_[0]), last(sums_[kPairs - 1]);
    if (HWY_UNLIKELY(!(first.AreExact() && last.AreExact()))) {
      return DivideExactly(y, stride);
    }
    WriteRow(0, e_, y, stride, first.First());
    if (kRows > 1) WriteRow(1, e_, y, stride, first.Second());
    if (kRows > 2) WriteRow(2, e_, y, stride, last.First());
    if (kRows > 2) WriteRow(3, e_, y, stride, last.Second());
  }

  HWY_INLINE void WriteLogs(float* y, size_t stride,
                            const ScaleParts& parts) const {
    const __m128 largest = LargestOfRows(e_);
    __m128d logs[kPairs];
    HWY_UNROLL(2)
    for (size_t k = 0; k < kPairs; ++k) {
      const __m128 max = k == 0 ? max_ : UpperTwo(max_);
      const __m128 of_exp = k == 0 ? largest : UpperTwo(largest);
      logs[k] =
          LogsOfTwo(sums_[k], _mm_cvtps_pd(max), _mm_cvtps_pd(of_exp), parts);
    }
    HWY_UNROLL(2)
    for (size_t k = 0; k < kPairs; ++k) {
      const PlainLogs pair(logs[k]);
      WriteRow(2 * k, x_, y, stride, pair.First());
      if (kRows > 1) WriteRow(2 * k + 1, x_, y, stride, pair.Second());
    }
  }

 private:
  static_assert(kRows == 1 || kRows == kVectors, "");
  static constexpr size_t kPairs = (kRows + 1) / 2;

  static HWY_INLINE void Widen(__m128 v, __m128d* two) {
    two[0] = _mm_cvtps_pd(v);
    two[1] = _mm_cvtps_pd(UpperTwo(v));
  }
  // With one row, its maximum is in all lanes. With two rows, their maxima
  // alternate.
  static HWY_INLINE __m128 LargestOfRows(const __m128 (&v)[kVectors]) {
    if constexpr (kRows == 4) {
      return LargestOfFour(v);
    } else if constexpr (kRows == 2) {
      const __m128 two =
          _mm_max_ps(_mm_unpacklo_ps(v[0], v[1]), _mm_unpackhi_ps(v[0], v[1]));
      return _mm_max_ps(two, _mm_shuffle_ps(two, two, 0x4E));
    } else {
      __m128 max = v[0];
      for (size_t k = 1; k < kVectors; ++k) max = _mm_max_ps(max, v[k]);
      const __m128 two = _mm_max_ps(max, _mm_shuffle_ps(max, max, 0x4E));
      return _mm_max_ps(two, _mm_shuffle_ps(two, two, 0xB1));
    }
  }
  // Of exp values, in the order of WideSum: two lanes.
  HWY_INLINE __m128d FoldRow(size_t r) const {
    __m128d two[2];
    Widen(e_[r], two);
    for (size_t k = kVectors / kRows; k-- > 1;) {  // vector 2 before vector 1
      __m128d more[2];
      Widen(e_[k], more);
      for (size_t i = 0; i < 2; ++i) two[i] = _mm_add_pd(two[i], more[i]);
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
    if constexpr (kRows == 1) {
      HWY_UNROLL(2)
      for (size_t k = 0; k + 1 < kVectors; ++k)
        _mm_storeu_ps(y + 4 * k, op(v[k]));
      y += 4 * (kVectors - 1);
      last -= 4 * (kVectors - 1);
      v += kVectors - 1;
    }
    const __m128 result = op(v[r]);
    last == 4 ? _mm_storeu_ps(y, result) : StoreSome4(y, result, last);
  }
  // Copies are passed on, so that the members stay in registers.
  HWY_INLINE void DivideExactly(float* y, size_t stride) const {
    HWY_ALIGN float e[4 * kVectors];
    HWY_ALIGN double sums[2 * kPairs];
    HWY_UNROLL(4)
    for (size_t k = 0; k < kVectors; ++k) _mm_store_ps(e + 4 * k, e_[k]);
    HWY_UNROLL(2)
    for (size_t k = 0; k < kPairs; ++k) _mm_store_pd(sums + 2 * k, sums_[k]);
    DivideRows(e, sums, y, stride, rows_, n_);
  }

  const size_t rows_, n_;
  __m128 x_[kVectors], e_[kVectors], max_;
  __m128d sums_[kPairs];
};

template <size_t kRows, size_t kVectors>
HWY_INLINE bool Write(const float* x, size_t x_stride, float* y,
                      size_t y_stride, size_t rows, size_t n, bool is_log,
                      const ScaleParts& parts) {
  NarrowRows<kRows, kVectors> group(x, x_stride, rows, n);
  if (!group.Make(parts)) return false;
  is_log ? group.WriteLogs(y, y_stride, parts)
         : group.WriteProbabilities(y, y_stride);
  return true;
}

}  // namespace

size_t WriteNarrowRows(const float* x, size_t x_stride, float* y,
                       size_t y_stride, size_t rows, size_t n, bool is_log,
                       const ScaleParts& parts) {
  if (rows == 1) {
    if (n <= 4) return Write<1, 1>(x, 0, y, 0, 1, n, is_log, parts);
    if (n <= 8) return Write<1, 2>(x, 0, y, 0, 1, n, is_log, parts);
    return Write<1, 3>(x, 0, y, 0, 1, n, is_log, parts);
  }
  for (size_t r = 0; r < rows; r += 4) {
    const size_t count = HWY_MIN(rows - r, size_t{4});
    const float* const from = x + r * x_stride;
    float* const to = y + r * y_stride;
    const bool are_done = count > 2 ? Write<4, 4>(from, x_stride, to, y_stride,
                                                  count, n, is_log, parts)
                                    : Write<2, 2>(from, x_stride, to, y_stride,
                                                  count, n, is_log, parts);
    if (!are_done) return r;
  }
  return rows;
}

}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2
