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

#include "arith/sse2_log-inl.h"
#include "kernels/softmax_kernels.h"
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

  // log(sum) of each row, where that of softmax_row-inl.h takes
  // one: a sum that is one exp value is the maximum's alone.
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
      _mm_store_pd(logs_ + r, LogOfTwo(_mm_load_pd(sums_ + r)));
    }
  }
  // LogOfSum of a row.
  HWY_INLINE double LogOfSum(size_t r, const RowPlan& plan) const {
    return sums_[r] == largest_[r] ? plan.scaled_max - plan.scaled_shift
                                   : plan.log_divisor + logs_[r];
  }

  // The probabilities, from the sums.
  HWY_INLINE void Divide(float* y, size_t stride) const {
    for (size_t r = 0; r < rows_; r += 2) {
      const __m128d sums = _mm_load_pd(sums_ + r);
      const __m128d factors = _mm_div_pd(_mm_set1_pd(1.0), sums);
      const __m128i rounded = _mm_add_epi64(
          _mm_castpd_si128(factors), _mm_set1_epi64x(internal::kHeadRounding));
      const __m128d head = _mm_castsi128_pd(
          _mm_and_si128(rounded, _mm_set1_epi64x(internal::kHeadMask)));
      const __m128 rest = _mm_cvtpd_ps(_mm_sub_pd(factors, head));
      const __m128 least =
          _mm_cvtpd_ps(_mm_mul_pd(sums, _mm_set1_pd(internal::kLeast)));
      DivideExp(Row(r), y + r * stride, n_,
                WideProbabilities(_mm_unpacklo_pd(head, head),
                                  _mm_shuffle_ps(rest, rest, 0x00),
                                  _mm_shuffle_ps(least, least, 0x00)));
      if (r + 1 == rows_) break;
      DivideExp(Row(r + 1), y + (r + 1) * stride, n_,
                WideProbabilities(_mm_unpackhi_pd(head, head),
                                  _mm_shuffle_ps(rest, rest, 0x55),
                                  _mm_shuffle_ps(least, least, 0x55)));
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
  static HWY_INLINE __m128 LargestOfFour(const __m128* of_row) {
    __m128 a = of_row[0], b = of_row[1], c = of_row[2], d = of_row[3];
    _MM_TRANSPOSE4_PS(a, b, c, d);
    return _mm_max_ps(_mm_max_ps(a, b), _mm_max_ps(c, d));
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

  // PlanRow and WideRowOf for rows r to r + 3. False if one needs more.
  HWY_INLINE bool PlanFour(size_t r) {
    const __m128 max = LargestOfFour(lane_max_ + r);
    _mm_store_ps(max_ + r, max);
    const __m128d wide[2] = {_mm_cvtps_pd(max), _mm_cvtps_pd(UpperTwo(max))};
    __m128d outside = _mm_setzero_pd(), magic[2], offset[2];
    HWY_UNROLL(2)
    for (size_t j = 0; j < 2; ++j) {
      const __m128d scaled = _mm_mul_pd(wide[j], _mm_set1_pd(parts_.scale));
      const __m128d size = _mm_andnot_pd(_mm_set1_pd(-0.0), scaled);
      outside = _mm_or_pd(
          outside, _mm_cmpnle_pd(size, _mm_set1_pd(internal::kDirectLimit)));
      const __m128d counter = _mm_set1_pd(0x1.8p52);
      const __m128d octaves = _mm_sub_pd(
          _mm_add_pd(_mm_mul_pd(wide[j], _mm_set1_pd(parts_.l_hi)), counter),
          counter);
      offset[j] = _mm_sub_pd(octaves, _mm_set1_pd(kHeadroom));
      magic[j] = _mm_sub_pd(_mm_set1_pd(kWideMagic + kHeadroom), octaves);
    }
    const __m128 lowest = _mm_mul_ps(
        _mm_add_ps(Narrow(offset[0], offset[1]), _mm_set1_ps(kLowestOctaves)),
        _mm_set1_ps(parts_.inverse_l));
    if (_mm_movemask_pd(outside) != 0) return false;
    PutRow(r, _mm_unpacklo_pd(magic[0], magic[0]),
           _mm_shuffle_ps(lowest, lowest, 0x00));
    PutRow(r + 1, _mm_unpackhi_pd(magic[0], magic[0]),
           _mm_shuffle_ps(lowest, lowest, 0x55));
    PutRow(r + 2, _mm_unpacklo_pd(magic[1], magic[1]),
           _mm_shuffle_ps(lowest, lowest, 0xAA));
    PutRow(r + 3, _mm_unpackhi_pd(magic[1], magic[1]),
           _mm_shuffle_ps(lowest, lowest, 0xFF));
    return true;
  }

  HWY_INLINE void PutRow(size_t r, __m128d magic, __m128 lowest) {
    if (r >= rows_) return;
    WideRow* const to = of_vector_ + r * row_vectors_;
    for (size_t k = 0; k < row_vectors_; ++k) {
      to[k].magic = magic;
      to[k].lowest = lowest;
    }
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
