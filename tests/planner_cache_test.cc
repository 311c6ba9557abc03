// SPDX-License-Identifier: Apache-2.0
// Plans of calls that the last cache does not hold.
#include <cstddef>

#include "cache_size.h"
#include "doctest/doctest.h"
#include "planned_shapes.h"
#include "schedules/backward_planner.h"
#include "schedules/exp_plan.h"
#include "schedules/planner.h"

namespace softlane {
namespace internal {
namespace {

TEST_CASE("planner: batches and tiles past the caches, with AVX2") {
  const struct {
    size_t rows, cols;
    bool is_aligned, is_streamed, is_log_streamed;
  } kCases[] = {
      {8192, 128, true, true, true},    {8191, 128, true, false, false},
      {20000, 64, true, false, false},  {20000, 80, true, true, true},
      {20000, 95, false, false, false}, {20000, 96, false, true, true},
      {20000, 256, false, true, true}};
  for (const auto& c : kCases) {
    INFO(c.rows << " x " << c.cols);
    SoftmaxShape shape = ShapeOf(c.rows, c.cols);
    shape.is_aligned = c.is_aligned;
    SoftmaxPlan plan = PlanFor(shape, Target::kAvx2);
    CHECK(plan.schedule == Schedule::kBatches);
    CHECK((plan.places == Places::kStreamed) == c.is_streamed);
    shape.is_log = true;
    plan = PlanFor(shape, Target::kAvx2);
    CHECK(plan.schedule == Schedule::kTiles);
    CHECK((plan.places == Places::kStreamed) == c.is_log_streamed);
    CHECK(plan.reads_ahead);
    // In place the lines are in a cache.
    shape.is_in_place = true;
    CHECK(PlanFor(shape, Target::kAvx2).places != Places::kStreamed);
    shape.is_log = false;
    CHECK(PlanFor(shape, Target::kAvx2).places != Places::kStreamed);
  }
}

TEST_CASE("planner: attention with a bias from beyond the last cache") {
  SoftmaxShape shape = ShapeOf(4096, 400);
  shape.is_attention = true;
  shape.has_bias_rows = true;
  CHECK(PlanFor(shape, Target::kAvx2).schedule == Schedule::kRows);
  shape.cols = 383;
  CHECK(PlanFor(shape, Target::kAvx2).schedule == Schedule::kBatches);
  shape = ShapeOf(1024, 400);
  shape.is_attention = true;
  shape.has_bias_rows = true;
  CHECK(PlanFor(shape, Target::kAvx2).schedule == Schedule::kBatches);
  shape.rows = 4096;
  shape.has_bias_rows = false;
  CHECK(PlanFor(shape, Target::kAvx2).schedule == Schedule::kBatches);
}

TEST_CASE("planner: a larger cache") {
  const SoftmaxShape shape = ShapeOf(4096, 1024);
  CHECK(PlanFor(shape, Target::kAvx2).places == Places::kStreamed);
  CHECK(PlanSoftmax(shape, Target::kAvx2, 2 * kUsualCached).places ==
        Places::kStreamed);
  CHECK(PlanSoftmax(shape, Target::kAvx2, 2 * kUsualCached + 1).places ==
        Places::kOutput);
  CHECK(!PlanBackward({2000, 1024, false}, Target::kAvx2, 2 * kUsualCached)
             .is_streamed);
  CHECK(!StreamsGradients({2000, 1024, false}, 3, Target::kAvx2,
                          2 * kUsualCached));
  CHECK(!IsStreamedExp(4096, 1024, false, Target::kAvx2, 2 * kUsualCached));
}

TEST_CASE("planner: Exp past the caches") {
  const auto is_streamed = [](size_t rows, size_t cols, bool is_in_place) {
    return IsStreamedExp(rows, cols, is_in_place, Target::kAvx2, kUsualCached);
  };
  CHECK(is_streamed(1, size_t{1} << 22, false));
  CHECK(is_streamed(4096, 1024, false));
  CHECK(!is_streamed(4096, 1024, true));
  CHECK(!is_streamed(2048, 1024, false));
  CHECK(!is_streamed(1, size_t{1} << 20, false));
  CHECK(!is_streamed(size_t{1} << 20, kMinStreamedExpCols - 1, false));
  CHECK(IsStreamedExp(1, size_t{1} << 24, false, Target::kBaseline,
                      kUsualCached) == kBaselineIsNeon);
}

}  // namespace
}  // namespace internal
}  // namespace softlane
