// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_ROW_LIMITS_H_
#define SOFTLANE_LIB_KERNELS_ROW_LIMITS_H_

#include <cstddef>

// The numbers of columns and elements at which another pass takes over, for all
// targets. Kernels and schedules use them. Figures are ns per element on Zen 5.

namespace softlane {
namespace internal {

/// Rows of this length and longer are read twice and written once: their exp
/// values are computed for the sum, and once more. It is a limit of speed
/// alone.
constexpr size_t kMinLargeCols = size_t{1} << 22;

/// The second cache does not hold rows of this length and longer. The sums of
/// exp values alone read the next block ahead. On Zen 3 with AVX2, UpdateStates
/// with and without: 0.33 and 0.36 at 8 x 131072, 0.31 and 0.35 at 1 x 1048576,
/// 0.32 and 0.39 at 1 x 2097152.
constexpr size_t kMinFarCols = size_t{1} << 17;

/// Shorter rows are not done in tiles but one by one.
constexpr size_t kMinTileCols = 4;
/// Fewer rows do not fill a tile well enough.
constexpr size_t kMinTileRows = 3;
/// The most columns of a tile. At 128 columns a tile is still faster than one
/// row at a time. One row at a time and in tiles, with AVX-512: 0.32 and 0.18
/// with logsumexp, 0.38 and 0.21 in log-softmax, 0.47 and 0.26 in
/// cross-entropy.
constexpr size_t kTileCapacity = 128;
constexpr bool HasTiles(size_t rows, size_t cols) {
  return kMinTileRows <= rows && kMinTileCols <= cols && cols <= kTileCapacity;
}
/// Softmax and log-softmax pad shorter rows. The time of other schedules over
/// the time in padded tiles, AVX2 on Zen 3, at 3 x 2, 16 x 2 and 1000 x 2:
/// softmax 1.2, 1.2 and 1.05, with logsumexp 1.3, 1.7 and 2.1, log-softmax 1.8,
/// 5 and 6.4.
constexpr size_t kMinPaddedCols = 2;
constexpr bool HasPaddedTiles(size_t rows, size_t cols) {
  return kMinTileRows <= rows && kMinPaddedCols <= cols &&
         cols <= kTileCapacity;
}

/// The most rows and columns of a batch of the x86-64 baseline: see
/// SoftmaxKernels::short_rows.
constexpr size_t kMaxShortRows = 16;
constexpr size_t kMaxShortCols = 64;

/// Rows that AVX2 does in four vectors of 8 floats: few_rows-inl.h. ns per call
/// on Zen 3, in this way and by other schedules: softmax 43 and 49 at 1 x 8, 43
/// and 85 at 4 x 4; log-softmax 60 and 150 at 2 x 8; cross-entropy 93 and 280
/// at 3 x 8.
constexpr size_t kFewRows = 4;
constexpr size_t kFewCols = 16;  // for two rows; 8 for four rows
constexpr bool AreFewRows(size_t rows, size_t cols) {
  return cols <= kFewCols &&
         rows <= (cols <= kFewCols / 2 ? kFewRows : kFewRows / 2);
}

/// In shorter rows, stages cost more in the first and last block than they
/// save. In stages and without stages, AVX-512: 0.161 and 0.157 at 64 x 200,
/// 0.152 and 0.152 at 8 x 300.
constexpr size_t kMinStagedCols = 256;

/// Results of shorter rows of softmax are not streamed, because softmax
/// computes longer than memory takes. Streamed and not streamed, at 30000 x
/// 400: with AVX-512 0.16 and 0.23, with AVX2 0.23 and 0.26. The backward pass
/// computes less: see backward_planner.cc.
constexpr size_t kMinStreamedSoftmaxCols = 256;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_ROW_LIMITS_H_
