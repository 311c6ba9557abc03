// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_HALF_ROWS_H_
#define SOFTLANE_LIB_SCHEDULES_HALF_ROWS_H_

#include "arith/plan.h"
#include "softlane/any_rows.h"
#include "softlane/target.h"

namespace softlane {
namespace internal {

/// The size of a place for a row of floats with this number of columns.
size_t PlaceCols(size_t cols);

/// A function that does rows [first, first + count) of a call without this
/// schedule. `places` is null if the output has floats. Otherwise it has two
/// places, or at least kStateCols floats for rows that no place holds.
struct OtherHalfRows {
  void (*run)(const void* call, size_t first, size_t count, float* places);
  const void* call;
};

/// Softmax of rows of a half type to the same type or to floats, or of floats
/// to a half type, by a predicted exponent. Halves are converted in the passes.
/// Exp values wait for their division in the output or, if that is of a half
/// type, in places on the stack. OtherHalfRows does rows that do not fit the
/// prediction. Gives false and writes nothing if there is no such schedule for
/// the target, the type or the shape.
bool RunHalfRows(const ConstAnyRows& x, const AnyRows& y,
                 const ScaleParts& parts, Target target,
                 const OtherHalfRows& others);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_HALF_ROWS_H_
