// SPDX-License-Identifier: Apache-2.0

// The order of LaneSum for sums that have a lane each: all terms of a sum are
// in its lane of vectors `step` floats after one another.

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

// The sum of terms 0 to kCount - 1, upper half onto lower half.
template <size_t kCount, size_t kStep = 1, class T>
HWY_INLINE VD FoldTerms(const T* terms, size_t step) {
  if constexpr (kStep == kCount) {
    return InDouble(terms);
  } else {
    return hn::Add(FoldTerms<kCount, 2 * kStep>(terms, step),
                   FoldTerms<kCount, 2 * kStep>(terms + kStep * step, step));
  }
}

// A block of 17 to 64 terms as 16, (a + b) + (c + d): in floats, or in double
// from the start. Terms that it lacks are +0 up to a multiple of 16.
template <class T>
class FoldedBlock {
 public:
  static constexpr size_t kStep = kLanes;

  HWY_INLINE FoldedBlock(const float* terms, size_t step, size_t count) {
    const auto load = [](const float* from) HWY_ATTR {
      if constexpr (std::is_same_v<T, float>) {
        return Load(from);
      } else {
        return InDouble(from);
      }
    };
    using V = decltype(load(terms));
    constexpr size_t kStored = hn::MaxLanes(hn::DFromV<V>());
    // The end is a pointer, so that compilers do not unroll the loop.
    const float* const end = terms + kFoldedTerms * step;
    for (T* to = folded_; terms != end; terms += step, to += kStep) {
      for (size_t h = 0; h < kLanes; h += kStored) {
        hn::Store(Fold(terms + h, kFoldedTerms * step, count, load),
                  hn::DFromV<V>(), to + h);
      }
    }
  }

  HWY_INLINE const T* Terms() const { return folded_; }

 private:
  template <class LoadTerm>
  static HWY_INLINE auto Fold(const float* at, size_t step, size_t count,
                              const LoadTerm& load) {
    auto sum = hn::Add(load(at), load(at + step));
    if (count > 2 * kFoldedTerms) {
      auto second = load(at + 2 * step);
      if (count > 3 * kFoldedTerms) {
        second = hn::Add(second, load(at + 3 * step));
      }
      sum = hn::Add(sum, second);
    }
    return sum;
  }

  HWY_ALIGN T folded_[kFoldedTerms * kStep];
};

// All of up to 64 terms, to sums[0 .. kLanes - 1]; those that are lacking are
// +0 up to a multiple of 16, or of 8 if there are no more. T is as in
// FoldedBlock.
template <class T>
HWY_INLINE void SumOfBlock(const float* terms, size_t step, size_t count,
                           double* sums) {
  const auto store = [&](const auto& sum_of) HWY_ATTR {
    for (size_t h = 0; h < kLanes; h += kHalfLanes) {
      hn::Store(sum_of(h), F64(), sums + h);
    }
  };
  if (count <= kSumLanes) {
    store([&](size_t h)
              HWY_ATTR { return FoldTerms<kSumLanes>(terms + h, step); });
  } else if (count <= kFoldedTerms) {
    store([&](size_t h)
              HWY_ATTR { return FoldTerms<kFoldedTerms>(terms + h, step); });
  } else {
    const FoldedBlock<T> block(terms, step, count);
    store([&](size_t h) HWY_ATTR {
      return FoldTerms<kFoldedTerms>(block.Terms() + h, block.kStep);
    });
  }
}

template <class T>
HWY_INLINE void AddFolded(const T* terms, size_t step, double* parts,
                          size_t parts_step) {
  const T* const end = terms + kSumLanes * step;
  for (; terms != end; terms += step, parts += parts_step) {
    for (size_t h = 0; h < kLanes; h += kHalfLanes) {
      const VD sum =
          hn::Add(InDouble(terms + h), InDouble(terms + kSumLanes * step + h));
      hn::Store(hn::Add(hn::Load(F64(), parts + h), sum), F64(), parts + h);
    }
  }
}
// Adds a block of up to 64 to the 8 parts of the sums; missing terms are +0 up
// to a multiple of 16.
template <class T>
HWY_INLINE void AddBlock(const float* terms, size_t step, size_t count,
                         double* parts, size_t parts_step) {
  if (count <= kFoldedTerms) return AddFolded(terms, step, parts, parts_step);
  const FoldedBlock<T> block(terms, step, count);
  AddFolded(block.Terms(), block.kStep, parts, parts_step);
}

// The sums from their parts.
HWY_INLINE void SumOfParts(const double* parts, size_t parts_step,
                           double* sums) {
  for (size_t h = 0; h < kLanes; h += kHalfLanes) {
    hn::Store(FoldTerms<kSumLanes>(parts + h, parts_step), F64(), sums + h);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_LANE_SUMS_INL_H_
