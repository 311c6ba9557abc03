// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_FROM_STATES_H_
#define SOFTLANE_LIB_FROM_STATES_H_

#include "arith/plan.h"
#include "schedules/softmax_call.h"
#include "schedules/state_rows.h"
#include "softlane/softmax_state.h"

// The last step of softmax and of log-softmax for parts of rows, whose sums
// come from states. Each function has an object file of its own.

namespace softlane {
namespace internal {

/// Columns of some rows, their results, and the rows' states.
struct StatedPart {
  const Rows<const float>& x;
  const Rows<float>& y;
  const SoftmaxState* states;
};

/// Calls write(row, x, y) for each row that is not special.
template <class Write>
void ForStatedRows(const StatedPart& part, const ScaleParts& parts,
                   float empty_value, const Write& write) {
  for (size_t r = 0; r < part.x.rows; ++r) {
    const StateRow row = RowOfState(part.states[r], parts);
    if (row.has_sum) {
      write(row, part.x.Row(r), part.y.Row(r));
    } else {
      const bool is_empty = row.special == -kInfinity;
      FillRow(part.y.Row(r), part.x.cols, is_empty ? empty_value : kNaN);
    }
  }
}

/// Checks a call, and calls `write` in an FpEnvironment.
using WriteStated = void(const StatedPart& part, const SoftmaxOptions& options,
                         Target target);
Status RunFromStates(const StatedPart& part, StateUse use,
                     const SoftmaxOptions& options, Target target,
                     WriteStated* write) noexcept;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_FROM_STATES_H_
