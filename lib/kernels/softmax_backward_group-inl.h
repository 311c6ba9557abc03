// SPDX-License-Identifier: Apache-2.0

// The backward pass of softmax in groups of kLanes short rows, whose dot
// products are folded together.

#if defined(SOFTLANE_LIB_KERNELS_SOFTMAX_BACKWARD_GROUP_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SOFTMAX_BACKWARD_GROUP_INL_H_
#undef SOFTLANE_LIB_KERNELS_SOFTMAX_BACKWARD_GROUP_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SOFTMAX_BACKWARD_GROUP_INL_H_
#endif

#include "arith/fold_rows-inl.h"
#include "kernels/softmax_backward_row-inl.h"

// A target of one lane has no groups.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The vectors of the longest row in a group: see backward_planner.cc.
constexpr size_t kMaxGroupVectors = kLanes == 4 ? 8 : kSumBlock / kLanes;
// For rows with more vectors, a loop over the rows computes the dot products.
// Unrolled, they would be most of the code. With AVX2 on Zen 3 rows of 4 whole
// vectors take 4 % less time unrolled.
template <bool kIsWhole>
constexpr size_t kMaxUnrolledVectors = kLanes == 16 ? 1
                                       : kIsWhole   ? 4
                                                    : 3;

// A row's dot product as a vector of lanes that are not folded yet. The row has
// kVectors vectors, and the last of them has `last` elements.
template <size_t kVectors, bool kIsWhole>
struct RowDots {
  HWY_INLINE VD operator()(size_t r) const {
    return LaneSum::FoldedBlock<kVectors>(
        Terms{DotTerms{p.Row(r), dp.Row(r)}, last});
  }

  struct Terms {
    HWY_INLINE VF operator()(size_t vector) const {
      const size_t i = vector * kLanes;
      const bool is_part = !kIsWhole && vector + 1 == kVectors;
      return is_part ? dots.First(i, last) : dots.One(i);
    }

    const DotTerms dots;
    size_t last;
  };

  const Rows<const float>&p, dp;  // they begin with the group's first row
  size_t last;
};

// The dot products of rows of half a vector without a gap between them. A
// vector has two rows.
struct HalfRowDots {
  HWY_INLINE VD operator()(size_t r) const {
    const VF terms = DotTerms{p, dp}.One(r / 2 * kLanes);
    return hn::PromoteTo(F64(), r % 2 == 0 ? Lower(terms) : Upper(terms));
  }

  const float* p;
  const float* dp;
};

// -dot / 2 of kLanes / 2 rows from row `first` on.
template <class Dots>
HWY_INLINE auto MinusHalfOf(const Dots& dots, size_t first) {
  const VD sums = FoldRows(F64(), dots, Plus(), first);
  // Adding 0 turns -0 into +0, as in LaneSum, which begins with +0.
  const VD dot = hn::Add(sums, hn::Zero(F64()));
  return hn::DemoteTo(hn::Half<F32>(), hn::Mul(dot, hn::Set(F64(), -0.5)));
}
// -dot / 2 of kLanes rows.
template <class Dots>
HWY_INLINE VF MinusHalfDots(const Dots& dots) {
  const auto lower = MinusHalfOf(dots, 0);
  return hn::Combine(F32(), MinusHalfOf(dots, kLanes / 2), lower);
}
// -dot / 2 of kLanes rows in a loop, which has the code of one row.
template <class Dots>
HWY_INLINE VF MinusHalfDotsInLoop(const Dots& dots) {
  constexpr size_t kF64Lanes = hn::MaxLanes(F64());
  HWY_ALIGN double lanes[kLanes * kF64Lanes];
  HWY_UNROLL(1)
  for (size_t r = 0; r < kLanes; ++r) {
    hn::Store(dots(r), F64(), lanes + r * kF64Lanes);
  }
  return MinusHalfDots(StoredRows<F64>{lanes});
}

HWY_INLINE void BackwardHalfRows(const float* p, const float* dp, float* dx,
                                 float scale) {
  const VF minus_half_dots = MinusHalfDots(HalfRowDots{p, dp});
  const VF vscale = Set(scale);
  const I32 d;
  const VI halves =
      hn::IfThenZeroElse(hn::FirstN(d, kLanes / 2), hn::Set(d, 1));
  for (size_t i = 0; i < kLanes; i += 2) {
    const VI rows = hn::Add(halves, hn::Set(d, static_cast<int32_t>(i)));
    const VF minus_half_dot =
        hn::TableLookupLanes(minus_half_dots, hn::IndicesFromVec(F32(), rows));
    const size_t at = i / 2 * kLanes;
    Store(Gradient(Load(p + at), Load(dp + at), minus_half_dot, vscale),
          dx + at);
  }
}

