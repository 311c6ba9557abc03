// SPDX-License-Identifier: Apache-2.0
#include "schedules/row_tiles.h"

namespace softlane {
namespace internal {

void RunLogTiles(const SoftmaxCall& call, Target target) {
  const TileKernels& kernels = KernelsOf(kTileKernels, target);
  const LogTileKernels& log_kernels = KernelsOf(kLogTileKernels, target);
  const float scale = static_cast<float>(call.parts.scale);
  Tile tile;
  alignas(64) float logits[kRowTileFloats];
  alignas(64) float e[kRowTileFloats];
  alignas(64) double logs[kMaxTileLanes];
  ForEachTile(call, 0, call.x.rows, kernels, logits, tile,
              [&](const TileRows& rows, size_t cols, const OtherLanes& others) {
                kernels.exp(logits, cols, call.parts, e, tile);
                kernels.sums_in_double.all(e, cols, tile);
                kernels.log_sums(tile, call.parts, logs);
                if (call.logsumexp != nullptr) {
                  return others.WriteLogSumExp(call, logs, rows, cols);
                }
                log_kernels.split_logs(logs, tile);
                others.SetEmpty(call, tile);
                log_kernels.write_rows(logits, cols, scale, tile, rows.to);
              });
}

}  // namespace internal
}  // namespace softlane
