// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_PLANNER_H_
#define SOFTLANE_LIB_SCHEDULES_PLANNER_H_

#include <cstddef>

#include "kernels/row_limits.h"
#include "softlane/target.h"

// Which passes run for a call of softmax. With AVX2:
//   64 x 64    batches: short_rows.cc sums and divides 16 rows at a time, whose
//              exp values are one pass by one predicted exponent
//   1024 x 8   tiles: tiles.cc transposes up to 128 rows, a row per lane, and
//              goes over them pass by pass
//   8 x 1024   rows: exp_rows-inl.h, in whose pass the row before is divided
//   1 x 8      one row: maximum, exp values, division, in one function
//   1 x 4M     large rows: sums by blocks, then the exp values once more
// The public function, softmax.cc, calls PlanSoftmax and then the schedule.
// Log-softmax and logsumexp go the same ways, without batches and large rows.

namespace softlane {
namespace internal {

enum class Schedule {
  kOneRow,     // each row by itself, by its maximum
  kRows,       // softmax_rows.h
  kBatches,    // softmax_batches.h
  kTiles,      // row_tiles.h
  kLargeRows,  // kernels/softmax_kernels.h, large_row
  kShortRows,  // the same, short_rows; only the x86-64 baseline has it
};

/// Where exp values wait for their division.
enum class Places {
  kOutput,    // in the output
  kScratch,   // on the stack: the output is the input, which may be read again
  kStreamed,  // on the stack, from where probabilities go past the caches
};

/// What the choice depends on.
struct SoftmaxShape {
  size_t rows, cols;
  bool is_in_place;
  bool has_unit_scale;  // ScaleParts::unit is 1
  bool has_logsumexp = false;
  bool is_aligned = false;  // all rows of the output are whole cache lines
  bool has_batches = true;  // there are kernels for batches of these logits
  bool is_log = false;      // log-softmax, or logsumexp alone
  /// Of attention.
  bool is_attention = false;
  bool has_ranges = false, has_sinks = false;
  bool has_begins = false;     // ranges that begin behind the first column
  bool has_bias_rows = false;  // a bias that differs from row to row
};

struct SoftmaxPlan {
  Schedule schedule;
  Schedule if_wide;  // instead of batches, if the first row is too wide
  Places places;
  bool has_scratch;
  bool divides_at_once;  // streamed rows, not beside another row
  bool is_staged;        // AVX-512: exponentials in two stages
  bool is_uniform;       // see ExpParams
  size_t rows_per_call;  // of a kernel
};

/// Elements of a row that wait on the stack.
constexpr size_t kMaxScratchCols = 8192;
constexpr size_t kMaxRowsPerCall = 16;
/// AArch64 has no baseline below NEON.
#if defined(__aarch64__)
constexpr bool kBaselineIsNeon = true;
#else
constexpr bool kBaselineIsNeon = false;
#endif
/// Other CPUs have no passes but for one lane.
#if defined(__x86_64__) || defined(_M_X64)
constexpr bool kBaselineIsSse2 = true;
#else
constexpr bool kBaselineIsSse2 = false;
#endif

/// Whether a call of softmax is one row by itself, on every target: for it the
/// maximum is cheaper to find than to predict.
constexpr bool IsOneRow(size_t rows, size_t cols) {
  return rows == 1 && cols < 512;
}
/// Rows that the x86-64 baseline has a batch for.
constexpr bool AreShortRows(size_t rows, size_t cols) {
  return rows > 1 && cols <= kMaxShortCols;
}
/// Whether log-softmax goes row by row, on every target. The time that it takes
/// then, of the time with a predicted exponent, AVX2 on Zen 3: 0.60 at 2 x 8,
/// 0.69 at 2 x 100, 0.94 at 4 x 200.
constexpr bool IsLogByRow(size_t rows, size_t cols) {
  return rows < 5 && cols < 512 && !HasTiles(rows, cols);
}
/// Whether logsumexp goes row by row. The same ratio: 0.83 at 100 x 160, 0.92
/// at 16 x 256, 0.95 at 8 x 1024, 1.01 at 8 x 4096.
constexpr bool IsLogSumByRow(size_t rows, size_t cols) {
  return cols < 2048 && !HasTiles(rows, cols);
}
SoftmaxPlan PlanSoftmax(const SoftmaxShape& shape, Target target);

const char* ScheduleName(Schedule schedule);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_PLANNER_H_
