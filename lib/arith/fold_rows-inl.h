// SPDX-License-Identifier: Apache-2.0

// Folds one vector per row to one value per row, upper half onto lower half,
// for as many rows as a vector has lanes. The rows are folded together, so each
// step works on full vectors. A row by itself would take log2(lanes) steps, and
// the last step would have one useful lane.

#if defined(SOFTLANE_LIB_ARITH_FOLD_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_FOLD_ROWS_INL_H_
#undef SOFTLANE_LIB_ARITH_FOLD_ROWS_INL_H_
#else
#define SOFTLANE_LIB_ARITH_FOLD_ROWS_INL_H_
#endif

#include "arith/vector-inl.h"

// A target of one lane has nothing to fold.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// In each 2 * kDistance lanes, the lower half gets op of the two halves of a,
// and the upper half gets op of the two halves of b. `op` is commutative.
template <size_t kDistance, class D, class V, class Op>
HWY_INLINE V FoldPair(D d, V a, V b, const Op& op) {
  constexpr size_t kBytes = kDistance * sizeof(hn::TFromD<D>);
  if constexpr (2 * kDistance == hn::MaxLanes(D()) && kBytes >= 16) {
    return op(hn::ConcatUpperLower(d, b, a), hn::ConcatLowerUpper(d, b, a));
  } else if constexpr (kBytes == 16) {
    return op(hn::OddEvenBlocks(b, a),
              hn::SwapAdjacentBlocks(hn::OddEvenBlocks(a, b)));
  } else if constexpr (kBytes == 8) {
    const hn::Repartition<double, D> d64;
    const V mixed =
        hn::BitCast(d, hn::OddEven(hn::BitCast(d64, b), hn::BitCast(d64, a)));
    return op(mixed, hn::CombineShiftRightBytes<8>(d, b, a));
  } else {
    return op(hn::OddEven(b, a), hn::Shuffle2301(hn::OddEven(a, b)));
  }
}

// Function objects for `op` and `row`. GCC does not inline a lambda that is
// used several times.
struct Plus {
  template <class V>
  HWY_INLINE V operator()(V a, V b) const {
    return hn::Add(a, b);
  }
};
struct Larger {
  template <class V>
  HWY_INLINE V operator()(V a, V b) const {
    return hn::Max(a, b);
  }
};
template <class D>
struct StoredRows {
  HWY_INLINE hn::Vec<D> operator()(size_t r) const {
    return hn::Load(D(), from + r * hn::MaxLanes(D()));
  }

  const hn::TFromD<D>* from;
};

// Lane r of the result is the fold of the vector row(r). There are as many rows
// as lanes.
template <class D, class Row, class Op, size_t kDistance = 1>
HWY_INLINE auto FoldRows(D d, const Row& row, const Op& op, size_t first = 0) {
  if constexpr (kDistance == hn::MaxLanes(D())) {
    return row(first);
  } else {
    const auto a = FoldRows<D, Row, Op, 2 * kDistance>(d, row, op, first);
    const auto b =
        FoldRows<D, Row, Op, 2 * kDistance>(d, row, op, first + kDistance);
    return FoldPair<kDistance>(d, a, b, op);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_ARITH_FOLD_ROWS_INL_H_
