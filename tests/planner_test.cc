// SPDX-License-Identifier: Apache-2.0
#include "schedules/planner.h"

#include <cstdint>
#include <string>

#include "cache_size.h"
#include "doctest/doctest.h"
#include "inputs.h"
#include "kernels/row_limits.h"
#include "planned_shapes.h"
#include "schedules/backward_planner.h"

namespace softlane {
namespace internal {
namespace {

constexpr Target kTargets[] = {Target::kBaseline, Target::kAvx2,
                               Target::kAvx512, Target::kNeon};

TEST_CASE("planner: the shapes at the top of planner.h, with AVX2") {
  const struct {
    size_t rows, cols;
    Schedule schedule;
  } kCases[] = {{64, 64, Schedule::kBatches},
                {1024, 8, Schedule::kTiles},
                {8, 1024, Schedule::kRows},
                {1, 8, Schedule::kOneRow},
                {1, size_t{1} << 22, Schedule::kLargeRows}};
  for (const auto& c : kCases) {
    INFO(c.rows << " x " << c.cols);
    const SoftmaxPlan plan = PlanFor(ShapeOf(c.rows, c.cols), Target::kAvx2);
    CHECK(ScheduleName(plan.schedule) == std::string(ScheduleName(c.schedule)));
  }
}

TEST_CASE("planner: the shapes at the top of backward_planner.h") {
  const struct {
    size_t rows, cols;
    BackwardSchedule schedule;
    bool is_streamed;
  } kCases[] = {{1024, 8, BackwardSchedule::kGroups, false},
                {8, 63, BackwardSchedule::kGroups, false},
                {7, 63, BackwardSchedule::kRows, false},
                {64, 64, BackwardSchedule::kRows, false},
                {8, 1024, BackwardSchedule::kRows, false},
                {8, 4096, BackwardSchedule::kRowByRow, false},
                {2000, 1024, BackwardSchedule::kStreamed, true},
                {4, 32768, BackwardSchedule::kFromEnd, false},
                {1, size_t{1} << 20, BackwardSchedule::kFromEnd, true}};
  for (const auto& c : kCases) {
    INFO(c.rows << " x " << c.cols);
    const BackwardPlan plan =
        PlanBackward({c.rows, c.cols, false}, Target::kAvx2, kUsualCached);
    CHECK(ScheduleName(plan.schedule) == std::string(ScheduleName(c.schedule)));
    CHECK(plan.is_streamed == c.is_streamed);
    CHECK(!PlanBackward({c.rows, c.cols, true}, Target::kAvx2, kUsualCached)
               .is_streamed);
  }
  const auto streams = [](size_t rows, size_t cols, bool is_aligned,
                          Target target) {
    return PlanBackward({rows, cols, false, is_aligned}, target, kUsualCached)
        .is_streamed;
  };
  CHECK(streams(30000, 96, true, Target::kAvx2));
  CHECK(!streams(30000, 80, true, Target::kAvx2));
  CHECK(streams(30000, 112, false, Target::kAvx2));
  CHECK(!streams(30000, 111, false, Target::kAvx2));
  CHECK(!streams(10000, 112, false, Target::kAvx2));
  CHECK(streams(30000, 96, true, Target::kAvx512));
  CHECK(streams(30000, 112, false, Target::kAvx512));
  CHECK(!streams(30000, 111, false, Target::kAvx512));
  CHECK(!streams(30000, 128, true, Target::kNeon));
  CHECK(StreamsGradients({2000, 1024, false}, 3, Target::kAvx2, kUsualCached));
  CHECK(!StreamsGradients({2000, 1024, true}, 3, Target::kAvx2, kUsualCached));
  CHECK(!StreamsGradients({20000, 400, false}, 3, Target::kAvx2, kUsualCached));
}

TEST_CASE("planner: few rows go the way of all others") {
  for (const Target target : kTargets) {
    for (const bool is_attention : {false, true}) {
      size_t found = 0;
      for (size_t rows = 1; rows <= 20; ++rows) {
        for (size_t cols = 2; cols <= 200; ++cols) {
          const SoftmaxPlan* const few =
              PlanFewRows(rows, cols, is_attention, target);
          if (few == nullptr) continue;
          ++found;
          SoftmaxShape shape = ShapeOf(rows, cols);
          shape.is_attention = is_attention;
          const SoftmaxPlan plan = PlanFor(shape, target);
          INFO(TargetName(target) << ", " << rows << " x " << cols);
          REQUIRE(plan.schedule == few->schedule);
          if (few->schedule == Schedule::kBatches) {
            REQUIRE(plan.if_wide == few->if_wide);
          }
          REQUIRE(plan.places == few->places);
        }
      }
      const bool has_few = target != Target::kBaseline || kBaselineIsNeon;
      CHECK((found != 0) == has_few);
    }
  }
}

TEST_CASE("planner: places") {
  // Beyond the last cache, inside, and in place.
  SoftmaxShape shape = ShapeOf(4096, 4096);
  SoftmaxPlan plan = PlanFor(shape, Target::kAvx2);
  CHECK(plan.places == Places::kStreamed);
  CHECK(plan.has_scratch);
  CHECK(!plan.divides_at_once);
  CHECK(plan.rows_per_call > 1);
  shape.rows = 8;
  plan = PlanFor(shape, Target::kAvx2);
  CHECK(plan.places == Places::kOutput);
  CHECK(!plan.has_scratch);
  shape.is_in_place = true;
  plan = PlanFor(shape, Target::kAvx2);
  CHECK(plan.places == Places::kScratch);
  CHECK(plan.has_scratch);
  shape.rows = 1;  // does not take the stack of many
  CHECK(!PlanFor(shape, Target::kAvx2).has_scratch);
}

TEST_CASE("planner: log-softmax") {
  SoftmaxShape shape = ShapeOf(64, 64);
  shape.is_log = true;
  CHECK(PlanFor(shape, Target::kAvx2).schedule == Schedule::kTiles);
  CHECK(PlanFor(shape, Target::kBaseline).schedule ==
        (kBaselineIsNeon   ? Schedule::kTiles
         : kBaselineIsSse2 ? Schedule::kShortRows
                           : Schedule::kOneRow));
  shape.cols = 1024;
  CHECK(PlanFor(shape, Target::kAvx2).schedule == Schedule::kRows);
  CHECK(PlanFor(shape, Target::kAvx2).places == Places::kOutput);
  shape.rows = 4096;
  CHECK(PlanFor(shape, Target::kAvx2).places == Places::kStreamed);
  CHECK(!PlanFor(shape, Target::kAvx2).divides_at_once);
  CHECK(PlanFor(shape, Target::kAvx512).divides_at_once);
  shape.is_aligned = false;  // AVX2 would have to write them at once
  CHECK(PlanFor(shape, Target::kAvx2).places == Places::kOutput);
  CHECK(PlanFor(shape, Target::kAvx512).places == Places::kStreamed);
  shape.is_aligned = true;
  shape.is_in_place = true;
  CHECK(PlanFor(shape, Target::kAvx2).places == Places::kOutput);
  shape = ShapeOf(2, size_t{1} << 22);
  shape.is_log = true;
  CHECK(PlanFor(shape, Target::kAvx2).schedule == Schedule::kRows);

  // In tiles if they fill one vector or leave one row.
  shape = ShapeOf(7, 256);
  shape.is_log = true;
  CHECK(PlanFor(shape, Target::kAvx2).schedule == Schedule::kTiles);
  CHECK(PlanFor(shape, Target::kAvx2).writes_by_row);
  CHECK(PlanFor(shape, Target::kAvx512).schedule == Schedule::kRows);
  shape.rows = 6;
  CHECK(PlanFor(shape, Target::kAvx2).schedule == Schedule::kRows);
  shape = ShapeOf(7, 257);
  shape.is_log = true;
  CHECK(PlanFor(shape, Target::kAvx2).schedule == Schedule::kRows);
  shape = ShapeOf(15, 256);
  shape.is_log = true;
  CHECK(PlanFor(shape, Target::kAvx512).schedule == Schedule::kTiles);
  CHECK(PlanFor(shape, Target::kNeon).schedule == Schedule::kRows);
  shape = ShapeOf(15, 257);
  shape.is_log = true;
  CHECK(PlanFor(shape, Target::kAvx512).schedule == Schedule::kRows);

  CHECK(IsLogByRow(4, 300));
  CHECK(IsLogByRow(2, 64));
  CHECK(!IsLogByRow(4, 64));
  CHECK(!IsLogByRow(5, 300));
  CHECK(IsLogSumByRow(1000, 2047));
  CHECK(!IsLogSumByRow(1000, 128));
  CHECK(!IsLogSumByRow(1, 2048));
}

// Rules that kernels and schedules rely on, for any shape.
TEST_CASE("planner: no kernel gets what it cannot do") {
  Random random(5);
  size_t wrong = 0;
  std::string first;
  for (size_t i = 0; i < 200000; ++i) {
    const size_t most_rows = i % 3 == 0 ? 4 : 10000;
    const size_t most_cols = i % 2 == 0 ? 600 : size_t{1} << 23;
    SoftmaxShape s =
        ShapeOf(1 + random.Below(most_rows), 1 + random.Below(most_cols));
    const uint64_t bits = random.Bits();
    s.is_in_place = bits & 1;
    s.has_usual_scale = bits & 6;
    s.has_logsumexp = bits & 8;
    s.is_aligned = s.is_aligned && (bits & 16);
    s.is_attention = bits & 32;
    s.is_log = !s.is_attention && (bits & 2048);
    if (s.is_attention) {
      s.has_usual_scale = true;
      s.has_batches = bits & 64;
      s.has_ranges = bits & 128;
      s.has_begins = s.has_ranges && (bits & 256);
      s.has_sinks = bits & 512;
      s.has_bias_rows = bits & 1024;
    }
    const Target target = kTargets[i / 6 % 4];
    const SoftmaxPlan p = PlanFor(s, target);
    const bool has_vectors = target != Target::kBaseline || kBaselineIsNeon;
    bool ok = 1 <= p.rows_per_call && p.rows_per_call <= kMaxRowsPerCall;
    for (const Schedule schedule : {p.schedule, p.if_wide}) {
      switch (schedule) {
        case Schedule::kOneRow:
          // The bits of softmax's large rows are their own.
          ok = ok && !s.is_attention && (s.is_log || s.cols < kMinLargeCols) &&
               (!has_vectors || (s.rows <= 2 && IsOneRow(1, s.cols)));
          break;
        case Schedule::kTiles:
          ok = ok && !s.is_attention && s.has_usual_scale &&
               s.cols <= (s.is_log ? 256u : 128u) && s.cols >= 2 && has_vectors;
          break;
        case Schedule::kBatches:
          ok = ok && !s.is_log && s.has_usual_scale && s.has_batches &&
               !s.has_begins && s.cols <= 447 && has_vectors;
          break;
        case Schedule::kLargeRows:
          ok = ok && !s.is_attention && !s.is_log && s.cols >= kMinLargeCols;
          break;
        case Schedule::kShortRows:
          ok = ok && !s.is_attention && s.cols <= 64 && !has_vectors;
          break;
        case Schedule::kRows:
          ok = ok && (s.is_attention || s.is_log || s.cols < kMinLargeCols);
          break;
      }
    }
    if (p.places == Places::kStreamed) {
      ok = ok && !s.is_in_place;
      // Probabilities that are streamed beside another row are aligned.
      ok = ok && (p.rows_per_call == 1 || (s.is_aligned && !s.has_begins));
    }
    if (s.is_log) {
      // Its passes keep no exp values, and have no stages.
      ok = ok && p.places != Places::kScratch && !p.has_scratch &&
           !p.is_staged && !p.is_uniform;
    }
    if (p.is_uniform) {
      ok = ok && s.cols >= 256 && !s.has_logsumexp && !s.has_ranges &&
           !s.has_sinks && p.places != Places::kStreamed;
    }
    if (ok) continue;
    if (wrong++ == 0) {
      first = std::string(TargetName(target)) + " " + std::to_string(s.rows) +
              " x " + std::to_string(s.cols) + ": " + ScheduleName(p.schedule) +
              ", " + ScheduleName(p.if_wide) + ", " +
              std::to_string(bits % 4096);
    }
  }
  INFO(wrong << " wrong, the first: " << first);
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace internal
}  // namespace softlane
