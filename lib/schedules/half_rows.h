// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_HALF_ROWS_H_
#define SOFTLANE_LIB_SCHEDULES_HALF_ROWS_H_

#include "arith/plan.h"
#include "softlane/any_rows.h"
#include "softlane/target.h"

namespace softlane {
namespace internal {

/// The columns of a place for a row of floats of so many columns.
size_t PlaceCols(size_t cols);

/// How rows [first, first + count) of a call are done in another way. `places`
/// is null if the output has floats. Else it has two places, or at least
/// kStateCols floats for rows that no place holds.
struct OtherHalfRows {
  void (*run)(const void* call, size_t first, size_t count, float* places);
  const void* call;
};

/// Softmax of rows of a half type to the same type or to floats, or of floats
/// to a half type, by a predicted exponent. Halves are converted in the passes.
/// Exp values wait for their division in the output or, if that is of a half
/// type, in places on the stack. Rows that do not fit the prediction are other
/// rows. False if the target, the type or the shape has no such schedule; then
/// nothing is written.
bool RunHalfRows(const ConstAnyRows& x, const AnyRows& y,
                 const ScaleParts& parts, Target target,
                 const OtherHalfRows& others);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_HALF_ROWS_H_
