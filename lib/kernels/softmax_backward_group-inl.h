// SPDX-License-Identifier: Apache-2.0

// Softmax's backward pass of kLanes short rows at a time, whose dot products
// are folded together.

#if defined(SOFTLANE_LIB_KERNELS_SOFTMAX_BACKWARD_GROUP_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SOFTMAX_BACKWARD_GROUP_INL_H_
#undef SOFTLANE_LIB_KERNELS_SOFTMAX_BACKWARD_GROUP_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SOFTMAX_BACKWARD_GROUP_INL_H_
#endif

#include "arith/fold_rows-inl.h"
#include "kernels/softmax_backward_row-inl.h"

// One lane has no groups.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Rows of less than a block of the sum are faster in groups than two in one
// loop; a whole block is not, with AVX2. ns per element on Zen 5, so and so:
// with AVX-512 0.134 and 0.164 at 200 x 41, 0.092 and 0.094 at 64 x 64; with
// AVX2 0.21 and 0.35 at 400 x 20, 0.155 and 0.239 at 200 x 41, 0.136 and 0.129
// at 64 x 64. Of NEON, where 64 columns would be 16 vectors, no speed is known.
constexpr size_t kMaxBackwardVectors = kLanes == 16 ? 4 : 8;

// The products p * dp of a row of kVectors vectors, the last of `last`
// elements, added up to a vector of lanes, in the order of LaneSum. Without its
// +0, to which they are added: that is left to who folds the lanes.
template <size_t kVectors, bool kIsWhole>
struct RowDots {
  static constexpr size_t kStep = LaneSum::kFoldedVectors;

  HWY_INLINE VD operator()(size_t r) const {
    const DotTerms terms{p.Row(r), dp.Row(r)};
    VF folded[kStep];
    for (size_t k = 0; k < kStep; ++k) {
      folded[k] = k < kVectors ? Term(terms, k) : hn::Zero(F32());
      if (k + kStep < kVectors) {
        folded[k] = hn::Add(folded[k], Term(terms, k + kStep));
      }
      if (k + 2 * kStep < kVectors) {
        VF second = Term(terms, k + 2 * kStep);
        if (k + 3 * kStep < kVectors) {
          second = hn::Add(second, Term(terms, k + 3 * kStep));
        }
        folded[k] = hn::Add(folded[k], second);
      }
    }
    return FoldInDouble(folded);
  }

  HWY_INLINE VF Term(const DotTerms& terms, size_t vector) const {
    const size_t i = vector * kLanes;
    const bool is_part = !kIsWhole && vector + 1 == kVectors;
    return is_part ? terms.First(i, last) : terms.One(i);
  }

  template <class V>
  static HWY_INLINE VD FoldInDouble(const V (&folded)[kStep]) {
    const F64 d;
    VD lanes[kSumLanes / hn::MaxLanes(F64())];
    if constexpr (kStep == 1) {
      return hn::Add(hn::PromoteTo(d, Lower(folded[0])),
                     hn::PromoteTo(d, Upper(folded[0])));
    } else {
      constexpr size_t kHalf = kStep / 2;
      for (size_t k = 0; k < kHalf; ++k) {
        VD& lower = lanes[2 * k];
        VD& upper = lanes[2 * k + 1];
        lower = hn::PromoteTo(d, Lower(folded[k]));
        upper = hn::PromoteTo(d, Upper(folded[k]));
        if (k + kHalf >= kVectors) continue;
        lower = hn::Add(lower, hn::PromoteTo(d, Lower(folded[k + kHalf])));
        upper = hn::Add(upper, hn::PromoteTo(d, Upper(folded[k + kHalf])));
      }
      for (size_t count = kHalf; count != 0; count /= 2) {
        for (size_t k = 0; k < count; ++k) {
          lanes[k] = hn::Add(lanes[k], lanes[k + count]);
        }
      }
      return lanes[0];
    }
  }

  const Rows<const float>&p, dp;  // from the first row of the group on
  size_t last;
};

// The same for rows of half a vector without a gap between them: two a vector.
struct HalfRowDots {
  HWY_INLINE VD operator()(size_t r) const {
    const VF terms = DotTerms{p, dp}.One(r / 2 * kLanes);
    return hn::PromoteTo(F64(), r % 2 == 0 ? Lower(terms) : Upper(terms));
  }

  const float* p;
  const float* dp;
};

// -dot / 2 of kLanes / 2 rows, from `first` on.
template <class Dots>
HWY_INLINE auto MinusHalfOf(const Dots& dots, size_t first) {
  const VD sums = FoldRows(F64(), dots, Plus(), first);
  // LaneSum begins with +0, which makes it of -0.
  const VD dot = hn::Add(sums, hn::Zero(F64()));
  return hn::DemoteTo(hn::Half<F32>(), hn::Mul(dot, hn::Set(F64(), -0.5)));
}
// Of kLanes rows.
template <class Dots>
HWY_INLINE VF MinusHalfDots(const Dots& dots) {
  const auto lower = MinusHalfOf(dots, 0);
  return hn::Combine(F32(), MinusHalfOf(dots, kLanes / 2), lower);
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

// The first kLanes rows of the views.
template <size_t kVectors, bool kIsWhole>
HWY_INLINE void BackwardGroup(const Rows<const float>& p,
                              const Rows<const float>& dp,
                              const Rows<float>& dx, float scale) {
  const size_t n = p.cols;
  HWY_ALIGN float minus_half_dots[kLanes];
  using Dots = RowDots<kVectors, kIsWhole>;
  Store(MinusHalfDots(Dots{p, dp, n - (kVectors - 1) * kLanes}),
        minus_half_dots);
  const VF vscale = Set(scale);
  HWY_UNROLL(1)  // 16 copies of it are slower
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
      // The last vector may overlap the one before, so it is computed before
      // that is written: dx may be p or dp.
      const VF last = gradient(n - kLanes);
      for (size_t i = 0; i < (kVectors - 1) * kLanes; i += kLanes) {
        Store(gradient(i), to + i);
      }
      Store(last, to + n - kLanes);
    }
  }
}

// As many rows as fill groups. Returns how many. Functions of their own: in one
// of all, GCC runs out of registers.
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

// The choice between them.
template <size_t kVectors = 1>
HWY_INLINE size_t BackwardGroups(const Rows<const float>& p,
                                 const Rows<const float>& dp,
                                 const Rows<float>& dx, float scale) {
  if constexpr (kVectors > kMaxBackwardVectors) {
    return 0;
  } else {
    if (p.cols > kVectors * kLanes || p.cols == kSumBlock) {
      return BackwardGroups<kVectors + 1>(p, dp, dx, scale);
    }
    const bool gapless =
        p.stride == p.cols && dp.stride == p.cols && dx.stride == p.cols;
    if (p.cols == kLanes / 2 && gapless) {
      return BackwardGroupsOfHalf(p, dp, dx, scale);
    }
    return p.cols == kVectors * kLanes
               ? BackwardGroupsOf<kVectors, true>(p, dp, dx, scale)
               : BackwardGroupsOf<kVectors, false>(p, dp, dx, scale);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_KERNELS_SOFTMAX_BACKWARD_GROUP_INL_H_
