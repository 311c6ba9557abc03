// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_PLANNED_SHAPES_H_
#define SOFTLANE_TESTS_PLANNED_SHAPES_H_

#include <cstddef>

#include "cache_size.h"
#include "schedules/planner.h"

namespace softlane {
namespace internal {

inline SoftmaxShape ShapeOf(size_t rows, size_t cols) {
  SoftmaxShape shape = {};
  shape.rows = rows;
  shape.cols = cols;
  shape.has_usual_scale = true;
  shape.is_aligned = cols % 16 == 0;
  return shape;
}

inline SoftmaxPlan PlanFor(const SoftmaxShape& shape, Target target) {
  return PlanSoftmax(shape, target, kUsualCached);
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_TESTS_PLANNED_SHAPES_H_
