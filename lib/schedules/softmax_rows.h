// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_SOFTMAX_ROWS_H_
#define SOFTLANE_LIB_SCHEDULES_SOFTMAX_ROWS_H_

#include <cstddef>

#include "schedules/planner.h"
#include "schedules/softmax_call.h"

namespace softlane {
namespace internal {

/// Softmax, row after row. The exponent of a row's maximum is predicted from
/// the rows before it. The pass that computes the exp values of a row also
/// divides the pending row. If the prediction was not good enough, a pass finds
/// the maximum, and the exp values of the row are computed again.
///
/// long_rows.cc does rows of more than kSumCols columns. The function takes
/// stack for a scratch only if the plan needs one.
void RunSoftmaxRows(const SoftmaxCall& call, const SoftmaxPlan& plan);
/// Does rows [first, first + count) of the call.
void RunSoftmaxRows(const SoftmaxCall& call, const SoftmaxPlan& plan,
                    size_t first, size_t count);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_SOFTMAX_ROWS_H_
