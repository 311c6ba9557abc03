// SPDX-License-Identifier: Apache-2.0

// Compiled for the baseline alone.
#include "kernels/sse2_short_rows-inl.h"

#include "arith/sse2_row_plans-inl.h"
#include "kernels/sse2_rows-inl.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Copies a row, filled up to whole vectors, and returns the maxima of its
// lanes.
HWY_INLINE __m128 ReadRow(const float* from, size_t n, float* to) {
  __m128 max = _mm_set1_ps(-kInfinity);
  for (; n >= 4; n -= 4, from += 4, to += 4) {
    const __m128 v = InLoop(_mm_loadu_ps(from));
    _mm_store_ps(to, v);
    max = _mm_max_ps(max, v);
  }
  if (n != 0) {
    const __m128 v = LoadSome(from, n, -kInfinity);
    _mm_store_ps(to, v);
    max = _mm_max_ps(max, v);
  }
  return max;
}

// WideSum of a row of up to 16 vectors: two lanes, whose sum is the total.
HWY_INLINE __m128d LastTwoOf(const float* e, size_t vectors, bool in_double) {
  if (vectors <= 4) return WideSum<false>::LastTwoOf(e, vectors);
  WideSum<false> sum;
  AddVectors(e, vectors, in_double, sum.lanes);
  return sum.LastTwo();
}

}  // namespace

bool ShortRows::MakeExp(const float* x, size_t stride) {
  // Copies of members, because the compiler would load the members again after
  // each vector store.
  const size_t rows = rows_, n = n_, vectors = row_vectors_;
  if (!parts_.is_usual) return false;
  for (size_t r = 0; r < rows; r += 4) {
    __m128 lane_max[4];
    const size_t count = HWY_MIN(rows - r, 4);
    float* to = logits_ + 4 * r * vectors;
    for (size_t k = 0; k < 4; ++k) {
      lane_max[k] =
          k < count ? ReadRow(x + (r + k) * stride, n, to) : lane_max[0];
      to += 4 * vectors;
    }
    const __m128 max = LargestOfFour(lane_max);
    _mm_store_ps(max_ + r, max);
    WideRow plans[4];
    if (!PlanFour(max, parts_, plans)) return false;
    WideRow* of_vector = of_vector_ + r * vectors;
    HWY_UNROLL(4)
    for (size_t k = 0; k < 4; ++k) {
      if (k == count) break;
      for (size_t i = 0; i < vectors; ++i) *of_vector++ = plans[k];
    }
  }
  ExpVectors(logits_, e_, rows * vectors, parts_, of_vector_, 1);
  for (size_t r = 0; r < rows && MayHaveTies(parts_); ++r) {
    const size_t first = 4 * r * vectors;
    const RowPlan plan = PlanRow(max_[r], parts_);
    CheckTies(logits_ + first, e_ + first, 4 * vectors, plan, parts_,
              internal::LowestOf(plan, parts_));
  }
  return true;
}

bool ShortRows::MakeSums(bool in_double) {
  const size_t rows = rows_, vectors = row_vectors_;
  __m128d are_nan = _mm_setzero_pd();
  const float* e = e_;
  for (size_t r = 0; r < rows; r += 2, e += 8 * vectors) {
    const __m128d a = LastTwoOf(e, vectors, in_double);
    const __m128d b =
        r + 1 < rows ? LastTwoOf(e + 4 * vectors, vectors, in_double) : a;
    const __m128d sums = SumsOfLanes(a, b);
    are_nan = _mm_or_pd(are_nan, _mm_cmpunord_pd(sums, sums));
    _mm_store_pd(sums_ + r, sums);
  }
  return _mm_movemask_pd(are_nan) == 0;
}

void ShortRows::TakeLogs() {
  for (size_t r = 0; r < rows_; r += 4) {
    __m128 largest[4];
    const size_t count = HWY_MIN(rows_ - r, 4);
    for (size_t k = 0; k < count; ++k) {
      const float* const e = Exp(r + k);
      largest[k] = _mm_load_ps(e);
      for (size_t i = 1; i < row_vectors_; ++i) {
        largest[k] = _mm_max_ps(largest[k], _mm_load_ps(e + 4 * i));
      }
    }
    for (size_t k = count; k < 4; ++k) largest[k] = largest[0];
    const __m128 four = LargestOfFour(largest);
    const __m128d two[2] = {_mm_cvtps_pd(four), _mm_cvtps_pd(UpperTwo(four))};
    for (size_t k = 0; k < count; k += 2) {
      _mm_store_pd(logs_ + r + k,
                   LogsOfSums(_mm_load_pd(sums_ + r + k),
                              WidenTwo(max_ + r + k), two[k / 2], parts_));
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2
