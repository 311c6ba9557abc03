// SPDX-License-Identifier: Apache-2.0
#include "plan.h"

#include <cstdint>
#include <cstdio>

#include "cache_size.h"
#include "schedules/backward_planner.h"
#include "schedules/planner.h"
#include "softlane/target.h"

namespace softlane {
namespace bench {
namespace {

void PrintPlan(const internal::SoftmaxPlan& plan, const char* what) {
  std::printf("    %-13s %s", what, internal::ScheduleName(plan.schedule));
  if (plan.if_wide != plan.schedule) {
    std::printf(", or %s if the first row is wide",
                internal::ScheduleName(plan.if_wide));
  }
  if (plan.has_scratch) std::printf("; exp values wait on the stack");
  if (plan.places == internal::Places::kStreamed) {
    std::printf("; results go past the caches");
  }
  if (plan.schedule == internal::Schedule::kRows) {
    std::printf("; %zu rows a call%s", plan.rows_per_call,
                plan.is_staged ? ", in two stages" : "");
  }
  std::printf("\n");
}

void PrintBackwardPlan(const internal::BackwardPlan& plan) {
  std::printf("    %-13s %s%s\n", "backward",
              internal::ScheduleName(plan.schedule),
              plan.is_streamed ? "; gradients go past the caches" : "");
}

}  // namespace

bool PrintSoftmaxPlan(const char* text) {
  internal::SoftmaxShape shape = {};
  char behind;
  if (std::sscanf(text, "%zux%zu%c", &shape.rows, &shape.cols, &behind) != 2 ||
      shape.rows == 0 || shape.cols == 0) {
    return false;
  }
  shape.has_usual_scale = true;
  shape.is_aligned = shape.cols % 16 == 0;
  const size_t cached = internal::CachedElements(SIZE_MAX, 1);
  std::printf("softmax of %zu x %zu, a last cache of %zu MB\n", shape.rows,
              shape.cols, cached * 2 * sizeof(float) >> 20);
  for (const Target target :
       {Target::kBaseline, Target::kAvx2, Target::kAvx512, Target::kNeon}) {
    std::printf("  %s\n", TargetName(target));
    PrintPlan(internal::PlanSoftmax(shape, target, cached), "softmax");
    internal::SoftmaxShape other = shape;
    other.has_logsumexp = true;
    PrintPlan(internal::PlanSoftmax(other, target, cached), "and logsumexp");
    other = shape;
    other.is_in_place = true;
    PrintPlan(internal::PlanSoftmax(other, target, cached), "in place");
    other = shape;
    other.is_log = true;
    PrintPlan(internal::PlanSoftmax(other, target, cached), "log-softmax");
    PrintBackwardPlan(internal::PlanBackward(
        {shape.rows, shape.cols, false, shape.is_aligned}, target, cached));
  }
  return true;
}

}  // namespace bench
}  // namespace softlane
