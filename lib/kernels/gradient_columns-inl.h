// SPDX-License-Identifier: Apache-2.0

// Sums and results of columns that are not copied to a tile.

#if defined(SOFTLANE_LIB_KERNELS_GRADIENT_COLUMNS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_GRADIENT_COLUMNS_INL_H_
#undef SOFTLANE_LIB_KERNELS_GRADIENT_COLUMNS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_GRADIENT_COLUMNS_INL_H_
#endif

#include "arith/lane_sums-inl.h"
#include "kernels/gradient_columns.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::ColumnSums;
using internal::GradientRows;
using internal::kMaxLongCols;
using internal::kMaxShortCols;
static_assert(internal::kColumnBlock == kSumBlock, "blocks of a sum");

// A vector of sums in double.
constexpr size_t kHalves = kLanes / kHalfLanes;
struct WideSums {
  // Not the implicit constructor, which GCC would compile for another target.
  HWY_INLINE WideSums() {}

  VD half[kHalves];
};
HWY_INLINE WideSums operator+(const WideSums& a, const WideSums& b) {
  WideSums sum;
  for (size_t h = 0; h < kHalves; ++h) {
    sum.half[h] = hn::Add(a.half[h], b.half[h]);
  }
  return sum;
}
HWY_INLINE WideSums LoadWide(const double* from) {
  WideSums sums;
  for (size_t h = 0; h < kHalves; ++h) {
    sums.half[h] = hn::Load(F64(), from + h * kHalfLanes);
  }
  return sums;
}
HWY_INLINE void StoreWide(const WideSums& sums, double* to) {
  for (size_t h = 0; h < kHalves; ++h) {
    hn::Store(sums.half[h], F64(), to + h * kHalfLanes);
  }
}
HWY_INLINE WideSums InWide(VF v) {
  WideSums sums;
  for (size_t h = 0; h < kHalves; ++h) {
    sums.half[h] = HalfInDouble(v, h * kHalfLanes);
  }
  return sums;
}

// It is a template for the same reason as Lower.
template <class V>
HWY_INLINE VF CombineHalves(V lower, V upper) {
  return Combine(F32(), upper, lower);
}
// The sum times `factor`, in float. Adding 0 turns a sum of -0 into +0, as in
// the sum of a row.
template <class Sums>
HWY_INLINE VF FactorsOf(const Sums& sums, double factor) {
  const auto times = [&](VD v) HWY_ATTR {
    return hn::Mul(hn::Add(v, hn::Zero(F64())), hn::Set(F64(), factor));
  };
  if constexpr (kHalves == 1) {
    // DemoteTo would clamp infinity.
    return Set(static_cast<float>(hn::GetLane(times(sums.half[0]))));
  } else {
    const hn::Rebind<float, F64> half;
    return CombineHalves(hn::DemoteTo(half, times(sums.half[0])),
                         hn::DemoteTo(half, times(sums.half[1])));
  }
}

// A pass reads at most 16 rows of both inputs at a time: a first cache may have
// no more ways for rows that are a power of two apart.

// The terms of rows k and k + 4 in the columns from i on.
template <class Term>
HWY_INLINE WideSums SumOfPair(const Term& term, size_t k, size_t n, size_t i) {
  const WideSums sum = InWide(term.Row(k, i));
  return k + 4 < n ? sum + InWide(term.Row(k + 4, i)) : sum;
}
// The terms of rows k and k + 8.
template <class Term>
HWY_INLINE WideSums LaneOfTwo(const Term& term, size_t k, size_t n, size_t i) {
  const WideSums sum = InWide(term.Row(k, i));
  return k + 8 < n ? sum + InWide(term.Row(k + 8, i)) : sum;
}
// The terms of rows k, k + 16, k + 32 and k + 48, folded in float.
template <class Term>
HWY_INLINE WideSums FoldedRows(const Term& term, size_t k, size_t n, size_t i) {
  VF sum = term.Row(k, i);
  if (k + 16 < n) sum = hn::Add(sum, term.Row(k + 16, i));
  if (k + 32 < n) {
    VF second = term.Row(k + 32, i);
    if (k + 48 < n) second = hn::Add(second, term.Row(k + 48, i));
    sum = hn::Add(sum, second);
  }
  return InWide(sum);
}
template <class Term>
HWY_INLINE WideSums LaneOf(const Term& term, size_t k, size_t n, size_t i) {
  if (k >= n) return InWide(Set(0.0f));
  const WideSums sum = FoldedRows(term, k, n, i);
  return k + 8 < n ? sum + FoldedRows(term, k + 8, n, i) : sum;
}

