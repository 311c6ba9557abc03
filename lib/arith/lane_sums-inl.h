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

// The sum of terms 0 to kCount - 1, upper half onto lower half. Only the first
// kExisting terms exist; the sum of -0 alone is -0, not +0.
template <size_t kCount, size_t kExisting = kCount, size_t kStep = 1,
          size_t kFirst = 0, typename T>
HWY_INLINE VD FoldTerms(const T* terms, size_t step) {
  if constexpr (kStep == kCount) {
    return InDouble(terms);
  } else {
    const VD sum = FoldTerms<kCount, kExisting, 2 * kStep, kFirst>(terms, step);
    if constexpr (kFirst + kStep >= kExisting) {
      return sum;
    } else {
      return hn::Add(sum,
                     FoldTerms<kCount, kExisting, 2 * kStep, kFirst + kStep>(
                         terms + kStep * step, step));
    }
  }
}

// (a + b) + (c + d) of vectors that are `step` floats apart. Only the first
// kCount vectors exist, and the last of them is at `last`. T is the type of the
// sum: float for whole vectors, or double for the first half of each vector.
template <class T, int kCount>
HWY_INLINE auto SumOf(const float* from, size_t step, const float* last) {
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

// A block of up to 64 terms, and the 8 parts of their sums, which are
// `parts_step` apart.
struct TermBlock {
  const float* terms;
  size_t step, count;
  double* parts;
  size_t parts_step;
};

// Sums a block. T is the type of the first sums. They have kCount terms; where
// the last term does not exist, it is +0.
template <class T, int kCount>
HWY_INLINE void SumTerms(TermBlock block) {
  HWY_ALIGN float zeros[kLanes];
  Store(Set(0.0f), zeros);
  const float* const none = zeros;
  const size_t upper = kSumLanes * block.step, next = 2 * upper;
  size_t left = block.count - (kCount - 1) * kFoldedTerms;
  for (size_t j = 0; j < kSumLanes; ++j) {
    j = Unknown(j);
    left = Unknown(left);
    const float* const terms = block.terms;
    const float* const last = terms + (kCount - 1) * next;
    const float* const last_a = j < left ? last : none;
    const float* const last_b = j + kSumLanes < left ? last + upper : none;
    if constexpr (std::is_same_v<T, float>) {
      const VF a = SumOf<T, kCount>(terms, next, last_a);
      const VF b = SumOf<T, kCount>(terms + upper, next, last_b);
      for (size_t h = 0; h < kLanes; h += kHalfLanes) {
        hn::Store(hn::Add(HalfInDouble(a, h), HalfInDouble(b, h)), F64(),
                  block.parts + h);
      }
    } else {
      for (size_t h = 0; h < kLanes; h += kHalfLanes) {
        const VD a = SumOf<T, kCount>(terms + h, next, last_a + h);
        const VD b = SumOf<T, kCount>(terms + upper + h, next, last_b + h);
        hn::Store(hn::Add(a, b), F64(), block.parts + h);
      }
    }
    block.terms = terms + block.step;
    block.parts += block.parts_step;
  }
}
template <class T>
HWY_INLINE void SumBlock(const TermBlock& block) {
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
