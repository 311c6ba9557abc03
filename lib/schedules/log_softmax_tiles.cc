// SPDX-License-Identifier: Apache-2.0
#include "kernels/open_line.h"
#include "schedules/row_tiles.h"

namespace softlane {
namespace internal {

void RunLogTiles(const SoftmaxCall& call, const SoftmaxPlan& plan,
                 Target target) {
  const TileKernels& kernels = KernelsOf(kTileKernels, target);
  const LogTileKernels& log_kernels = KernelsOf(kLogTileKernels, target);
  const float scale = static_cast<float>(call.parts.scale);
  const bool is_streamed = plan.places == Places::kStreamed;
  Tile tile;
  alignas(64) float logits[kRowTileFloats];
  alignas(64) float e[kRowTileFloats];
  alignas(64) double logs[kMaxTileLanes];
  const auto finish = [&](const TileRows& rows, size_t cols,
                          const OtherLanes& others) {
    // A block that lacks up to 4 elements is a whole block, too.
    const size_t blocks = (cols + 4) / kTileBlock * kTileBlock;
    // Exp values and sums in one pass take 3 to 5 % less time with AVX-512 on
    // Zen 5 at 64 x 64 and 64 x 127, but 4 % more with AVX2 at 64 x 64.
    if (!plan.writes_by_row && (kernels.lanes < 16 || blocks == 0)) {
      kernels.exp(logits, cols, call.parts, e, tile);
      kernels.sums_in_double.all(e, cols, tile);
    } else {
      const size_t full = cols < blocks ? cols : blocks;
      const size_t end = rows.first + rows.count, left = call.x.rows - end;
      NextTile next = {};
      if (plan.reads_ahead && left != 0) {
        next = {call.x.Row(end), call.x.stride,
                left < rows.count ? left : rows.count, cols};
      }
      log_kernels.sum_exp(logits, full, call.parts, next, tile);
      if (cols != full) {
        kernels.exp(logits + full * tile.width, cols - full, call.parts, e,
                    tile);
        kernels.sums_in_double.add(e, cols - full, tile);
      }
      kernels.end_sums(tile);
    }
    kernels.log_sums(tile, call.parts, logs);
    if (call.logsumexp != nullptr) {
      return others.WriteLogSumExp(call, logs, rows, cols);
    }
    if (!plan.writes_by_row) {
      log_kernels.split_logs(logs, tile);
      others.SetEmpty(call, tile);
      return log_kernels.write_rows(logits, cols, scale, tile, rows.to);
    }
    others.SetEmpty(call, tile, logs);
    OpenLine line;
    for (size_t k = 0; k < rows.count; ++k) {
      if (others.IsFar(rows, k)) continue;
      if (is_streamed) {
        call.kernels.divide_streamed(rows.from[k], rows.to[k], cols, logs[k],
                                     {}, call.parts, &line);
      } else {
        call.kernels.divide(rows.from[k], rows.to[k], cols, logs[k], false,
                            call.parts);
      }
    }
    line.Close();
  };
  ForEachTile(call, 0, call.x.rows, kernels, logits, tile, finish);
  if (is_streamed) call.row.flush();
}

}  // namespace internal
}  // namespace softlane
