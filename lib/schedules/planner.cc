// SPDX-License-Identifier: Apache-2.0
#include "schedules/planner.h"

#include "arith/exact_sum.h"
#include "kernels/row_limits.h"
#include "kernels/short_rows.h"
#include "schedules/planner_limits.h"

namespace softlane {
namespace internal {
namespace {

// Fewer rows do not fill a batch or a tile well enough. An exception is two
// rows of softmax without logsumexp. In a batch and one by one, AVX2 on Zen 3:
// 101 and 118 ns at 2 x 16, 229 and 252 at 2 x 200; with logsumexp 200 and 164
// at 2 x 32. Attention in a batch and as rows: 149 and 250 at 2 x 16, 272 and
// 366 at 2 x 200.
constexpr size_t kMinBatchRows = 3;
constexpr size_t kMaxFewRows = 16;
// Rows of fewer columns are faster in tiles, however few they are.
constexpr size_t kMinBatchCols = 9;
// For more rows of three columns, padding takes longer than a batch. In batches
// and padded, AVX2 on Zen 3: 1.08 and 1 at 64 x 3, 0.85 and 1 at 200 x 3.
constexpr size_t kMaxPaddedRows = 32;
// Larger calls wait for memory, and staged passes wait longer because they read
// earlier. Staged and not staged: 0.110 and 0.119 at 1000 x 4096, 0.159 and
// 0.151 at 2000 x 4096.
constexpr size_t kMaxStaged = size_t{3} << 21;  // elements
// Staging does not pay, either, if long rows have a bias of their own that the
// second-level cache does not hold: 0.098 and 0.108 at 16 x 4096, 0.125 and
// 0.121 at 128 x 4096.
constexpr size_t kMaxStagedBias = size_t{1} << 17;
constexpr size_t kMaxShortBiasCols = 1280;

// Log-softmax of shorter rows, one after the other, computes longer than memory
// takes. Streamed and not streamed, at 30000 x 400: AVX-512 0.31 and 0.28, AVX2
// 0.42 and 0.36.
constexpr size_t kMinStreamedLogCols = 512;
// Rows in batches and tiles that are not aligned have parts of a line at both
// ends. Streamed and not, AVX2 on Zen 3: softmax 0.69 and 0.66 at 30000 x 65,
// 0.67 and 0.85 at 20000 x 100; log-softmax 0.99 and 0.88, 0.76 and 0.80.
constexpr size_t kMinUnalignedCols = 96;
bool MayStreamShort(const SoftmaxShape& shape) {
  return shape.is_aligned || shape.cols >= kMinUnalignedCols;
}
// Shorter rows are transposed back.
constexpr size_t kMinStreamedTileCols = 65;

// Without divisions, which would take a tenth of the time of a few short rows.
bool IsLarge(const SoftmaxShape& shape, const Limits& limits, Schedule schedule,
             size_t cached) {
  const size_t share = schedule == Schedule::kRows ? 1 : limits.batch_share;
  const size_t matrices = shape.has_bias_rows ? 3 : 2;
  return shape.rows * shape.cols * (matrices * share) >= cached;
}

bool PaysToStage(const SoftmaxShape& shape) {
  const size_t elements = shape.rows * shape.cols;
  if (elements > kMaxStaged) return false;
  return !shape.has_bias_rows || shape.cols < kMaxShortBiasCols ||
         elements <= kMaxStagedBias;
}

bool StreamsLogs(const SoftmaxShape& shape, const Limits& limits,
                 Schedule schedule) {
  if (shape.is_in_place || shape.has_logsumexp) return false;
  if (schedule == Schedule::kTiles) {
    return shape.cols >= kMinStreamedTileCols && MayStreamShort(shape);
  }
  return shape.cols >= kMinStreamedLogCols &&
         (limits.writes_logs_at_once || shape.is_aligned);
}

Places PlacesOf(const SoftmaxShape& shape, const Limits& limits,
                Schedule schedule, size_t cached) {
  bool may_stream = shape.rows != 1 && IsLarge(shape, limits, schedule, cached);
  if (shape.is_log) {
    may_stream = may_stream && StreamsLogs(shape, limits, schedule);
    return may_stream ? Places::kStreamed : Places::kOutput;
  }
  if (shape.is_in_place) return Places::kScratch;
  if (schedule == Schedule::kBatches) {
    may_stream = may_stream && shape.cols >= limits.min_streamed_batch_cols &&
                 MayStreamShort(shape);
  } else {
    may_stream = may_stream && shape.cols >= kMinStreamedSoftmaxCols &&
                 (shape.cols <= kMaxScratchCols || shape.has_ranges);
  }
  return may_stream ? Places::kStreamed : Places::kOutput;
}

bool FitsTile(const SoftmaxShape& shape) {
  return !shape.is_attention && kMinPaddedCols <= shape.cols &&
         shape.cols <= kTileCapacity;
}
// Longer rows, whose tile has one vector, pay for empty lanes.
bool FitsLogTile(const SoftmaxShape& shape, const Limits& limits) {
  return shape.is_log && !shape.has_logsumexp &&
         shape.rows >= limits.lanes - 1 && kTileCapacity < shape.cols &&
         shape.cols <= limits.max_log_tile_cols;
}
// Few rows are faster in batches, since a tile always has all lanes: AVX-512,
// 8 x 12, 0.86 in tiles and 0.76 in batches. With logsumexp, tiles gain,
// because they compute it in less time.
bool IsTiled(const SoftmaxShape& shape, const Limits& limits) {
  const bool is_few = shape.rows <= limits.lanes / 2;
  const size_t most_with_logsumexp = is_few ? limits.max_few_logsumexp_tile_cols
                                            : limits.max_logsumexp_tile_cols;
  if (!FitsTile(shape)) return false;
  if (shape.has_logsumexp && shape.cols <= most_with_logsumexp) return true;
  if (shape.cols == 3 && shape.rows > kMaxPaddedRows) return false;
  return shape.cols < kMinBatchCols ||
         (shape.cols <= limits.max_tile_cols && !is_few);
}

// If the last-level cache does not hold the bias, batches wait for it. Rows are
// faster then, because they read both inputs ahead between exponentials. In
// batches and in rows, AVX2 on Zen 3: 0.85 and 0.69 at 4096 x 400.
bool FitsBatch(const SoftmaxShape& shape, const Limits& limits, size_t cached) {
  constexpr size_t kMaxBiasCols = 383;
  return shape.cols <= limits.max_batch_cols &&
         (shape.cols <= kMaxBiasCols || !shape.has_bias_rows ||
          !IsLarge(shape, limits, Schedule::kRows, cached));
}

// Large batches leave the first-level cache no room for a bias that the
// second-level cache does not hold. In batches of 16 and 32 rows, AVX-512 on
// Zen 5: 0.148 and 0.156 at 20000 x 64.
constexpr size_t kMaxFarBiasCols = 32;
size_t BatchRowsOf(const SoftmaxShape& shape, const Limits& limits,
                   bool is_far) {
  const size_t most = is_far && shape.has_bias_rows
                          ? kMaxFarBiasCols
                          : limits.max_full_batch_cols;
  return shape.cols > most ? kSmallBatchRows : kBatchRows;
}

Schedule ScheduleOf(const SoftmaxShape& shape, const Limits& limits,
                    size_t cached) {
  if (!shape.is_attention && IsOneRow(shape.rows, shape.cols)) {
    return Schedule::kOneRow;
  }
  const bool are_two = !shape.is_log && shape.rows == 2;
  const bool fills_batch =
      shape.rows >= kMinBatchRows || (are_two && !shape.has_logsumexp);
  if (shape.has_usual_scale && fills_batch) {
    if (IsTiled(shape, limits)) return Schedule::kTiles;
    if (shape.has_batches && !shape.is_log && !shape.has_begins &&
        FitsBatch(shape, limits, cached)) {
      return Schedule::kBatches;
    }
    if (FitsTile(shape) || FitsLogTile(shape, limits)) return Schedule::kTiles;
  }
  // Two rows one after the other cost less than a prediction.
  if (are_two && !shape.is_attention && IsOneRow(1, shape.cols)) {
    return Schedule::kOneRow;
  }
  if (!shape.is_attention && !shape.is_log && shape.cols >= kMinLargeCols) {
    return Schedule::kLargeRows;
  }
  return Schedule::kRows;
}

SoftmaxPlan PlanFor(const SoftmaxShape& shape, const Limits& limits,
                    size_t cached) {
  SoftmaxPlan plan = {};
  plan.schedule = ScheduleOf(shape, limits, cached);
  plan.if_wide = plan.schedule;
  plan.rows_per_call = 1;
  if (shape.is_log && plan.schedule == Schedule::kTiles) {
    plan.places = PlacesOf(shape, limits, plan.schedule, cached);
    plan.writes_by_row = plan.places == Places::kStreamed ||
                         shape.cols > limits.max_transposed_cols;
  }
  plan.reads_ahead = shape.rows * shape.cols >= kMinFarCols;
  if (plan.schedule != Schedule::kRows && plan.schedule != Schedule::kBatches) {
    return plan;
  }
  if (plan.schedule == Schedule::kBatches) {
    plan.batch_rows = BatchRowsOf(shape, limits, plan.reads_ahead);
    const bool is_tiled =
        FitsTile(shape) && shape.cols <= limits.max_wide_tile_cols;
    if (is_tiled) plan.if_wide = Schedule::kTiles;
  }
  plan.places = PlacesOf(shape, limits, plan.schedule, cached);
  const bool fits_scratch = shape.cols <= kMaxScratchCols || shape.has_ranges;
  plan.has_scratch = plan.schedule == Schedule::kRows && fits_scratch &&
                     shape.rows != 1 && plan.places != Places::kOutput &&
                     !shape.is_log;
  const bool is_streamed = plan.places == Places::kStreamed;
  plan.divides_at_once = shape.is_log ? limits.writes_logs_at_once
                                      : shape.cols >= limits.min_at_once_cols;
  plan.is_staged = !shape.is_log && limits.has_stages && PaysToStage(shape);
  plan.is_uniform = plan.is_staged && !is_streamed && !shape.has_logsumexp &&
                    !shape.has_ranges && !shape.has_sinks &&
                    kMinStagedCols <= shape.cols && shape.cols <= kSumCols;
  const bool is_aligned = shape.is_aligned && !shape.has_begins;
  const bool is_beside = !is_streamed || (is_aligned && !plan.divides_at_once);
  plan.rows_per_call = is_beside ? limits.rows_per_call : 1;
  return plan;
}

SoftmaxPlan BaselinePlan(const SoftmaxShape& shape) {
  SoftmaxPlan plan = {};
  plan.rows_per_call = 1;
  const bool has_scratch = shape.is_in_place && !shape.is_log;
  plan.places = has_scratch ? Places::kScratch : Places::kOutput;
  plan.schedule = Schedule::kOneRow;
  if (shape.is_attention) {
    plan.schedule = Schedule::kRows;
  } else if (shape.cols >= kMinLargeCols && !shape.is_log) {
    plan.schedule = Schedule::kLargeRows;
  } else if (kBaselineIsSse2 && AreShortRows(shape.rows, shape.cols)) {
    plan.schedule = Schedule::kShortRows;
  }
  plan.if_wide = plan.schedule;
  return plan;
}

constexpr SoftmaxPlan FewRows(Schedule schedule, Schedule if_wide) {
  SoftmaxPlan plan = {};
  plan.schedule = schedule;
  plan.if_wide = if_wide;
  plan.places = Places::kOutput;
  plan.rows_per_call = 1;
  plan.batch_rows = kSmallBatchRows;
  return plan;
}

// Null for the x86-64 baseline.
const Limits* LimitsOf(Target target) {
  switch (target) {
    case Target::kAvx512:
      return &kAvx512Limits;
    case Target::kAvx2:
      return &kAvx2Limits;
    case Target::kNeon:
      return &kNeonLimits;
    case Target::kBaseline:
      if (kBaselineIsNeon) return &kNeonLimits;
      break;
    case Target::kAuto:
      break;
  }
  return nullptr;
}

}  // namespace

SoftmaxPlan PlanSoftmax(const SoftmaxShape& shape, Target target,
                        size_t cached) {
  const Limits* const limits = LimitsOf(target);
  return limits == nullptr ? BaselinePlan(shape)
                           : PlanFor(shape, *limits, cached);
}

const SoftmaxPlan* PlanFewRows(size_t rows, size_t cols, bool is_attention,
                               Target target) {
  static constexpr SoftmaxPlan kTiles =
      FewRows(Schedule::kTiles, Schedule::kTiles);
  static constexpr SoftmaxPlan kNarrow =
      FewRows(Schedule::kBatches, Schedule::kTiles);
  static constexpr SoftmaxPlan kBatches =
      FewRows(Schedule::kBatches, Schedule::kBatches);
  const Limits* const limits = LimitsOf(target);
  if (limits == nullptr || rows < 2 || rows > kMaxFewRows ||
      cols < (is_attention ? kMinTileCols : kMinPaddedCols) ||
      cols > kTileCapacity) {
    return nullptr;
  }
  if (is_attention) return &kBatches;
  const bool is_tiled =
      cols < kMinBatchCols ||
      (cols <= limits->max_tile_cols && rows > limits->lanes / 2);
  if (is_tiled) return &kTiles;
  return cols <= limits->max_wide_tile_cols ? &kNarrow : &kBatches;
}

const char* ScheduleName(Schedule schedule) {
  switch (schedule) {
    case Schedule::kOneRow:
      return "one row";
    case Schedule::kRows:
      return "rows";
    case Schedule::kBatches:
      return "batches";
    case Schedule::kTiles:
      return "tiles";
    case Schedule::kLargeRows:
      return "large rows";
    case Schedule::kShortRows:
      return "short rows";
  }
  return "unknown";
}

}  // namespace internal
}  // namespace softlane
