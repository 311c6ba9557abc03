// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_LONG_ROWS_H_
#define SOFTLANE_LIB_SCHEDULES_LONG_ROWS_H_

#include <cstddef>

#include "schedules/planner.h"
#include "schedules/softmax_call.h"

namespace softlane {
namespace internal {

/// The schedule of softmax_rows.h for rows of more than kSumCols columns. A job
/// of the kernel is a block of kSumCols columns, and the pending row is divided
/// block by block. The sums of a row's blocks are added exactly: see
/// arith/exact_sum.h. `scratch` is as in RowSchedule.
void RunLongRows(const SoftmaxCall& call, const SoftmaxPlan& plan,
                 float* scratch, size_t first, size_t end);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_LONG_ROWS_H_
