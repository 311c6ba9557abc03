// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_HALF_LOG_ROWS_H_
#define SOFTLANE_LIB_SCHEDULES_HALF_LOG_ROWS_H_

#include "arith/plan.h"
#include "kernels/half_passes.h"
#include "kernels/softmax_kernels.h"
#include "softlane/any_rows.h"
#include "softlane/target.h"

namespace softlane {
namespace internal {

/// Whether a call is for RunHalfLogs: its output has a half type.
constexpr bool AreHalfLogs(size_t, size_t cols, ElementType, ElementType out,
                           Target) {
  return 512 <= cols && cols <= kMaxJobCols && IsHalf(out);
}

/// Log-softmax of rows of a half type, or of floats that become one, by a
/// predicted exponent. One pass sums a row's exp values, and another pass reads
/// the logits again. Returns the number of rows done. If rows are left, the
/// next row does not fit, or the target has no such schedule.
size_t RunHalfLogs(const ConstAnyRows& x, const AnyRows& y,
                   const ScaleParts& parts, Target target);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_HALF_LOG_ROWS_H_
