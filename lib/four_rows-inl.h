// SPDX-License-Identifier: Apache-2.0

// Four short rows at a time, a vector of each, in groups of kLanes rows.

#if defined(SOFTLANE_LIB_FOUR_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_FOUR_ROWS_INL_H_
#undef SOFTLANE_LIB_FOUR_ROWS_INL_H_
#else
#define SOFTLANE_LIB_FOUR_ROWS_INL_H_
#endif

#include "fold_rows-inl.h"
#include "sum-inl.h"

// One lane has no groups.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// A float per row.
class RowValues {
 public:
  HWY_INLINE RowValues() {}  // not the compiler's: it has no target attribute
  HWY_INLINE void SetAll(VF v) { Store(v, values_); }
  // Those of rows r to r + 3, a vector each.
  HWY_INLINE Four operator[](size_t r) const {
    return {Set(values_[r]), Set(values_[r + 1]), Set(values_[r + 2]),
            Set(values_[r + 3])};
  }

 private:
  HWY_ALIGN float values_[kLanes];
};

// Vectors at element i of four rows, and their first `count` elements.
HWY_INLINE Four LoadRows(const float* const* rows, size_t i) {
  return {Load(rows[0] + i), Load(rows[1] + i), Load(rows[2] + i),
          Load(rows[3] + i)};
}
HWY_INLINE Four LoadRowsFirst(const float* const* rows, size_t i, size_t count,
                              VF fill) {
  return {
      LoadFirst(rows[0] + i, count, fill), LoadFirst(rows[1] + i, count, fill),
      LoadFirst(rows[2] + i, count, fill), LoadFirst(rows[3] + i, count, fill)};
}
HWY_INLINE void StoreRows(const Four& v, float* const* rows, size_t i) {
  Store(v.a, rows[0] + i);
  Store(v.b, rows[1] + i);
  Store(v.c, rows[2] + i);
  Store(v.d, rows[3] + i);
}
HWY_INLINE void StoreRowsFirst(const Four& v, float* const* rows, size_t i,
                               size_t count) {
  StoreFirst(v.a, rows[0] + i, count);
  StoreFirst(v.b, rows[1] + i, count);
  StoreFirst(v.c, rows[2] + i, count);
  StoreFirst(v.d, rows[3] + i, count);
}

// The sums of a group's rows.
class FourRowSums {
 public:
  HWY_INLINE FourRowSums() {}  // not the compiler's: see RowValues

  // Those of rows r to r + 3: term(i) gives kLanes terms of each from i on,
  // with +0 behind n.
  template <class Term>
  HWY_INLINE void Sum(size_t r, size_t n, const Term& term) {
    LaneSum sums[4];
    for (size_t start = 0; start < n; start += kSumBlock) {
      AddBlock(term, start, n, sums);
    }
    for (size_t k = 0; k < 4; ++k) {
      hn::Store(sums[k].Folded(), F64(), lanes_ + (r + k) * kF64Lanes);
    }
  }

  // Sets them to those of rows r - 4 to r - 1.
  HWY_INLINE void CopyFour(size_t r) {
    for (size_t k = r; k < r + 4; ++k) {
      const double* const from = lanes_ + (k - 4) * kF64Lanes;
      hn::Store(hn::Load(F64(), from), F64(), lanes_ + k * kF64Lanes);
    }
  }

  // A row per lane. Meaningless for a row that was not set.
  HWY_INLINE VD LowerRows() const { return Fold(0); }
  HWY_INLINE VD UpperRows() const { return Fold(kF64Lanes); }

 private:
  static constexpr size_t kF64Lanes = kLanes / 2;

  HWY_INLINE VD Fold(size_t first) const {
    const StoredRows<F64> rows{lanes_ + first * kF64Lanes};
    return FoldRows(F64(), rows, Plus());
  }

  // Adds the block of terms from `start` on.
  template <class Term>
  static HWY_INLINE void AddBlock(const Term& term, size_t start, size_t n,
                                  LaneSum (&sums)[4]) {
    const auto sum_of = [](VF a, VF b) HWY_ATTR { return hn::Add(a, b); };
    VF folded[4][LaneSum::kFoldedVectors];
    for (size_t k = 0; k < LaneSum::kFoldedVectors; ++k) {
      // (a + b) + (c + d), as far as they exist: the others are +0.
      const size_t i = start + k * kLanes;
      Four sum = i < n ? term(i) : Repeat<Four>(Set(0.0f));
      if (i + 16 < n) sum = Map(sum_of, sum, term(i + 16));
      if (i + 32 < n) {
        Four second = term(i + 32);
        if (i + 48 < n) second = Map(sum_of, second, term(i + 48));
        sum = Map(sum_of, sum, second);
      }
      folded[0][k] = sum.a;
      folded[1][k] = sum.b;
      folded[2][k] = sum.c;
      folded[3][k] = sum.d;
    }
    for (size_t k = 0; k < 4; ++k) sums[k].AddFolded(folded[k]);
  }

  HWY_ALIGN double lanes_[kLanes * kF64Lanes];
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_FOUR_ROWS_INL_H_