// Columns of at most 8 rows.
template <class Term>
HWY_NOINLINE void SumFewRows(const Term& term, size_t n, size_t cols,
                             double factor, float* factors) {
  for (size_t i = 0;; i += kLanes) {
    const size_t at = HWY_MIN(i, cols - kLanes);
    WideSums sum = SumOfPair(term, 0, n, at);
    if (n > 2) sum = sum + SumOfPair(term, 2, n, at);
    if (n > 1) {
      WideSums odd = SumOfPair(term, 1, n, at);
      if (n > 3) odd = odd + SumOfPair(term, 3, n, at);
      sum = sum + odd;
    }
    Store(FactorsOf(sum, factor), factors + i);
    if (at == cols - kLanes) return;
  }
}

// Lanes j, j + 4, j + 2 and j + 6 of columns of 9 to 16 rows.
template <class Term>
HWY_NOINLINE void SumFourLanes(const Term& term, size_t j, size_t n,
                               size_t cols, double factor, ColumnSums& sums) {
  double* to = sums.parts;
  for (size_t i = 0; i < cols; i += kLanes, to += kLanes) {
    const size_t at = HWY_MIN(i, cols - kLanes);
    const WideSums sum =
        (LaneOfTwo(term, j, n, at) + LaneOfTwo(term, j + 4, n, at)) +
        (LaneOfTwo(term, j + 2, n, at) + LaneOfTwo(term, j + 6, n, at));
    if (j == 0) {
      StoreWide(sum, to);
    } else {
      Store(FactorsOf(LoadWide(to) + sum, factor), sums.factors + i);
    }
  }
}

// The use of lanes j and j + 4. Columns that are summed at once take these
// steps: (0 + 4), then + (2 + 6); (1 + 5), then + (3 + 7), and the total.
enum class LaneUse { kFirst, kSecond, kThird, kTotal, kStore, kAdd };

// Lanes of columns of more than 16 rows, where 64 rows are folded in float.
template <class Term>
HWY_NOINLINE void SumTwoLanes(const Term& term, size_t j, LaneUse use, size_t n,
                              size_t cols, double factor, ColumnSums& sums) {
  double* to = sums.parts;
  // The last vector may overlap the vector before it. Each has its own place.
  for (size_t i = 0; i < cols; i += kLanes, to += kLanes) {
    const size_t at = HWY_MIN(i, cols - kLanes);
    const WideSums a = LaneOf(term, j, n, at);
    const WideSums b = LaneOf(term, j + 4, n, at);
    if (use >= LaneUse::kStore) {
      double* const a_to = to + j * kMaxLongCols;
      double* const b_to = a_to + 4 * kMaxLongCols;
      const bool adds = use == LaneUse::kAdd;
      StoreWide(adds ? LoadWide(a_to) + a : a, a_to);
      StoreWide(adds ? LoadWide(b_to) + b : b, b_to);
      continue;
    }
    const WideSums both = a + b;
    double* const second = to + kMaxShortCols;
    if (use == LaneUse::kFirst) {
      StoreWide(both, to);
    } else if (use == LaneUse::kSecond) {
      StoreWide(LoadWide(to) + both, to);
    } else if (use == LaneUse::kThird) {
      StoreWide(both, second);
    } else {
      Store(FactorsOf(LoadWide(to) + (LoadWide(second) + both), factor),
            sums.factors + i);
    }
  }
}

