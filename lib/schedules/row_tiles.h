// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_ROW_TILES_H_
#define SOFTLANE_LIB_SCHEDULES_ROW_TILES_H_

#include <cstddef>
#include <cstdint>

#include "kernels/tiles.h"
#include "schedules/planner.h"
#include "schedules/softmax_call.h"
#include "softlane/target.h"

// Short rows in tiles, with a row per lane. The scale is usual, the rows have
// 2 to 128 columns or, log-softmax with AVX2 and AVX-512, up to 256, and the
// target is not the x86-64 baseline.

namespace softlane {
namespace internal {

/// Does rows [first, first + count) of the call.
void RunSoftmaxTiles(const SoftmaxCall& call, Target target, size_t first,
                     size_t count);
/// Log-softmax, or logsumexp alone.
void RunLogTiles(const SoftmaxCall& call, const SoftmaxPlan& plan,
                 Target target);

/// The number of columns of a padded row, which is the least number that a
/// tile's kernels take.
constexpr size_t kPaddedCols = 4;
/// Copies rows of fewer columns to rows of kPaddedCols columns without a gap.
/// The added columns are -inf, which adds nothing to a sum.
void PadRows(const Rows<const float>& x, size_t first, size_t count, float* to);
/// Copies the columns of y back.
void CopyPaddedRows(const float* from, const Rows<float>& y, size_t first,
                    size_t count);

/// The lanes of a tile whose maximum is not finite or beyond the direct limit.
/// The passes run over these lanes, too, with an offset of 0.
class OtherLanes {
 public:
  /// Finds these lanes. The tile does not write the results of rows beyond the
  /// limit.
  void Find(const ScaleParts& parts, const Tile& tile, TileRows& rows);
  /// Sets the numbers that the last step needs for rows whose logits are all
  /// -inf. In other rows whose maximum is not finite, the sum is NaN, and so
  /// are the results.
  void SetEmpty(const SoftmaxCall& call, Tile& tile) const {
    if (count_ != 0) SetEmptyLanes(call, tile);
  }
  /// SetEmpty for the logarithms of the sums.
  void SetEmpty(const SoftmaxCall& call, const Tile& tile, double* logs) const {
    if (count_ != 0) SetEmptyLogs(call, tile, logs);
  }
  /// Whether lane i is beyond the limit.
  bool IsFar(const TileRows& rows, size_t i) const {
    return rows.to[i] == nowhere_;
  }
  /// Writes the logsumexp of the lanes that have a row.
  void WriteLogSumExp(const SoftmaxCall& call, const double* logs,
                      const TileRows& rows, size_t cols) const {
    for (size_t i = 0; i < rows.count; ++i) {
      // Adding 0 turns -0 into +0, as in a row that is done by itself.
      call.logsumexp[rows.first + i] = static_cast<float>(logs[i] + 0.0);
    }
    if (count_ != 0) WriteMaxima(call, rows, cols);
  }
  /// Does the rows beyond the limit one by one.
  void RunFarRows(const SoftmaxCall& call, const TileRows& rows) const {
    if (count_ != 0) RunEach(call, rows);
  }

 private:
  void SetEmptyLanes(const SoftmaxCall& call, Tile& tile) const;
  void SetEmptyLogs(const SoftmaxCall& call, const Tile& tile,
                    double* logs) const;
  void WriteMaxima(const SoftmaxCall& call, const TileRows& rows,
                   size_t cols) const;
  void RunEach(const SoftmaxCall& call, const TileRows& rows) const;

  size_t count_ = 0;
  uint8_t lanes_[kMaxTileLanes + 1];
  float nowhere_[kTileCapacity];
};

/// The number of lanes of the next tile of softmax or log-softmax. If a tile
/// has room for all rows, there is only one tile, because two smaller tiles
/// take 4 to 8 % more time with AVX-512 on Zen 5, log-softmax at 36 x 64 and 48
/// x 80, with logsumexp 64 x 48.
inline size_t WidthFor(size_t rows, size_t cols, size_t lanes) {
  const size_t all = (rows + lanes - 1) & ~(lanes - 1);
  const size_t padded = (cols + 15) & ~size_t{15};
  const bool fits = rows < kMaxTileLanes && all * padded <= kRowTileFloats;
  return fits ? all : RowTileWidth(rows, cols, lanes);
}

/// Up to this number of lanes, a vector of addresses takes longer than single
/// addresses: 3 % of the time of 8 x 8 with AVX2 on Zen 5.
constexpr size_t kMaxFewLanes = 8;

/// Calls finish(rows, cols, others) for each tile of the rows [first, end),
/// with its logits in `values`. Rows of fewer than kPaddedCols columns are
/// padded.
template <class Finish>
void ForEachTile(const SoftmaxCall& call, size_t first, size_t end,
                 const TileKernels& kernels, float* values, Tile& tile,
                 const Finish& finish) {
  const Rows<const float>& x = call.x;
  const bool is_padded = x.cols < kPaddedCols;
  const size_t cols = is_padded ? kPaddedCols : x.cols;
  alignas(64) float padded[kPaddedCols * kMaxTileLanes];
  TileRows rows;
  for (size_t r = first; r < end; r += rows.count) {
    const size_t left = end - r;
    // For long rows, a tile that is at least half empty takes longer than
    // single rows.
    if (cols > kTileCapacity && left <= kernels.lanes / 2) {
      return RunRowByRow(call, r, left);
    }
    tile.width = cols > kTileCapacity ? kernels.lanes
                                      : WidthFor(left, cols, kernels.lanes);
    rows.first = r;
    rows.count = left < tile.width ? left : tile.width;
    if (is_padded) {
      PadRows(x, r, rows.count, padded);
    }
    if (!is_padded && tile.width > kMaxFewLanes) {
      kernels.set_rows(x, call.y, tile.width, rows);
    } else {
      size_t few = tile.width;
      __asm__("" : "+r"(few));  // GCC would write code for each lane
      rows.Set(is_padded ? padded : x.Row(r),
               is_padded ? kPaddedCols : x.stride,
               is_padded ? padded : call.y.Row(r),
               is_padded ? kPaddedCols : call.y.stride, few);
    }
    OtherLanes others;
    if (!kernels.read_rows(rows.from, cols, call.parts, values, tile)) {
      others.Find(call.parts, tile, rows);
    }
    finish(rows, cols, others);
    if (is_padded && call.y.data != nullptr) {
      CopyPaddedRows(padded, call.y, r, rows.count);
    }
    others.RunFarRows(call, rows);
  }
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_ROW_TILES_H_
