// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_PLANNER_LIMITS_H_
#define SOFTLANE_LIB_SCHEDULES_PLANNER_LIMITS_H_

#include <cstddef>

#include "kernels/row_limits.h"
#include "schedules/planner.h"

// The table of planner.cc: the limits that depend on the target.

namespace softlane {
namespace internal {

// Figures are ns per element on Zen 5 unless another CPU is named; NEON has no
// measurements.
struct Limits {
  size_t lanes;
  // Wider rows are faster in batches. In tiles and in batches, AVX-512: 0.24
  // and 0.26 at 1000 x 12, 0.25 and 0.23 at 1000 x 14; AVX2: 0.38 and 0.45 at
  // 1024 x 8, 0.52 and 0.42 at 1000 x 9.
  size_t max_tile_cols;
  // With logsumexp, wider rows are faster in batches. In tiles and in batches,
  // AVX-512: 0.191 and 0.180 at 64 x 64, 0.268 and 0.241 at 64 x 65, 0.212 and
  // 0.169 at 64 x 127, 0.200 and 0.215 at 64 x 48; AVX2 on Zen 5, 0.331 and
  // 0.339 at 64 x 64, 0.328 and 0.295 at 64 x 127, 0.125 and 0.129 at 8 x 100.
  size_t max_logsumexp_tile_cols;
  // max_logsumexp_tile_cols for rows that fill at most half of a vector's
  // lanes. AVX-512: 0.93 and 1.04 at 8 x 16, 0.99 and 0.99 at 6 x 24, 0.61 and
  // 0.57 at 8 x 32, 1.12 and 0.56 at 3 x 100.
  size_t max_few_logsumexp_tile_cols;
  // If rows do not fit a predicted range, they are faster in tiles up to this
  // number of columns. In batches and in tiles, N(0, 30^2), AVX-512: 0.34 and
  // 0.27 at 64 x 64; maxima 60 apart, AVX2 on Zen 3: 0.97 and 0.64 at 2048 x
  // 16, 0.52 and 0.57 at 512 x 64.
  size_t max_wide_tile_cols;
  // Longer rows are faster one after the other. In batches and one after the
  // other, AVX-512: 0.133 and 0.137 at 64 x 255, 0.120 and 0.103 at 64 x 256;
  // AVX2: 0.198 and 0.232 at 64 x 300, 0.187 and 0.190 at 64 x 384; on Zen 3
  // 1.00 and 1.13 at 64 x 400, 1.00 and 0.98 at 64 x 512.
  size_t max_batch_cols;
  // Batches of longer rows have 16 rows and not 32. With 16 and 32 rows,
  // AVX-512: 0.123 and 0.116 at 64 x 64, 0.142 and 0.129 at 64 x 80, 0.134 and
  // 0.138 at 3000 x 80, 0.133 and 0.150 at 3000 x 96; AVX2: no difference at 64
  // columns.
  size_t max_full_batch_cols;
  // Log-softmax of longer rows is faster one after the other. In tiles and one
  // after the other, AVX2 on Zen 3: 0.58 and 0.92 at 256 x 129, 0.52 and 0.69
  // at 256 x 200, 0.49 and 0.58 at 128 x 256, 0.51 and 0.53 at 128 x 400, but
  // 0.63 and 0.55 at 6000 x 300; AVX-512: 0.23 and 0.37 at 256 x 129, 0.20 and
  // 0.29 at 256 x 200, 0.19 and 0.23 at 128 x 256, which is all that a tile
  // holds.
  size_t max_log_tile_cols;
  // Longer rows of such a tile are written from their logits and not from the
  // tile. From the tile and from the logits: 0.56 and 0.56 at 256 x 64, 0.57
  // and 0.55 at 256 x 96, 0.54 and 0.51 at 256 x 128.
  size_t max_transposed_cols;
  // Batches of shorter rows compute longer than memory takes. Streamed and not,
  // AVX-512: 0.18 and 0.32 at 200000 x 32; AVX2: 0.24 and 0.23 at 262144 x 64,
  // 0.22 and 0.25 at 64000 x 128; on Zen 3 0.44 and 0.65 at 12288 x 128.
  size_t min_streamed_batch_cols;
  // Longer streamed rows are divided at once and not beside another row.
  // Beside, at once and not streamed, AVX-512: 0.15 and 0.21 at 4000 x 1024,
  // 0.18 and 0.22 at 1000 x 4096; AVX2: 0.27 and 0.32, 0.36 and 0.30; on Zen 3
  // 0.45, 0.61 and 0.51 at 3000 x 1024, 0.44, 0.63 and 0.48 at 1000 x 4096.
  size_t min_at_once_cols;
  // Whether streamed rows of log-softmax are divided at once, too. The same
  // three figures, AVX2 on Zen 3: 0.47, 0.62 and 0.50 at 3000 x 1024, 0.51,
  // 0.71 and 0.51 at 1000 x 4096. Rows that are not aligned cannot be written
  // beside others.
  bool writes_logs_at_once;
  // Batches and tiles read the next rows ahead. So they gain by streaming from
  // a smaller number of elements on than rows: this part of it. AVX2 on Zen 3
  // with a last-level cache of 32 MB, streamed and not streamed, batches 0.47
  // and 0.69 at 8192 x 128; log-softmax in tiles 0.56 and 0.60 at 4096 x 128,
  // 0.57 and 0.65 at 8192 x 128; rows 0.38 and 0.36 at 2048 x 512, 0.38 and
  // 0.39 at 4096 x 512, 0.43 and 0.50 at 8192 x 512.
  size_t batch_share;
  // A call of a kernel takes 6 to 12 ns. AVX2 on Zen 3, 1 and 4 rows a call: 6
  // and 0 % more time at 16 x 512. AVX-512 is not measured.
  size_t rows_per_call;
  bool has_stages;
};
constexpr size_t kNotAtOnce = kMaxScratchCols + 1;
constexpr Limits kAvx2Limits = {
    8,  8,  kTileCapacity, kTileCapacity, 48, 447, 32,   256,
    64, 65, kNotAtOnce,    false,         2,  8,   false};
constexpr Limits kAvx512Limits = {
    16, 12,         63,   24, 128, 255, 80, 256, kTileCapacity,
    16, kNotAtOnce, true, 1,  16,  true};
constexpr Limits kNeonLimits = {4,
                                48,
                                kTileCapacity,
                                kTileCapacity,
                                128,
                                255,
                                32,
                                kTileCapacity,
                                kTileCapacity,
                                128,
                                4096,
                                true,
                                1,
                                4,
                                false};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_PLANNER_LIMITS_H_