HWY_NOINLINE void EndLanes(size_t cols, double factor, ColumnSums& sums) {
  const double* parts = sums.parts;
  for (size_t i = 0; i < cols; i += kLanes, parts += kLanes) {
    WideSums total;
    for (size_t h = 0; h < kHalves; ++h) {
      total.half[h] =
          FoldTerms<kSumLanes>(parts + h * kHalfLanes, kMaxLongCols);
    }
    Store(FactorsOf(total, factor), sums.factors + i);
  }
}

// GradientColumnKernels::sum. Term has Row(k, i), which gives the terms of row
// k in the columns from i on, and From(k), which begins with row k.
template <class Term>
HWY_INLINE void SumColumns(const Term& term, const GradientRows& rows,
                           bool is_first, bool is_last, double factor,
                           ColumnSums& sums) {
  const size_t n = rows.n, cols = rows.cols;
  const bool is_short = is_first && is_last && n <= kSumBlock;
  if (is_short && n <= kSumLanes) {
    return SumFewRows(term, n, cols, factor, sums.factors);
  }
  if (is_short && n <= kFoldedTerms) {
    SumFourLanes(term, 0, n, cols, factor, sums);
    return SumFourLanes(term, 1, n, cols, factor, sums);
  }
  for (size_t k = 0; k < n; k += kSumBlock, is_first = false) {
    for (size_t step = 0; step < kSumLanes / 2; ++step) {
      constexpr size_t kLanesOf[] = {0, 2, 1, 3};
      const LaneUse use = is_short   ? static_cast<LaneUse>(step)
                          : is_first ? LaneUse::kStore
                                     : LaneUse::kAdd;
      SumTwoLanes(term.From(k), kLanesOf[step], use, HWY_MIN(kSumBlock, n - k),
                  cols, factor, sums);
    }
  }
  if (is_last && !is_short) EndLanes(cols, factor, sums);
}

// GradientColumnKernels::write. of(a, b, factors) gives the gradients of
// vectors, or of four.
template <class Of>
HWY_INLINE void WriteColumns(const Of& of, const GradientRows& rows,
                             const ColumnSums& sums, float* to,
                             size_t to_stride, bool is_streamed) {
  const size_t cols = rows.cols, last = cols - kLanes;
  const float* const last_factors = sums.factors + (cols - 1) / kLanes * kLanes;
  const bool has_end = cols % (4 * kLanes) != 0;
  const float* a = rows.a;
  const float* b = rows.b;
  for (size_t left = rows.n;;) {
    const auto one = [&](size_t i) HWY_ATTR {
      return of(Load(a + i), Load(b + i), Load(sums.factors + i));
    };
    // The last vector may overlap the vector before it. `to` may be an input,
    // so the last vector is computed before anything is written.
    const VF end = has_end
                       ? of(Load(a + last), Load(b + last), Load(last_factors))
                       : Set(0.0f);
    size_t i = 0;
    for (; cols - i >= 4 * kLanes; i += 4 * kLanes) {
      const Four v = of(LoadFour(a + i, kLanes), LoadFour(b + i, kLanes),
                        LoadFour(sums.factors + i, kLanes));
      if (is_streamed) {
        StreamFour(v, to + i, kLanes);
      } else {
        StoreFour(v, to + i, kLanes);
      }
    }
    for (; i < last; i += kLanes) Store(one(i), to + i);
    if (has_end) Store(end, to + last);
    // A single row may have any stride, so no pointer behind it is computed.
    if (--left == 0) break;
    a += rows.a_stride;
    b += rows.b_stride;
    to += to_stride;
  }
  if (is_streamed) hwy::FlushStream();
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_GRADIENT_COLUMNS_INL_H_
