// SPDX-License-Identifier: Apache-2.0

// Softmax's backward pass of kLanes short rows at a time, whose dot products
// are folded together.

#if defined(SOFTLANE_LIB_SOFTMAX_BACKWARD_GROUP_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_SOFTMAX_BACKWARD_GROUP_INL_H_
#undef SOFTLANE_LIB_SOFTMAX_BACKWARD_GROUP_INL_H_
#else
#define SOFTLANE_LIB_SOFTMAX_BACKWARD_GROUP_INL_H_
#endif

#include "fold_rows-inl.h"
#include "softmax_backward_row-inl.h"

// One lane has no groups.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Rows of less than a block of the sum are faster in groups than two in one
// loop. ns per element on Zen 5, so and so: with AVX-512 0.155 and 0.164 at 200
// x 41, 0.092 and 0.094 at 64 x 64; with AVX2 0.22 and 0.35 at 400 x 20, 0.168
// and 0.239 at 200 x 41, 0.136 and 0.129 at 64 x 64.
constexpr size_t kMaxBackwardVectors = kLanes == 16 ? 4 : 8;

// The products p * dp of a row of kVectors vectors, the last of `last`
// elements, added up to a vector of lanes, in the order of LaneSum.
template <size_t kVectors>
struct RowDots {
  HWY_INLINE VD operator()(size_t r) const {
    const DotTerms terms{p.Row(r), dp.Row(r)};
    VF folded[LaneSum::kFoldedVectors];
    for (size_t k = 0; k < LaneSum::kFoldedVectors; ++k) {
      constexpr size_t kStep = LaneSum::kFoldedVectors;
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
    LaneSum sum;
    sum.AddFolded(folded);
    return sum.Folded();
  }

  HWY_INLINE VF Term(const DotTerms& terms, size_t vector) const {
    const size_t i = vector * kLanes;
    return vector + 1 == kVectors ? terms.First(i, last) : terms.One(i);
  }

  const Rows<const float>&p, dp;  // from the first row of the group on
  size_t last;
};

// The same for rows of half a vector without a gap between them: two a vector.
struct HalfRowDots {
  HWY_INLINE VD operator()(size_t r) const {
    const VF terms = DotTerms{p, dp}.One(r / 2 * kLanes);
    const auto row = r % 2 == 0 ? Lower(terms) : Upper(terms);
    // LaneSum begins with +0, which makes it of -0.
    return hn::Add(hn::PromoteTo(F64(), row), hn::Zero(F64()));
  }

  const float* p;
  const float* dp;
};

// -dot / 2 of kLanes rows.
template <class Dots>
HWY_INLINE VF MinusHalfDots(const Dots& dots) {
  const auto half = [&](size_t first) HWY_ATTR {
    const VD sums = FoldRows(
        F64(), [&](size_t r) HWY_ATTR { return dots(first + r); },
        [](VD a, VD b) HWY_ATTR { return hn::Add(a, b); });
    return hn::DemoteTo(hn::Half<F32>(), hn::Mul(sums, hn::Set(F64(), -0.5)));
  };
  const auto lower = half(0);
  return hn::Combine(F32(), half(kLanes / 2), lower);
}

HWY_INLINE void BackwardHalfRows(const float* p, const float* dp, float* dx,
                                 float scale) {
  HWY_ALIGN float minus_half_dots[kLanes];
  Store(MinusHalfDots(HalfRowDots{p, dp}), minus_half_dots);
  const VF vscale = Set(scale);
  for (size_t r = 0; r < kLanes; r += 2) {
    const hn::Half<F32> half;
    const VF minus_half_dot =
        hn::Combine(F32(), hn::Set(half, minus_half_dots[r + 1]),
                    hn::Set(half, minus_half_dots[r]));
    const size_t i = r / 2 * kLanes;
    Store(Gradient(Load(p + i), Load(dp + i), minus_half_dot, vscale), dx + i);
  }
}

// The first kLanes rows of the views.
template <size_t kVectors>
HWY_INLINE void BackwardGroup(const Rows<const float>& p,
                              const Rows<const float>& dp,
                              const Rows<float>& dx, float scale) {
  const size_t n = p.cols;
  HWY_ALIGN float minus_half_dots[kLanes];
  Store(MinusHalfDots(RowDots<kVectors>{p, dp, n - (kVectors - 1) * kLanes}),
        minus_half_dots);
  const VF vscale = Set(scale);
  for (size_t r = 0; r < kLanes; ++r) {
    const VF minus_half_dot = Set(minus_half_dots[r]);
    const float* const p_row = p.Row(r);
    const float* const dp_row = dp.Row(r);
    const auto gradient = [&](size_t i) HWY_ATTR {
      return Gradient(Load(p_row + i), Load(dp_row + i), minus_half_dot,
                      vscale);
    };
    float* const to = dx.Row(r);
    if constexpr (kVectors == 1) {
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

// As many rows as fill groups. Returns how many.
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
    size_t r = 0;
    if (p.cols == kLanes / 2 && gapless) {
      for (; p.rows - r >= kLanes; r += kLanes) {
        BackwardHalfRows(p.Row(r), dp.Row(r), dx.Row(r), scale);
      }
      return r;
    }
    for (; p.rows - r >= kLanes; r += kLanes) {
      BackwardGroup<kVectors>(p.Slice(r, kLanes), dp.Slice(r, kLanes),
                              dx.Slice(r, kLanes), scale);
    }
    return r;
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_SOFTMAX_BACKWARD_GROUP_INL_H_
