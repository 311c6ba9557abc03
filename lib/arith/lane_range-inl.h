// SPDX-License-Identifier: Apache-2.0

// Exp values in a predicted range of exponents, and the test whether all of
// them were in it: see exponent_range.h.

#if defined(SOFTLANE_LIB_ARITH_LANE_RANGE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_LANE_RANGE_INL_H_
#undef SOFTLANE_LIB_ARITH_LANE_RANGE_INL_H_
#else
#define SOFTLANE_LIB_ARITH_LANE_RANGE_INL_H_
#endif

#include "arith/exp-inl.h"
#include "arith/exponent_range.h"
#include "arith/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

HWY_INLINE SoftmaxExp ExpOf(const internal::ExpRange& range,
                            const internal::ScaleParts& parts) {
  return SoftmaxExp(Set(parts.l_hi), Set(parts.l_lo), Set(range.offset),
                    Set(range.lowest), SoftmaxTable<internal::kRangeTop>());
}

// Finds out during a pass whether all exponents are in the range.
class LaneRange {
 public:
  HWY_INLINE LaneRange() : outside_(hn::Zero(I32())) {}
  HWY_INLINE void Add(VF eighths) {
#if HWY_TARGET == HWY_AVX3
    outside_ = VI{_mm512_ternarylogic_epi32(
        outside_.raw, _mm512_castps_si512(eighths.raw),
        _mm512_set1_epi32(kLeastInside), kOrXor)};
#else
    outside_ = hn::Or(outside_, Outside(eighths));
#endif
  }
  HWY_INLINE void Add(const Four& eighths) {
    Add(eighths.a);
    Add(eighths.b);
    Add(eighths.c);
    Add(eighths.d);
  }
  HWY_INLINE void Add(const Two& eighths) {
    Add(eighths.a);
    Add(eighths.b);
  }
  // Adds the exponents of the elements that are not below `lowest`.
  HWY_INLINE void AddUnlessLess(VF eighths, VF x, VF lowest) {
#if HWY_TARGET == HWY_AVX3
    const __mmask16 keep = _mm512_cmp_ps_mask(x.raw, lowest.raw, _CMP_NLT_UQ);
    outside_ = VI{_mm512_mask_ternarylogic_epi32(
        outside_.raw, keep, _mm512_castps_si512(eighths.raw),
        _mm512_set1_epi32(kLeastInside), kOrXor)};
#else
    const auto is_less = hn::RebindMask(I32(), hn::Lt(x, lowest));
    outside_ = hn::Or(outside_, hn::IfThenZeroElse(is_less, Outside(eighths)));
#endif
  }
  HWY_INLINE void AddUnlessLess(const Two& eighths, const Two& x, VF lowest) {
    AddUnlessLess(eighths.a, x.a, lowest);
    AddUnlessLess(eighths.b, x.b, lowest);
  }
  HWY_INLINE void AddUnlessLess(const Four& eighths, const Four& x, VF lowest) {
    AddUnlessLess(eighths.a, x.a, lowest);
    AddUnlessLess(eighths.b, x.b, lowest);
    AddUnlessLess(eighths.c, x.c, lowest);
    AddUnlessLess(eighths.d, x.d, lowest);
  }

  // See InOrder.
  HWY_INLINE void KeepInOrder() {
#if HWY_TARGET == HWY_AVX2
    __asm__ volatile("" : "+x"(outside_.raw));
#endif
  }

  HWY_INLINE bool IsInside() const {
    constexpr int32_t kInside = 8 * internal::kRange - 1;
    const VI high = hn::AndNot(hn::Set(I32(), kInside), outside_);
    return hn::AllTrue(I32(), hn::Eq(high, hn::Zero(I32())));
  }

 private:
  // The bits of the least exponent in the range. All exponents in the range
  // have the same first 22 bits.
  static constexpr int32_t kLeastInside = 0x49C00000 - 8 * internal::kRange;
  static constexpr int kOrXor = 0xF6;  // a | (b ^ c), for vpternlog

  static HWY_INLINE VI Outside(VF eighths) {
    return hn::Xor(hn::BitCast(I32(), eighths), hn::Set(I32(), kLeastInside));
  }

  VI outside_;
};

// The exp values, from the results of Whole and Rest of SoftmaxExp. Adds the
// exponents to `lanes`. With kHasMasked elements may be below the lowest
// argument. V is VF, Two or Four.
template <bool kHasMasked, class V>
HWY_INLINE V EndInRange(const V& x, const V& eighths, const V& rest,
                        const SoftmaxExp& exp, LaneRange& lanes) {
  if constexpr (kHasMasked) {
    lanes.AddUnlessLess(eighths, x, exp.LowestArgument());
    return exp.FromRestNotBelow(x, eighths, rest);
  } else {
    lanes.Add(eighths);
    return exp.FromRest(eighths, rest);
  }
}
template <bool kHasMasked, class V>
HWY_INLINE V ExpInRange(const V& x, const SoftmaxExp& exp, LaneRange& lanes) {
  const V eighths = exp.Whole(x);
  return EndInRange<kHasMasked>(x, eighths, exp.Rest(x, eighths), exp, lanes);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_LANE_RANGE_INL_H_
