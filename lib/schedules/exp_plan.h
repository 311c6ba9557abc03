// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_EXP_PLAN_H_
#define SOFTLANE_LIB_SCHEDULES_EXP_PLAN_H_

#include <cstddef>

#include "kernels/row_limits.h"
#include "schedules/planner.h"
#include "softlane/target.h"

namespace softlane {
namespace internal {

/// Shorter rows are not streamed, because the pass computes longer than memory
/// takes. ns per element, not streamed and streamed, with AVX2 on Zen 3 while
/// other programs used the memory: 1.64 and 2.06 at 32768 x 256, 2.21 and 2.04
/// at 16384 x 512, 2.95 and 2.04 at 8192 x 1024. All rows were whole cache
/// lines.
constexpr size_t kMinStreamedExpCols = 512;

/// Whether a call of Exp writes past the caches. `cols` is not 0, and rows
/// without a gap between them count as one row. For `cached` see PlanSoftmax.
constexpr bool IsStreamedExp(size_t rows, size_t cols, bool is_in_place,
                             Target target, size_t cached) {
  const bool has_pass = target != Target::kBaseline || kBaselineIsNeon;
  return has_pass && !is_in_place && cols >= kMinStreamedExpCols &&
         rows > cached / 2 / cols;
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_EXP_PLAN_H_
