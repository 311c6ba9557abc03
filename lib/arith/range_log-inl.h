// SPDX-License-Identifier: Apache-2.0

// The logarithm of a row's sum, from exp values in a predicted range.

#if defined(SOFTLANE_LIB_ARITH_RANGE_LOG_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_RANGE_LOG_INL_H_
#undef SOFTLANE_LIB_ARITH_RANGE_LOG_INL_H_
#else
#define SOFTLANE_LIB_ARITH_RANGE_LOG_INL_H_
#endif

#include "arith/exponent_range.h"
#include "arith/row_exp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// log(sum of exp(scale x)) of a row with this maximum, from the sum of exp
// values in the range. The bits are those of the row's own plan.
HWY_MAYBE_UNUSED HWY_NOINLINE double LogOfSumInRange(
    float max, double sum, const internal::ExpRange& range,
    const ScaleParts& parts) {
  // Before PlanRow: the maximum may be NaN, too, which has no exponent.
  if (!(sum == sum)) return sum;
  const RowPlan plan = PlanRow(max, parts);
  const double octaves = range.offset - internal::kRangeTop - plan.offset;
  const double planned = sum * PowerOfTwo(octaves);
  return LogOfSum(plan, MakeExp(plan, parts), AsIs(), max, planned);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_RANGE_LOG_INL_H_
