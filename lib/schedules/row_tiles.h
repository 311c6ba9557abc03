// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_ROW_TILES_H_
#define SOFTLANE_LIB_SCHEDULES_ROW_TILES_H_

#include <cstddef>

#include "arith/plan.h"
#include "kernels/tiles.h"
#include "softlane/rows.h"
#include "softlane/target.h"

// Short rows in tiles, which have a row per lane. The scale has unit 1, the
// rows 4 to 128 columns, and the target is not the x86-64 baseline.

namespace softlane {
namespace internal {

/// Does rows [first, first + count), which need more than a tile does: one of
/// them has a maximum that is not finite, or beyond the direct limit.
struct TileFallback {
  void (*run)(const void* context, size_t first, size_t count);
  const void* context;
};

/// logsumexp may be null.
void RunSoftmaxTiles(const Rows<const float>& x, const Rows<float>& y,
                     float* logsumexp, const ScaleParts& parts, Target target,
                     const TileFallback& fallback);

void RunLogSoftmaxTiles(const Rows<const float>& x, const Rows<float>& y,
                        const ScaleParts& parts, Target target,
                        const TileFallback& fallback);

/// Writes one float for each row.
void RunLogSumExpTiles(const Rows<const float>& x, float* logsumexp,
                       const ScaleParts& parts, Target target,
                       const TileFallback& fallback);

/// Calls finish(rows) for all tiles, whose logits are then in `values`.
template <class Finish>
void ForEachTile(const Rows<const float>& x, const Rows<float>& y,
                 const ScaleParts& parts, const TileKernels& kernels,
                 float* values, Tile& tile, const TileFallback& fallback,
                 const Finish& finish) {
  TileRows rows;
  size_t narrow = 0;  // tiles that have one vector
  for (size_t r = 0; r < x.rows;) {
    const size_t left = x.rows - r;
    tile.width =
        narrow != 0 ? kernels.lanes : RowTileWidth(left, x.cols, kernels.lanes);
    rows.first = r;
    rows.count = left < tile.width ? left : tile.width;
    rows.Set(x, y, tile.width);
    if (kernels.read_rows(rows.from, x.cols, parts, values, tile)) {
      finish(rows);
    } else if (tile.width > kernels.lanes) {
      narrow = tile.width / kernels.lanes;
      continue;
    } else {
      fallback.run(fallback.context, r, rows.count);
    }
    r += rows.count;
    if (narrow != 0) --narrow;
  }
}

/// logsumexp of the lanes that have a row.
inline void WriteLogSumExp(const double* logs, const TileRows& rows,
                           float* logsumexp) {
  for (size_t i = 0; i < rows.count; ++i) {
    // The shift of a row by itself, which makes +0 of -0.
    logsumexp[rows.first + i] = static_cast<float>(logs[i] + 0.0);
  }
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_ROW_TILES_H_
