// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_HALF_ROWS_H_
#define SOFTLANE_LIB_SCHEDULES_HALF_ROWS_H_

#include "arith/plan.h"
#include "softlane/any_rows.h"
#include "softlane/target.h"

namespace softlane {
namespace internal {

/// How rows [first, first + count) of a call are done in another way. `places`
/// has room for two rows of floats.
struct OtherHalfRows {
  void (*run)(const void* call, size_t first, size_t count, float* places);
  const void* call;
};

/// Softmax of rows of a half type to the same type, without a pass of its own
/// for each conversion: as many columns as a place on the stack holds, by a
/// predicted exponent. Rows that do not fit the prediction are other rows.
/// False if the target, the type or the shape has no such schedule; then
/// nothing is written.
bool RunHalfRows(const ConstAnyRows& x, const AnyRows& y,
                 const ScaleParts& parts, Target target,
                 const OtherHalfRows& others);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_HALF_ROWS_H_
