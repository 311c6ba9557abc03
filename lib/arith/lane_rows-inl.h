// SPDX-License-Identifier: Apache-2.0

// The arithmetic of a row between its passes, with a row per lane: the exponent
// of the maximum, the reciprocal of the sum in two floats, and the log of the
// sum. plan.h and row_exp-inl.h have the same arithmetic for one row, with the
// same bits.

#if defined(SOFTLANE_LIB_ARITH_LANE_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_LANE_ROWS_INL_H_
#undef SOFTLANE_LIB_ARITH_LANE_ROWS_INL_H_
#else
#define SOFTLANE_LIB_ARITH_LANE_ROWS_INL_H_
#endif

#include "arith/log-inl.h"
#include "arith/row_exp-inl.h"

// A target of one lane uses plan.h.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// RowPlan::offset of kLanes rows, from their maxima. A maximum that is not
// finite or beyond the direct limit gets the offset of a maximum of 0, and the
// function returns false.
HWY_INLINE bool FindOffset(VF max, const ScaleParts& parts, VF& offset) {
  const VF limit = Set(internal::DirectLimitOf(parts));
  const auto direct = hn::Le(hn::Abs(max), limit);  // false for infinities
  const VF ones = Set(0x1.8p23f);  // floats near it have a last bit of 1
  const VF octaves = hn::Sub(Fma(max, Set(parts.l_hi), ones), ones);
  offset = hn::Sub(hn::IfThenElseZero(direct, octaves),
                   Set(static_cast<float>(kHeadroom)));
  return hn::AllTrue(F32(), direct);
}

// Reciprocal, with a row per lane.
class LaneReciprocals {
 public:
  // `lower` and `upper` are the sums of the lower and the upper half of the
  // rows.
  HWY_INLINE LaneReciprocals(VD lower, VD upper)
      : LaneReciprocals(hn::Div(hn::Set(F64(), 1.0), lower),
                        hn::Div(hn::Set(F64(), 1.0), upper), lower, upper) {}
  // FactorOf with a row per lane. The factors and sums come as the lower and
  // the upper half of the rows.
  HWY_INLINE LaneReciprocals(VD lower_factor, VD upper_factor, VD lower,
                             VD upper) {
    const VD lower_head = Head(lower_factor);
    const VD upper_head = Head(upper_factor);
    head = ToFloats(lower_head, upper_head);
    rest = hn::Add(ToFloats(hn::Sub(lower_factor, lower_head),
                            hn::Sub(upper_factor, upper_head)),
                   Set(0.0f));
    const VD scale = hn::Set(F64(), kLeast);
    least = ToFloats(hn::Mul(lower, scale), hn::Mul(upper, scale));
  }

  VF head, rest, least;

 private:
  static HWY_INLINE VD Head(VD factor) {
    const hn::RebindToSigned<F64> bits;
    const auto rounded =
        hn::Add(hn::BitCast(bits, factor), hn::Set(bits, kHeadRounding));
    return hn::BitCast(F64(), hn::And(rounded, hn::Set(bits, kHeadMask)));
  }
  static HWY_INLINE VF ToFloats(VD lower, VD upper) {
    const hn::Half<F32> half;
    return hn::Combine(F32(), hn::DemoteTo(half, upper),
                       hn::DemoteTo(half, lower));
  }
};

// RowPlan::log_divisor, with a row per lane. `octaves` is its offset.
HWY_INLINE VD LogDivisors(VD octaves) {
  const F64 d;
  return hn::Sub(hn::Mul(octaves, hn::Set(d, kLn2)),
                 hn::Set(d, kLogSoftmaxFactor));
}
// Whether a sum may be the exp value of one element, see LogOfSum: it is a
// float.
HWY_INLINE auto MayBeOne(VD sum) {
  const F64 d;
  const VD rounded = hn::PromoteTo(d, hn::DemoteTo(hn::Half<F32>(), sum));
  return hn::And(hn::Eq(rounded, sum), hn::Lt(sum, hn::Set(d, kMaxPeak)));
}

// LogOfSum, with a row per lane. `octaves` is the offset of the row's plan, and
// `top` is the exp value of its maximum.
HWY_INLINE VD LogOfLaneSums(VD sum, VD max, VD octaves, VD top, double scale) {
  const VD top_only = hn::Mul(max, hn::Set(F64(), scale));
  return hn::IfThenElse(hn::Eq(sum, top), top_only,
                        hn::Add(LogDivisors(octaves), LogLanes(sum)));
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_ARITH_LANE_ROWS_INL_H_
