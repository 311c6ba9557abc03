// SPDX-License-Identifier: Apache-2.0

// The last step of log-softmax.

#if defined(SOFTLANE_LIB_ARITH_LOG_PROBABILITIES_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_LOG_PROBABILITIES_INL_H_
#undef SOFTLANE_LIB_ARITH_LOG_PROBABILITIES_INL_H_
#else
#define SOFTLANE_LIB_ARITH_LOG_PROBABILITIES_INL_H_
#endif

#include "arith/row_exp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// scale x - log_sum with a row per lane. log_sum is in two floats.
struct LaneLogProbabilities {
  // V is VF or Four.
  template <class V>
  HWY_INLINE V operator()(const V& x) const {
    return Map(
        [&](VF x) HWY_ATTR {
          const VF log = hn::Sub(Fma(x, scale, minus_high), low);
          return MinKeepNaN(Set(0.0f), log);  // no probability is above 1
        },
        x);
  }

  VF scale, minus_high, low;
};

// scale (x - shift) - log_sum of one row. log_sum is in two floats. With a
// small scale the difference is taken of x / 2 and shift / 2: it cannot
// overflow where the product with the scale does not.
struct LogProbabilities {
  // For a row that needs no shift.
  HWY_INLINE LogProbabilities(const ScaleParts& parts, double log_sum)
      : is_shifted(false),
        factor(Set(1.0f)),
        minus_shift(Set(0.0f)),
        scale(Set(static_cast<float>(parts.scale))),
        minus_high(Set(-static_cast<float>(log_sum))),
        low(LowOf(log_sum)) {}
  HWY_INLINE LogProbabilities(const RowPlan& plan, const ScaleParts& parts,
                              double log_sum)
      : is_shifted(plan.shift != 0.0) {
    const double share = parts.scale < 1.0 && is_shifted ? 0.5 : 1.0;
    factor = Set(static_cast<float>(share));
    minus_shift = Set(static_cast<float>(-share * plan.shift));
    scale = Set(static_cast<float>(parts.scale / share));
    minus_high = Set(-static_cast<float>(log_sum));
    low = LowOf(log_sum);
  }

  // V is VF or Four.
  template <class V>
  HWY_INLINE V operator()(const V& x) const {
    if (!is_shifted) return Unshifted()(x);
    return Unshifted()(
        Map([&](VF x) HWY_ATTR { return Fma(x, factor, minus_shift); }, x));
  }

  // The steps after the shift.
  HWY_INLINE LaneLogProbabilities Unshifted() const {
    return {scale, minus_high, low};
  }

  // The second of the two floats that hold log_sum.
  static HWY_INLINE VF LowOf(double log_sum) {
    return Set(static_cast<float>(log_sum - static_cast<float>(log_sum)));
  }

  bool is_shifted;
  VF factor, minus_shift, scale, minus_high, low;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_LOG_PROBABILITIES_INL_H_
