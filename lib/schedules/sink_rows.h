// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_SINK_ROWS_H_
#define SOFTLANE_LIB_SCHEDULES_SINK_ROWS_H_

#include <cstddef>

#include "kernels/large_rows.h"
#include "schedules/state_rows.h"

namespace softlane {
namespace internal {

/// RowOfState for a row of attention, whose logits are not scaled. A sink other
/// than -inf is added to the row.
StateRow RowWithSink(const SoftmaxState& state, float sink,
                     const BlockPasses& passes);

/// Replaces n logits of such a row by their probabilities. The row has a sum.
void WriteProbsOf(const StateRow& row, const LargeRowKernels& kernels, float* z,
                  size_t n);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_SINK_ROWS_H_
