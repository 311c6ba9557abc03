// SPDX-License-Identifier: Apache-2.0
#include "schedules/state_rows.h"

#include <limits>

#include "arith/state.h"

namespace softlane {
namespace internal {

StateRow RowOfState(const SoftmaxState& state, const ScaleParts& parts) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  StateRow row{};
  if (!HasSum(state)) {
    row.special = state.max_key <= kKeyOfMinusInfinity ? -kInfinity
                  : state.max_key == kKeyOfInfinity    ? kInfinity
                                                       : kNaN;
    return row;
  }
  row.max = MaxOfKey(state.max_key);
  row.plan = PlanRow(row.max, parts);
  row.sum = TotalOf(SumOf(state), static_cast<int64_t>(row.plan.offset));
  row.has_sum = row.sum > 0.0;
  row.special = kNaN;
  return row;
}

bool HasOtherUse(const SoftmaxState& state, StateUse use) {
  return HasSum(state) && UseOf(state) != use;
}
bool HaveOtherUse(const SoftmaxState* states, size_t rows, StateUse use) {
  size_t r = 0;
  while (r < rows && !HasOtherUse(states[r], use)) ++r;
  return r < rows;
}

}  // namespace internal
}  // namespace softlane
