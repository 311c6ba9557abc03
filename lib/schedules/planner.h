// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_PLANNER_H_
#define SOFTLANE_LIB_SCHEDULES_PLANNER_H_

#include <cstddef>

#include "kernels/row_limits.h"
#include "softlane/target.h"

// The choice of the passes of softmax. With AVX2:
//   64 x 64    batches: one pass computes the exp values of 16 rows by one
//              predicted exponent, or each by its maximum; short_rows.cc sums
//              and divides the 16 rows
//   1024 x 8   tiles: tiles.cc transposes up to 128 rows, a row per lane, and
//              does pass after pass on them
//   8 x 1024   rows: one pass computes the exp values of a row and divides the
//              row before it, exp_rows-inl.h
//   1 x 8      one row: maximum, exp values and division in one function
//   1 x 4M     large rows: a pass that sums by blocks, and a pass that computes
//              the exp values again and writes
// The public function in softmax.cc calls PlanSoftmax and then the schedule.
// Log-softmax and logsumexp use the same schedules but batches and large rows.

namespace softlane {
namespace internal {

enum class Schedule {
  kOneRow,     // each row by itself, by its maximum
  kRows,       // softmax_rows.h
  kBatches,    // softmax_batches.h
  kTiles,      // row_tiles.h
  kLargeRows,  // large_softmax.h
  kShortRows,  // kernels/softmax_kernels.h, short_rows: x86-64 baseline only
};

/// The place of exp values until they are divided.
enum class Places {
  kOutput,    // in the output
  kScratch,   // on the stack: the output is the input, which is read again
  kStreamed,  // on the stack; the probabilities go past the caches
};

/// The properties of a call that the choice depends on.
struct SoftmaxShape {
  size_t rows, cols;
  bool is_in_place;
  bool has_usual_scale;  // ScaleParts::is_usual
  bool has_logsumexp = false;
  bool is_aligned = false;  // all rows of the output are whole cache lines
  bool has_batches = true;  // the kind of logits has kernels for batches
  bool is_log = false;      // log-softmax, or logsumexp alone
  /// For attention.
  bool is_attention = false;
  bool has_ranges = false, has_sinks = false;
  bool has_begins = false;     // ranges may begin after the first column
  bool has_bias_rows = false;  // the bias differs from row to row
};

struct SoftmaxPlan {
  Schedule schedule;
  /// The schedule that replaces batches if RowSample::is_wide, and for rows of
  /// a call that do not fit a predicted range.
  Schedule if_wide;
  Places places;
  bool has_scratch;
  bool divides_at_once;  // streamed rows are divided in a pass of their own
  bool is_staged;        // AVX-512: exponentials in two stages
  bool is_uniform;       // see UniformRows
  size_t batch_rows;     // the most rows of a batch
  size_t rows_per_call;  // the jobs of a call of the kernel
  bool writes_by_row;    // log-softmax in tiles: rows, from their logits
  bool reads_ahead;      // the next batch or tile comes into the first cache
};

/// The largest number of columns of a row whose exp values are kept on the
/// stack.
constexpr size_t kMaxScratchCols = 8192;
constexpr size_t kMaxRowsPerCall = 16;
/// On AArch64 every CPU has NEON.
#if defined(__aarch64__)
constexpr bool kBaselineIsNeon = true;
#else
constexpr bool kBaselineIsNeon = false;
#endif
/// On other CPUs the baseline has one lane.
#if defined(__x86_64__) || defined(_M_X64)
constexpr bool kBaselineIsSse2 = true;
#else
constexpr bool kBaselineIsSse2 = false;
#endif

/// Whether a call of softmax has one short row, on every target. For one short
/// row, finding the maximum is cheaper than predicting it.
constexpr bool IsOneRow(size_t rows, size_t cols) {
  return rows == 1 && cols < 512;
}
/// Whether the x86-64 baseline does these rows in batches.
constexpr bool AreShortRows(size_t rows, size_t cols) {
  return rows > 1 && cols <= kMaxShortCols;
}
/// Whether log-softmax finds the maximum of each row, on every target. The time
/// with maxima divided by the time with a predicted exponent, AVX2 on Zen 3:
/// 0.60 at 2 x 8, 0.69 at 2 x 100, 0.94 at 4 x 200.
constexpr bool IsLogByRow(size_t rows, size_t cols) {
  return rows < 5 && cols < 512 && !HasPaddedTiles(rows, cols);
}
/// Whether logsumexp finds the maximum of each row. The ratio as for
/// IsLogByRow: 0.83 at 100 x 160, 0.92 at 16 x 256, 0.95 at 8 x 1024, 1.01 at 8
/// x 4096.
constexpr bool IsLogSumByRow(size_t rows, size_t cols) {
  return cols < 2048 && !HasPaddedTiles(rows, cols);
}
/// `cached` is CachedElements(), see cache_size.h. It decides where results
/// go past the caches, and nothing else: results do not depend on it.
SoftmaxPlan PlanSoftmax(const SoftmaxShape& shape, Target target,
                        size_t cached);
/// PlanSoftmax for few rows, with a usual scale and without logsumexp, whose
/// schedule is kBatches or kTiles. Null for other calls. Attention must have no
/// ranges, and kernels for batches. With AVX2 on Zen 3, a call of 4 x 16 takes
/// a tenth less time with this function.
const SoftmaxPlan* PlanFewRows(size_t rows, size_t cols, bool is_attention,
                               Target target);

const char* ScheduleName(Schedule schedule);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_PLANNER_H_
