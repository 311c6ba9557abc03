// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_ROW_TILES_H_
#define SOFTLANE_LIB_SCHEDULES_ROW_TILES_H_

#include <cstddef>

#include "kernels/tiles.h"
#include "schedules/softmax_call.h"
#include "softlane/target.h"

// Short rows in tiles, with a row per lane. The scale is usual, the rows have
// 2 to 128 columns, and the target is not the x86-64 baseline.

namespace softlane {
namespace internal {

void RunSoftmaxTiles(const SoftmaxCall& call, Target target);
/// Log-softmax, or logsumexp alone.
void RunLogTiles(const SoftmaxCall& call, Target target);

/// The columns of a padded row. A tile's kernels need no fewer.
constexpr size_t kPaddedCols = 4;
/// Copies rows of fewer columns to rows of kPaddedCols without a gap. -inf
/// stands behind their end, which adds nothing to a sum.
void PadRows(const Rows<const float>& x, size_t first, size_t count, float* to);
/// Copies the columns of y back.
void CopyPaddedRows(const float* from, const Rows<float>& y, size_t first,
                    size_t count);

/// Calls finish(rows, cols) for each tile of rows, with its logits in `values`;
/// rows of fewer than kPaddedCols columns are padded. If a maximum of a tile is
/// not finite or beyond the direct limit, the tile is done again in tiles of
/// one vector; rows of such a small tile are done one by one.
template <class Finish>
void ForEachTile(const SoftmaxCall& call, const TileKernels& kernels,
                 float* values, Tile& tile, const Finish& finish) {
  const Rows<const float>& x = call.x;
  const bool is_padded = x.cols < kPaddedCols;
  const size_t cols = is_padded ? kPaddedCols : x.cols;
  alignas(64) float padded[kPaddedCols * kMaxTileLanes];
  TileRows rows;
  size_t narrow = 0;  // the number of next tiles that have one vector
  for (size_t r = 0; r < x.rows;) {
    const size_t left = x.rows - r;
    tile.width =
        narrow != 0 ? kernels.lanes : RowTileWidth(left, cols, kernels.lanes);
    rows.first = r;
    rows.count = left < tile.width ? left : tile.width;
    if (is_padded) {
      PadRows(x, r, rows.count, padded);
      rows.Set(padded, kPaddedCols, padded, kPaddedCols, tile.width);
    } else {
      rows.Set(x, call.y, tile.width);
    }
    if (kernels.read_rows(rows.from, cols, call.parts, values, tile)) {
      finish(rows, cols);
      if (is_padded && call.y.data != nullptr) {
        CopyPaddedRows(padded, call.y, r, rows.count);
      }
    } else if (tile.width > kernels.lanes) {
      narrow = tile.width / kernels.lanes;
      continue;
    } else {
      RunRowByRow(call, r, rows.count);
    }
    r += rows.count;
    if (narrow != 0) --narrow;
  }
}

/// Writes the logsumexp of the lanes that have a row.
inline void WriteLogSumExp(const double* logs, const TileRows& rows,
                           float* logsumexp) {
  for (size_t i = 0; i < rows.count; ++i) {
    // + 0 makes +0 of -0, as the shift of a row by itself does.
    logsumexp[rows.first + i] = static_cast<float>(logs[i] + 0.0);
  }
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_ROW_TILES_H_
