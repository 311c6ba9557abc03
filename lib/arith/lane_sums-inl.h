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

// +0 behind the last of n terms of the lanes from `begin` to `end`, up to the
// first `folded` of its block. A term stands `width` floats behind the one
// before.
HWY_INLINE void PadTerms(float* terms, size_t n, size_t width, size_t begin,
                         size_t end, size_t folded) {
  const size_t last = n % kSumBlock;
  if (last == 0 || last >= folded) return;
  for (size_t k = n; k < n - last + folded; ++k) {
    for (size_t i = begin; i < end; i += kLanes) {
      Store(Set(0.0f), terms + k * width + i);
    }
  }
}

// Terms in memory: those of a vector, or of half of it in double, from `at` on.
template <class T>
struct StoredTerms {
  HWY_INLINE auto operator()(size_t at) const {
    if constexpr (std::is_same_v<T, float>) {
      return Load(terms + at);
    } else {
      return InDouble(terms + at);
    }
  }

  const float* terms;
};

// A block of up to 64 terms as 16, or 8 if there are no more: (a + b) + (c +
// d), in floats or in double from the start, as far as they exist. Of the first
// 16, or 8, those that it lacks are +0.
template <class T>
class FoldedBlock {
 public:
  static constexpr size_t kStep = kLanes;

  template <class Terms>
  HWY_INLINE FoldedBlock(const Terms& terms, size_t step, size_t count) {
    const size_t most = (count + kFoldedTerms - 1) / kFoldedTerms;
    const size_t split = (count - (most - 1) * kFoldedTerms) * step;
    const size_t end = (count <= kSumLanes ? kSumLanes : kFoldedTerms) * step;
    size_t at = 0;
    T* to = folded_;
    // The first sums have `most` terms; the others a term less, or +0.
    if (most == 4) Fold<4>(terms, step, at, split, to);
    if (most >= 3) Fold<3>(terms, step, at, most == 3 ? split : end, to);
    if (at != end && most >= 2) {
      Fold<2>(terms, step, at, most == 2 ? split : end, to);
    }
    if (at != end) Fold<1>(terms, step, at, end, to);
  }

  HWY_INLINE const T* Terms() const { return folded_; }

 private:
  // Sums of kCount terms each. The end is no constant, lest compilers unroll.
  template <int kCount, class Terms>
  static HWY_INLINE void Fold(const Terms& terms, size_t step, size_t& at,
                              size_t end, T*& to) {
    using D = hn::DFromV<decltype(terms(0))>;
    const size_t next = kFoldedTerms * step;
    for (; at != end; at += step, to += kStep) {
      for (size_t h = 0; h < kLanes; h += hn::MaxLanes(D())) {
        auto sum = terms(at + h);
        if constexpr (kCount > 1) sum = hn::Add(sum, terms(at + h + next));
        if constexpr (kCount > 2) {
          auto second = terms(at + h + 2 * next);
          if constexpr (kCount > 3) {
            second = hn::Add(second, terms(at + h + 3 * next));
          }
          sum = hn::Add(sum, second);
        }
        hn::Store(sum, D(), to + h);
      }
    }
  }

  HWY_ALIGN T folded_[kFoldedTerms * kStep];
};

// The sums of up to 64 terms, to sums[0 .. kLanes - 1]. T and the terms that
// are lacking are as in FoldedBlock.
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
    const FoldedBlock<T> block(StoredTerms<T>{terms}, step, count);
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
// Adds a block of up to 64 to the 8 parts of the sums; of the first 16
// those that are lacking are +0.
template <class T>
HWY_INLINE void AddBlock(const float* terms, size_t step, size_t count,
                         double* parts, size_t parts_step) {
  if (count <= kFoldedTerms) return AddFolded(terms, step, parts, parts_step);
  const FoldedBlock<T> block(StoredTerms<T>{terms}, step, count);
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