// Does the first kLanes rows of the views.
template <size_t kVectors, bool kIsWhole>
HWY_INLINE void BackwardGroup(const Rows<const float>& p,
                              const Rows<const float>& dp,
                              const Rows<float>& dx, float scale) {
  const size_t n = p.cols;
  HWY_ALIGN float minus_half_dots[kLanes];
  const RowDots<kVectors, kIsWhole> dots{p, dp, n - (kVectors - 1) * kLanes};
  if constexpr (kVectors > kMaxUnrolledVectors<kIsWhole>) {
    Store(MinusHalfDotsInLoop(dots), minus_half_dots);
  } else {
    Store(MinusHalfDots(dots), minus_half_dots);
  }
  const VF vscale = Set(scale);
  HWY_UNROLL(1)  // 16 copies of the body are slower
  for (size_t r = 0; r < kLanes; ++r) {
    const VF minus_half_dot = Set(minus_half_dots[r]);
    const float* const p_row = p.Row(r);
    const float* const dp_row = dp.Row(r);
    const auto gradient = [&](size_t i) HWY_ATTR {
      return Gradient(Load(p_row + i), Load(dp_row + i), minus_half_dot,
                      vscale);
    };
    float* const to = dx.Row(r);
    if constexpr (kIsWhole) {
      for (size_t i = 0; i < kVectors * kLanes; i += kLanes) {
        Store(gradient(i), to + i);
      }
    } else if constexpr (kVectors == 1) {
      const VF zero = Set(0.0f);
      StoreFirst(Gradient(LoadFirst(p_row, n, zero), LoadFirst(dp_row, n, zero),
                          minus_half_dot, vscale),
                 to, n);
    } else {
      // The last vector may overlap the vector before it. dx may be p or dp, so
      // the last vector is computed before anything is written.
      const VF last = gradient(n - kLanes);
      for (size_t i = 0; i < (kVectors - 1) * kLanes; i += kLanes) {
        Store(gradient(i), to + i);
      }
      Store(last, to + n - kLanes);
    }
  }
}

// Does all rows that full groups have, and returns their number. Not inlined:
// GCC would run out of registers.
template <size_t kVectors, bool kIsWhole>
HWY_NOINLINE size_t BackwardGroupsOf(const Rows<const float>& p,
                                     const Rows<const float>& dp,
                                     const Rows<float>& dx, float scale) {
  size_t r = 0;
  for (; p.rows - r >= kLanes; r += kLanes) {
    BackwardGroup<kVectors, kIsWhole>(p.Slice(r, kLanes), dp.Slice(r, kLanes),
                                      dx.Slice(r, kLanes), scale);
  }
  return r;
}
HWY_NOINLINE size_t BackwardGroupsOfHalf(const Rows<const float>& p,
                                         const Rows<const float>& dp,
                                         const Rows<float>& dx, float scale) {
  size_t r = 0;
  for (; p.rows - r >= kLanes; r += kLanes) {
    BackwardHalfRows(p.Row(r), dp.Row(r), dx.Row(r), scale);
  }
  return r;
}

// Chooses the function above for this number of columns, which is below
// kSumBlock.
template <size_t kVectors>
HWY_INLINE size_t BackwardGroupsFrom(const Rows<const float>& p,
                                     const Rows<const float>& dp,
                                     const Rows<float>& dx, float scale) {
  if constexpr (kVectors < kMaxGroupVectors) {
    if (p.cols > kVectors * kLanes) {
      return BackwardGroupsFrom<kVectors + 1>(p, dp, dx, scale);
    }
  }
  if constexpr (kVectors <= 2 || (kVectors == 4 && kLanes < 16)) {
    if (p.cols == kVectors * kLanes) {
      return BackwardGroupsOf<kVectors, true>(p, dp, dx, scale);
    }
  }
  return BackwardGroupsOf<kVectors, false>(p, dp, dx, scale);
}
size_t BackwardGroups(const Rows<const float>& p, const Rows<const float>& dp,
                      const Rows<float>& dx, float scale) {
  const bool gapless =
      p.stride == p.cols && dp.stride == p.cols && dx.stride == p.cols;
  if (p.cols == kLanes / 2 && gapless) {
    return BackwardGroupsOfHalf(p, dp, dx, scale);
  }
  return BackwardGroupsFrom<1>(p, dp, dx, scale);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_KERNELS_SOFTMAX_BACKWARD_GROUP_INL_H_
