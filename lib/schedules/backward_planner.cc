// SPDX-License-Identifier: Apache-2.0
#include "schedules/backward_planner.h"

#include "kernels/row_limits.h"
#include "schedules/planner.h"

namespace softlane {
namespace internal {
namespace {

// ns per element, on Zen 5 unless another CPU is named. NEON has no
// measurements.

// Longer rows are faster in one loop with the next row than in groups. In
// groups and in that loop: AVX-512 0.134 and 0.164 at 200 x 41, 0.092 and 0.094
// at 64 x 64; AVX2 0.21 and 0.35 at 400 x 20, 0.155 and 0.239 at 200 x 41,
// 0.136 and 0.129 at 64 x 64. With NEON 64 columns would be 16 vectors.
constexpr size_t kMaxGroupCols = 63;
constexpr size_t kMaxGroupColsNeon = 32;

// The first-level cache does not hold two longer rows. Two rows in one loop and
// row by row: AVX-512 0.147 and 0.173 at 128 x 67, 0.077 and 0.090 at 32 x 256,
// 0.064 and 0.083 at 32 x 1024, 0.063 and 0.076 at 16 x 2048, but 0.095 and
// 0.085 at 8 x 4096; AVX2 0.098 and 0.117 at 32 x 256, 0.080 and 0.096 at 32 x
// 1024.
constexpr size_t kMaxBesideCols = 2048;

// After the dot product of a longer row, the second-level cache holds only the
// end of the row. So the gradients are written from the end on. From the end
// and from the beginning, AVX-512: 0.120 and 0.133 at 4 x 24000, but 0.099 and
// 0.097 at 4 x 16384.
constexpr size_t kMinFromEndCols = 20000;

// The last-level cache does not keep enough of one such row, either. So the
// gradients go past it.
constexpr size_t kMinHugeCols = size_t{1} << 20;

// The rows of a group: a vector's lanes.
struct Groups {
  size_t rows, max_cols;
};
Groups GroupsOf(Target target) {
  switch (target) {
    case Target::kAvx512:
      return {16, kMaxGroupCols};
    case Target::kAvx2:
      return {8, kMaxGroupCols};
    case Target::kNeon:
      return {4, kMaxGroupColsNeon};
    case Target::kBaseline:
      if (kBaselineIsNeon) return {4, kMaxGroupColsNeon};
      break;
    case Target::kAuto:
      break;
  }
  return {0, 0};
}

// Gradients of shorter rows are not streamed. Rows that are not aligned have
// parts of a cache line at both ends. The time without streaming divided by the
// time with streaming, AVX2 and AVX-512: 1.25 and 1.30 at 11500 x 128, 1.11 and
// 1.22 at 23437 x 128, 1.05 and 1.20 at 14800 x 96, 0.95 and 1.07 at 17700 x
// 80; not aligned, AVX2: 1.57 at 23437 x 127, 1.18 at 11300 x 127, 0.92 at
// 14200 x 100.
size_t MinStreamedCols(const BackwardShape& shape, Target target) {
  constexpr size_t kMinAligned = 96, kMinUnaligned = 112;
  if (target != Target::kAvx2 && target != Target::kAvx512) {
    return kMinStreamedSoftmaxCols;
  }
  return shape.is_aligned ? kMinAligned : kMinUnaligned;
}

bool IsLarge(const BackwardShape& shape, size_t matrices, size_t cached) {
  return shape.rows > cached / matrices / shape.cols;
}

}  // namespace

BackwardPlan PlanBackward(const BackwardShape& shape, Target target,
                          size_t cached) {
  const Groups groups = GroupsOf(target);
  // The baseline computes longer than memory takes, so streaming gains nothing.
  if (groups.rows == 0) return {BackwardSchedule::kRows, false};
  if (shape.cols <= groups.max_cols && shape.rows >= groups.rows) {
    return {BackwardSchedule::kGroups, false};
  }
  if (shape.cols >= MinStreamedCols(shape, target) &&
      shape.cols < kMinHugeCols && IsLarge(shape, 3, cached) &&
      !shape.is_in_place) {
    return {BackwardSchedule::kStreamed, true};
  }
  if (shape.cols <= kMaxBesideCols) return {BackwardSchedule::kRows, false};
  if (shape.cols < kMinFromEndCols) return {BackwardSchedule::kRowByRow, false};
  return {BackwardSchedule::kFromEnd,
          shape.cols >= kMinHugeCols && !shape.is_in_place};
}

bool StreamsLongGradients(const BackwardShape& shape, size_t matrices,
                          Target target, size_t cached) {
  return GroupsOf(target).rows != 0 && !shape.is_in_place &&
         IsLarge(shape, matrices, cached);
}

const char* ScheduleName(BackwardSchedule schedule) {
  switch (schedule) {
    case BackwardSchedule::kRows:
      return "rows";
    case BackwardSchedule::kGroups:
      return "groups";
    case BackwardSchedule::kRowByRow:
      return "row by row";
    case BackwardSchedule::kStreamed:
      return "streamed";
    case BackwardSchedule::kFromEnd:
      return "from the end";
  }
  return "unknown";
}

}  // namespace internal
}  // namespace softlane
