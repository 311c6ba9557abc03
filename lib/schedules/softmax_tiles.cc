// SPDX-License-Identifier: Apache-2.0
#include "schedules/row_tiles.h"

namespace softlane {
namespace internal {

void RunSoftmaxTiles(const Rows<const float>& x, const Rows<float>& y,
                     float* logsumexp, const ScaleParts& parts, Target target,
                     const TileFallback& fallback) {
  const TileKernels& kernels = KernelsOf(kTileKernels, target);
  Tile tile;
  alignas(64) float e[kRowTileFloats];
  ForEachTile(x, y, parts, kernels, e, tile, fallback,
              [&](const TileRows& rows) {
                kernels.exp(e, x.cols, parts, e, tile);
                kernels.sums.all(e, x.cols, tile);
                kernels.invert(tile);
                if (logsumexp != nullptr) {
                  alignas(64) double logs[kMaxTileLanes];
                  kernels.log_sums(tile, parts, logs);
                  WriteLogSumExp(logs, rows, logsumexp);
                }
                kernels.write_rows(e, x.cols, tile, rows.to);
              });
}

}  // namespace internal
}  // namespace softlane
