// SPDX-License-Identifier: Apache-2.0

// The arithmetic of softmax for one row. Every schedule gives the same bits.

#if defined(SOFTLANE_LIB_ARITH_ROW_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_ROW_EXP_INL_H_
#undef SOFTLANE_LIB_ARITH_ROW_EXP_INL_H_
#else
#define SOFTLANE_LIB_ARITH_ROW_EXP_INL_H_
#endif

#include "arith/exp-inl.h"
#include "arith/log-inl.h"
#include "arith/plan.h"
#include "arith/probability-inl.h"
#include "arith/sum-inl.h"
#include "arith/vector-inl.h"
#include "softlane/accuracy.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::FactorOf;
using internal::kDirectLimit;
using internal::kHeadMask;
using internal::kHeadroom;
using internal::kHeadRounding;
using internal::kLeast;
using internal::kLowestOctaves;
using internal::PlanRow;
using internal::PowerOfTwo;
using internal::Reciprocal;
using internal::ReciprocalOf;
using internal::RowPlan;
using internal::ScaleParts;
using internal::SplitScale;

// The relative error of a sum of exp values, in units of u = 2^-24: the error
// of an exp value and the error of the sum.
constexpr double kExpSumErrorU = kSoftmaxExpErrorU + kSumErrorU;
// The error of a probability has these parts: the exp value, the sum, the
// reciprocal in two floats, a subnormal second product at the lowest
// probabilities, and the rounding of the result. An error of n u is at most n
// ULP.
static_assert(kSoftmaxExpErrorU + kExpSumErrorU + 0.02 + 1.0 + 1.0 <=
                  kSoftmaxMaxUlp,
              "the documented bound holds");
// The error of logsumexp has two parts: the sum, whose relative error is the
// absolute error of its logarithm, and the rounding to float.
static_assert(kExpSumErrorU + 0.5 <= kLogSumExpMaxError * 0x1p24,
              "the documented bound holds");

// LowestOf, with a row per lane.
HWY_INLINE VF Lowest(VF offset, const ScaleParts& parts) {
  return hn::Mul(hn::Add(offset, Set(kLowestOctaves)), Set(parts.inverse_l));
}

// log(sum_k exp(scale * (x_k - shift))) from the sum of the exp values. If the
// sum is just the exp value of the maximum, the result is exactly scale * (max
// - shift).
HWY_INLINE double LogOfSum(const RowPlan& plan, float exp_of_max, double sum) {
  return sum == exp_of_max ? plan.scaled_max - plan.scaled_shift
                           : plan.log_divisor + Log(sum);
}
// The exp value of a maximum is below this: c * 2^(kHeadroom + 1/2), c < 1.088.
constexpr double kMaxPeak = 25.0;
// The exponential of a row that is not far, with another `lowest`.
HWY_INLINE SoftmaxExp MakeExp(const RowPlan& plan, const ScaleParts& parts,
                              float lowest) {
  return SoftmaxExp(Set(parts.l_hi), Set(parts.l_lo),
                    Set(static_cast<float>(plan.offset)), Set(lowest));
}
// MakeExp with a row per lane, each with its own `lowest`.
HWY_INLINE SoftmaxExp MakeExp(VF offset, const ScaleParts& parts) {
  return SoftmaxExp(Set(parts.l_hi), Set(parts.l_lo), offset,
                    Lowest(offset, parts));
}
HWY_INLINE SoftmaxExp MakeExp(const RowPlan& plan, const ScaleParts& parts) {
  return MakeExp(Set(static_cast<float>(plan.offset)), parts);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_ROW_EXP_INL_H_
