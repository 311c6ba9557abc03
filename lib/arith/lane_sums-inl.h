// SPDX-License-Identifier: Apache-2.0

// Sums with a lane per sum, in the order of LaneSum. All terms of a sum are in
// the same lane of vectors that are `step` floats apart.

#if defined(SOFTLANE_LIB_ARITH_LANE_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_LANE_SUMS_INL_H_
#undef SOFTLANE_LIB_ARITH_LANE_SUMS_INL_H_
#else
#define SOFTLANE_LIB_ARITH_LANE_SUMS_INL_H_
#endif

#include <type_traits>

#include "arith/sum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The sums of a vector's lanes are in one vector of doubles, or in two.
constexpr size_t kHalfLanes = hn::MaxLanes(F64());
static_assert(kLanes == kHalfLanes || kLanes == 2 * kHalfLanes,
              "one or two halves");
constexpr size_t kFoldedTerms = 2 * kSumLanes;

HWY_INLINE VD InDouble(const float* from) {
  return hn::PromoteTo(F64(), hn::Load(hn::Rebind<float, F64>(), from));
}
HWY_INLINE VD InDouble(const double* from) { return hn::Load(F64(), from); }

// The half of a vector from lane h on, in double. It is a template for the same
// reason as Lower.
template <class V>
HWY_INLINE VD HalfInDouble(V v, size_t h) {
  if constexpr (kLanes == kHalfLanes) {
    return hn::PromoteTo(F64(), v);
  } else {
    return hn::PromoteTo(F64(), h == 0 ? Lower(v) : Upper(v));
  }
}

// Stands for a pointer to products p * dp, which no pass has to write.
struct ColumnProducts {
  HWY_INLINE ColumnProducts(const float* p, const float* dp) : p(p), dp(dp) {}
  HWY_INLINE explicit ColumnProducts(const float* both) : p(both), dp(both) {}
  HWY_INLINE ColumnProducts operator+(size_t i) const {
    return {p + i, dp + i};
  }

  const float* p;
  const float* dp;
};
HWY_INLINE VF Load(const ColumnProducts& at) {
  return hn::Mul(Load(at.p), Load(at.dp));
}
HWY_INLINE VD InDouble(const ColumnProducts& at) {
  const hn::Rebind<float, F64> half;
  return hn::PromoteTo(F64(),
                       hn::Mul(hn::Load(half, at.p), hn::Load(half, at.dp)));
}

// Below, Terms is a pointer, or a class that stands for a pointer to floats.
// The class has + and functions Load and InDouble. It is made from a pointer to
// +0 where a term does not exist.

// The sum of terms 0 to kCount - 1, upper half onto lower half.
template <size_t kCount, size_t kStep = 1, class Terms>
HWY_INLINE VD FoldTerms(Terms terms, size_t step) {
  if constexpr (kStep == kCount) {
    return InDouble(terms);
  } else {
    return hn::Add(FoldTerms<kCount, 2 * kStep>(terms, step),
                   FoldTerms<kCount, 2 * kStep>(terms + kStep * step, step));
  }
}

// (a + b) + (c + d) of vectors that are `step` floats apart. Only the first
// kCount vectors exist, and the last of them is at `last`. T is the type of the
// sum: float for whole vectors, or double for the first half of each vector.
template <class T, int kCount, class Terms>
HWY_INLINE auto SumOf(Terms from, size_t step, Terms last) {
  if constexpr (kCount > 2) {
    return hn::Add(SumOf<T, 2>(from, step, from + step),
                   SumOf<T, kCount - 2>(from + 2 * step, step, last));
  } else if constexpr (kCount == 2) {
    return hn::Add(SumOf<T, 1>(from, step, from),
                   SumOf<T, 1>(from, step, last));
  } else if constexpr (std::is_same_v<T, float>) {
    return Load(last);
  } else {
    return InDouble(last);
  }
}

// A block of up to 64 terms, and the 8 parts of their sums. The parts are
// `parts_step` apart. If kAdds, the sums begin with the parts of `added`.
template <class Terms, bool kAdds = false>
struct TermBlock {
  Terms terms;
  size_t step, count;
  double* parts;
  size_t parts_step;
  const double* added;
  size_t added_step;
};

// Sums a block. T is the type of the first sums. They have kCount terms; where
// the last term does not exist, it is +0.
template <class T, int kCount, class Terms, bool kAdds>
HWY_INLINE void SumTerms(TermBlock<Terms, kAdds> block) {
  HWY_ALIGN float zeros[kLanes];
  Store(Set(0.0f), zeros);
  const Terms none(zeros);
  const size_t upper = kSumLanes * block.step, next = 2 * upper;
  size_t left = block.count - (kCount - 1) * kFoldedTerms;
  for (size_t j = 0; j < kSumLanes; ++j) {
    j = Unknown(j);
    left = Unknown(left);
    const Terms terms = block.terms;
    const Terms last = terms + (kCount - 1) * next;
    const Terms last_a = j < left ? last : none;
    const Terms last_b = j + kSumLanes < left ? last + upper : none;
    const auto add = [&](size_t h, VD a, VD b) HWY_ATTR {
      VD sum = hn::Add(a, b);
      if constexpr (kAdds) {
        sum = hn::Add(hn::Load(F64(), block.added + h), sum);
      }
      hn::Store(sum, F64(), block.parts + h);
    };
    if constexpr (std::is_same_v<T, float>) {
      const VF a = SumOf<T, kCount>(terms, next, last_a);
      const VF b = SumOf<T, kCount>(terms + upper, next, last_b);
      for (size_t h = 0; h < kLanes; h += kHalfLanes) {
        add(h, HalfInDouble(a, h), HalfInDouble(b, h));
      }
    } else {
      for (size_t h = 0; h < kLanes; h += kHalfLanes) {
        add(h, SumOf<T, kCount>(terms + h, next, last_a + h),
            SumOf<T, kCount>(terms + upper + h, next, last_b + h));
      }
    }
    block.terms = terms + block.step;
    block.parts += block.parts_step;
    if constexpr (kAdds) block.added += block.added_step;
  }
}
template <class T, class Terms, bool kAdds>
HWY_INLINE void SumBlock(const TermBlock<Terms, kAdds>& block) {
  if (block.count > 3 * kFoldedTerms) return SumTerms<T, 4>(block);
  if (block.count > 2 * kFoldedTerms) return SumTerms<T, 3>(block);
  if (block.count > kFoldedTerms) return SumTerms<T, 2>(block);
  SumTerms<T, 1>(block);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_LANE_SUMS_INL_H_
