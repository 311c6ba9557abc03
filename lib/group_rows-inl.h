// SPDX-License-Identifier: Apache-2.0

// What a group of short rows does row by row: sums of numerators, and
// quotients. A row has so few vectors that a loop over them is mostly branches;
// so their number is a parameter of the code.

#if defined(SOFTLANE_LIB_GROUP_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_GROUP_ROWS_INL_H_
#undef SOFTLANE_LIB_GROUP_ROWS_INL_H_
#else
#define SOFTLANE_LIB_GROUP_ROWS_INL_H_
#endif

#include "arith/fold_rows-inl.h"
#include "arith/sum-inl.h"
#include "kernels/stream-inl.h"
#include "softmax_group-inl.h"

// One lane has no groups.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// More than the lanes of most targets, and so less to do per row between the
// sweeps: with AVX2 on Zen 5, ns per element with 8 and with 16 rows, 0.239 and
// 0.222 at 256 x 32.
constexpr size_t kGroupRows = 16;
static_assert(kGroupRows % kLanes == 0, "a row per lane");
// Groups of longer rows have less: two of them are 32 KB.
constexpr size_t kGroupElements = 4096;
HWY_INLINE size_t PaddedCols(size_t n) { return (n + 15) / 16 * 16; }
HWY_INLINE size_t MaxRowsOf(size_t n) {
  return HWY_MIN(kGroupRows, kGroupElements / PaddedCols(n));
}

// Of a row: whether it has full blocks of a sum, and how many 16s behind them,
// of which the last may be a part.
template <bool kHasBlocksValue, size_t k16sValue>
struct Shape {
  static constexpr bool kHasBlocks = kHasBlocksValue;
  static constexpr size_t k16s = k16sValue;
};

// A row of n elements.
struct RowParts {
  HWY_INLINE explicit RowParts(size_t n)
      : n(n), full((n - 1) / kSumBlock * kSumBlock) {}

  // Calls with_shape(Shape()).
  template <class WithShape>
  HWY_INLINE void Choose(const WithShape& with_shape) const {
    full == 0 ? Choose<false>(with_shape) : Choose<true>(with_shape);
  }

  size_t n, full;

 private:
  template <bool kHasBlocks, class WithShape>
  HWY_INLINE void Choose(const WithShape& with_shape) const {
    const size_t last = n - full;
    if (last > 48) return with_shape(Shape<kHasBlocks, 4>());
    if (last > 32) return with_shape(Shape<kHasBlocks, 3>());
    if (last > 16) return with_shape(Shape<kHasBlocks, 2>());
    with_shape(Shape<kHasBlocks, 1>());
  }
};

// The sums of rows, as LaneSum has them.
class GroupSums {
 public:
  HWY_INLINE GroupSums() {}  // not the compiler's: it has no target attribute

  // Of the terms of row r, which are read up to PaddedCols(n).
  template <class Shape>
  HWY_INLINE void Set(size_t r, const float* terms, const RowParts& parts) {
    constexpr size_t k16s = Shape::k16s;
    const size_t full = Shape::kHasBlocks ? parts.full : 0;
    LaneSum sum;
    for (size_t i = 0; i != full; i += kSumBlock, terms += kSumBlock) {
      sum.AddBlock([&](size_t k) HWY_ATTR { return LoadFour(terms + k, 16); });
    }
    const size_t count = parts.n - full - (k16s - 1) * 16;
    VF folded[LaneSum::kFoldedVectors];
    for (size_t k = 0; k < LaneSum::kFoldedVectors; ++k) {
      const size_t skipped = HWY_MIN(k * kLanes, count);
      folded[k] =
          Folded<k16s>(terms + k * kLanes, HWY_MIN(count - skipped, kLanes));
    }
    sum.AddFolded(folded);
    hn::Store(sum.Folded(), F64(), lanes_ + r * kF64Lanes);
  }
  // The first row's, for rows that the group does not have.
  HWY_INLINE void SetMissing(size_t first) {
    const VD lanes = hn::Load(F64(), lanes_);
    for (size_t r = first; r < kGroupRows; ++r) {
      hn::Store(lanes, F64(), lanes_ + r * kF64Lanes);
    }
  }

