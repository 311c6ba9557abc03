// SPDX-License-Identifier: Apache-2.0

// The sum of terms in words, with the bits of LaneSum, for AVX2. Each 16 terms
// are 8 even elements and then 8 odd elements, which is the order of bfloat16
// that is loaded in words of 32 bits.

#if defined(SOFTLANE_LIB_ARITH_WORD_SUM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_WORD_SUM_INL_H_
#undef SOFTLANE_LIB_ARITH_WORD_SUM_INL_H_
#else
#define SOFTLANE_LIB_ARITH_WORD_SUM_INL_H_
#endif

#include "arith/sum-inl.h"
#include "arith/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_AVX2

class WordSum {
 public:
  HWY_INLINE WordSum() : even_(hn::Zero(F64())), odd_(hn::Zero(F64())) {}

  // Adds a block that is folded to 16 terms.
  HWY_INLINE void AddFolded(const VF (&folded)[2]) {
    even_ = hn::Add(even_, Widened(folded[0]));
    odd_ = hn::Add(odd_, Widened(folded[1]));
  }
  // Adds a block in memory.
  HWY_INLINE void AddBlock(const float* terms) {
    const Four even = LoadFour(terms, 16), odd = LoadFour(terms + kLanes, 16);
    AddFolded({Folded(even), Folded(odd)});
  }
  // Adds all lanes to an empty sum.
  HWY_INLINE void AddTo(LaneSum& sum) const {
    HWY_ALIGN double lanes[kSumLanes];
    hn::Store(FirstLanes(), F64(), lanes);
    hn::Store(LastLanes(), F64(), lanes + 4);
    sum.AddLanes(lanes);
  }
  // LaneSum::Folded.
  HWY_INLINE VD Folded() const { return hn::Add(FirstLanes(), LastLanes()); }

 private:
  static HWY_INLINE VF Folded(const Four& v) {
    return hn::Add(hn::Add(v.a, v.b), hn::Add(v.c, v.d));
  }
  static HWY_INLINE VD Widened(VF v) {
    return hn::Add(hn::PromoteTo(F64(), Lower(v)),
                   hn::PromoteTo(F64(), Upper(v)));
  }
  // Lanes 0 to 3 of LaneSum, and lanes 4 to 7.
  HWY_INLINE VD FirstLanes() const {
    const F64 d;
    return hn::ConcatLowerLower(d, hn::InterleaveUpper(d, even_, odd_),
                                hn::InterleaveLower(even_, odd_));
  }
  HWY_INLINE VD LastLanes() const {
    const F64 d;
    return hn::ConcatUpperUpper(d, hn::InterleaveUpper(d, even_, odd_),
                                hn::InterleaveLower(even_, odd_));
  }

  VD even_, odd_;
};

#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_WORD_SUM_INL_H_
