// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_UNIFORM_ROWS_H_
#define SOFTLANE_LIB_SCHEDULES_UNIFORM_ROWS_H_

#include "kernels/softmax_kernels.h"
#include "schedules/softmax_call.h"

// Rows for which the kernel needs no jobs: see UniformRows.

namespace softlane {
namespace internal {

/// Does rows of a call whose plan is_uniform, from the first row on, by their
/// predicted exponent. No row is pending afterwards. `scratch` is null, or has
/// 2 * kMaxScratchCols floats. Returns the number of rows done. If there are
/// more rows, it also says whether the next row was tried and did not fit.
RowsDone RunUniformRows(const SoftmaxCall& call, float* scratch);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_UNIFORM_ROWS_H_
