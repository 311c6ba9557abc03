// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_UNIFORM_ROWS_H_
#define SOFTLANE_LIB_SCHEDULES_UNIFORM_ROWS_H_

#include "kernels/softmax_kernels.h"
#include "schedules/softmax_call.h"

// Rows that the kernel does by itself: see UniformRows.

namespace softlane {
namespace internal {

/// Does the rows of a call whose plan is_uniform, from the first on, with their
/// predicted exponent. No row is pending afterwards. `scratch` is null, or has
/// 2 * kMaxScratchCols. Gives the number of rows that are done, and if there
/// are more, whether the next row was tried and did not fit.
RowsDone RunUniformRows(const SoftmaxCall& call, float* scratch);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_UNIFORM_ROWS_H_
