// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_BACKWARD_PLANNER_H_
#define SOFTLANE_LIB_SCHEDULES_BACKWARD_PLANNER_H_

#include <cstddef>

#include "softlane/target.h"

// The choice of the passes of a backward function. SoftmaxBackward with AVX2:
//   1024 x 8     groups: the dot products of 8 rows are folded together
//   8 x 1024     rows: one loop writes the gradients of a row and computes the
//                dot product of the next row
//   8 x 4096     row by row: the first cache does not hold two such rows
//   2000 x 1024  streamed: row by row, and gradients go past the caches
//   4 x 32768    from the end: gradients are written from the end of the row on

namespace softlane {
namespace internal {

enum class BackwardSchedule { kRows, kGroups, kRowByRow, kStreamed, kFromEnd };

/// The properties of a call that the choice depends on.
struct BackwardShape {
  size_t rows, cols;
  bool is_in_place;         // the output is one of the inputs
  bool is_aligned = false;  // all rows of the output are whole cache lines
};

struct BackwardPlan {
  BackwardSchedule schedule;
  bool is_streamed;  // gradients go past the caches
};

/// The plan of SoftmaxBackward. For `cached` see PlanSoftmax.
BackwardPlan PlanBackward(const BackwardShape& shape, Target target,
                          size_t cached);
/// Gradients of log-softmax and attention in shorter rows are not streamed,
/// because these passes compute longer than memory takes.
constexpr size_t kMinStreamedGradientCols = 512;
/// Whether gradients of log-softmax or attention go past the caches. The rows
/// have at least kMinStreamedGradientCols; `matrices` counts inputs and
/// outputs.
bool StreamsLongGradients(const BackwardShape& shape, size_t matrices,
                          Target target, size_t cached);
/// StreamsLongGradients for rows of any length. Inline, because a short row
/// takes no longer than a few function calls.
inline bool StreamsGradients(const BackwardShape& shape, size_t matrices,
                             Target target, size_t cached) {
  return shape.cols >= kMinStreamedGradientCols &&
         StreamsLongGradients(shape, matrices, target, cached);
}

const char* ScheduleName(BackwardSchedule schedule);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_BACKWARD_PLANNER_H_