  HWY_INLINE void Fold(double* sums) const {
    for (size_t r = 0; r < kGroupRows; r += kF64Lanes) {
      const StoredRows<F64> rows{lanes_ + r * kF64Lanes};
      hn::Store(FoldRows(F64(), rows, Plus()), F64(), sums + r);
    }
  }

 private:
  static constexpr size_t kF64Lanes = hn::MaxLanes(F64());

  // (a + b) + (c + d) as far as they exist, of the last its first `count`.
  template <size_t k16s>
  static HWY_INLINE VF Folded(const float* terms, size_t count) {
    const VF last = KeepFirst(Load(terms + (k16s - 1) * 16), count);
    if constexpr (k16s == 1) return last;
    if constexpr (k16s == 2) return hn::Add(Load(terms), last);
    const VF sum = hn::Add(Load(terms), Load(terms + 16));
    if constexpr (k16s == 3) return hn::Add(sum, last);
    return hn::Add(sum, hn::Add(Load(terms + 32), last));
  }

  HWY_ALIGN double lanes_[kGroupRows * kF64Lanes];
};

// How quotients are written.
enum class Writing {
  kTiny,      // some may be below 2^-126
  kUsual,     // none is
  kStreamed,  // none is; past the caches
};

// What rows are divided by.
class GroupQuotients {
 public:
  HWY_INLINE GroupQuotients() {}  // see GroupSums

  HWY_INLINE void SetSums(const double* sums) {
    for (size_t r = 0; r < kGroupRows; r += kLanes) {
      const GroupReciprocal reciprocal(hn::Load(F64(), sums + r),
                                       hn::Load(F64(), sums + r + kLanes / 2));
      Store(reciprocal.head, head_ + r);
      Store(reciprocal.rest, rest_ + r);
      Store(reciprocal.least, least_ + r);
    }
  }

  // Those of row r, whose numerators are in `from`.
  template <class Shape, Writing kWriting>
  HWY_INLINE void Write(size_t r, const float* from, float* to,
                        const RowParts& parts) const {
    const Row<kWriting> row{Set(head_[r]), Set(rest_[r]), Set(least_[r]), from,
                            to};
    constexpr bool kMayBePart = !Shape::kHasBlocks && Shape::k16s == 1;
    if (kMayBePart && parts.n < kLanes) {
      const VF numerators = KeepFirst(Load(from), parts.n);
      return StoreFirst(row.Of(numerators), to, parts.n);
    }
    size_t i = 0;
    for (; Shape::kHasBlocks && i != parts.full; i += kSumBlock) {
      for (size_t k = 0; k < kSumBlock; k += kLanes) row.Write(i + k);
    }
    constexpr size_t kLast = (Shape::k16s - 1) * 16;
    for (size_t k = 0; k < kLast; k += kLanes) row.Write(i + k);
    // What does not fill a vector overlaps those before: the same quotients.
    const size_t end = parts.n - kLanes;
    for (size_t k = kLast; k < kLast + 16 - kLanes; k += kLanes) {
      row.Write(HWY_MIN(i + k, end));
    }
    row.Write(end);
  }

 private:
  template <Writing kWriting>
  struct Row {
    HWY_INLINE VF Of(VF v) const {
      if constexpr (kWriting == Writing::kTiny) {
        return ProbabilityOf(v, head, rest, least);
      } else {
        return ProbabilityNotTiny(v, head, rest);
      }
    }
    HWY_INLINE void Write(size_t i) const {
      const VF quotient = Of(InRegister(Load(from + i)));
      if constexpr (kWriting == Writing::kStreamed) {
        StreamOne(quotient, to + i);
      } else {
        Store(quotient, to + i);
      }
    }

    VF head, rest, least;
    const float* from;
    float* to;
  };

  HWY_ALIGN float head_[kGroupRows];
  HWY_ALIGN float rest_[kGroupRows];
  HWY_ALIGN float least_[kGroupRows];
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_GROUP_ROWS_INL_H_
