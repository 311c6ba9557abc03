// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_BACKWARD_PLANNER_H_
#define SOFTLANE_LIB_SCHEDULES_BACKWARD_PLANNER_H_

#include <cstddef>

#include "softlane/target.h"

// Which passes run for a call of a backward function. SoftmaxBackward with
// AVX2:
//   1024 x 8     groups: the dot products of 8 rows are folded together
//   8 x 1024     rows: gradients are written beside the next dot product
//   8 x 4096     row by row: of two such rows the first cache is too small
//   2000 x 1024  streamed: row by row, the gradients past the caches
//   4 x 32768    from the end: the gradients are written from the last one on

namespace softlane {
namespace internal {

enum class BackwardSchedule { kRows, kGroups, kRowByRow, kStreamed, kFromEnd };

/// What the choice depends on.
struct BackwardShape {
  size_t rows, cols;
  bool is_in_place;  // the output is one of the inputs
};

struct BackwardPlan {
  BackwardSchedule schedule;
  bool is_streamed;  // gradients go past the caches
};

/// Of SoftmaxBackward.
BackwardPlan PlanBackward(const BackwardShape& shape, Target target);
/// Shorter rows of log-softmax's and attention's gradients have more to do than
/// to wait for memory.
constexpr size_t kMinStreamedGradientCols = 512;
/// Whether these gradients go past the caches, in a call that reads and writes
/// so many matrices, of rows of at least kMinStreamedGradientCols.
bool StreamsLongGradients(const BackwardShape& shape, size_t matrices,
                          Target target);
/// Of any rows. Inline: a short row takes no longer than a few calls.
inline bool StreamsGradients(const BackwardShape& shape, size_t matrices,
                             Target target) {
  return shape.cols >= kMinStreamedGradientCols &&
         StreamsLongGradients(shape, matrices, target);
}

const char* ScheduleName(BackwardSchedule schedule);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_BACKWARD_PLANNER_H_
