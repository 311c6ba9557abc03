// SPDX-License-Identifier: Apache-2.0
#include "schedules/row_tiles.h"

namespace softlane {
namespace internal {

void RunLogSoftmaxTiles(const Rows<const float>& x, const Rows<float>& y,
                        const ScaleParts& parts, Target target,
                        const TileFallback& fallback) {
  const TileKernels& kernels = KernelsOf(kTileKernels, target);
  const LogTileKernels& log_kernels = KernelsOf(kLogTileKernels, target);
  const float scale = static_cast<float>(parts.scale);
  Tile tile;
  alignas(64) float logits[kRowTileFloats];
  alignas(64) float e[kRowTileFloats];
  alignas(64) double logs[kMaxTileLanes];
  ForEachTile(x, y, parts, kernels, logits, tile, fallback,
              [&](const TileRows& rows) {
                kernels.exp(logits, x.cols, parts, e, tile);
                log_kernels.sums.all(e, x.cols, tile);
                kernels.log_sums(tile, parts, logs);
                log_kernels.split_logs(logs, tile);
                log_kernels.write_rows(logits, x.cols, scale, tile, rows.to);
              });
}

void RunLogSumExpTiles(const Rows<const float>& x, float* logsumexp,
                       const ScaleParts& parts, Target target,
                       const TileFallback& fallback) {
  const TileKernels& kernels = KernelsOf(kTileKernels, target);
  const LogTileKernels& log_kernels = KernelsOf(kLogTileKernels, target);
  const Rows<float> none(nullptr, x.rows, x.cols, 0);
  Tile tile;
  alignas(64) float e[kRowTileFloats];
  alignas(64) double logs[kMaxTileLanes];
  ForEachTile(x, none, parts, kernels, e, tile, fallback,
              [&](const TileRows& rows) {
                kernels.exp(e, x.cols, parts, e, tile);
                log_kernels.sums.all(e, x.cols, tile);
                kernels.log_sums(tile, parts, logs);
                WriteLogSumExp(logs, rows, logsumexp);
              });
}

}  // namespace internal
}  // namespace softlane
