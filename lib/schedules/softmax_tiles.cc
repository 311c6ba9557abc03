// SPDX-License-Identifier: Apache-2.0
#include "schedules/row_tiles.h"

namespace softlane {
namespace internal {

void RunSoftmaxTiles(const SoftmaxCall& call, Target target, size_t first,
                     size_t count) {
  const TileKernels& kernels = KernelsOf(kTileKernels, target);
  Tile tile;
  alignas(64) float e[kRowTileFloats];
  ForEachTile(call, first, first + count, kernels, e, tile,
              [&](const TileRows& rows, size_t cols, const OtherLanes& others) {
                kernels.sum_exp(e, cols, call.parts, tile);
                kernels.invert(tile);
                others.SetEmpty(call, tile);
                if (call.logsumexp != nullptr) {
                  alignas(64) double logs[kMaxTileLanes];
                  kernels.log_sums(tile, call.parts, logs);
                  others.WriteLogSumExp(call, logs, rows, cols);
                }
                kernels.write_rows(e, cols, tile, rows.to);
              });
}

}  // namespace internal
}  // namespace softlane
