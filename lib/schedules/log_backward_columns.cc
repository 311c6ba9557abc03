// SPDX-License-Identifier: Apache-2.0
#include "kernels/log_gradient_columns.h"
#include "schedules/gradient_columns.h"

namespace softlane {
namespace internal {
namespace {

struct LogPasses {
  static constexpr size_t kStep = 16;

  void sum(float*, float* d, size_t n, Tile& tile) const {
    tiles.sums.all(d, n, tile);
  }
  void add(float*, float* d, size_t n, bool is_first, Tile& tile) const {
    if (is_first) ClearSums(tile);
    tiles.sums.add(d, n, tile);
  }
  void end(Tile& tile) const { tiles.end_sums(tile); }
  void write(float* log_p, float* d, const Tile& tile,
             const ColumnsOut& out) const {
    write_gradients(log_p, d, scale, tile, out);
  }

  const TileKernels& tiles;
  LogGradientColumns& write_gradients;
  float scale;
};

}  // namespace

void RunLogBackwardColumns(const Planes<const float>& log_p,
                           const Planes<const float>& d,
                           const Planes<float>& dx, float scale, Target target,
                           const ColumnTypes* types) {
  const LogPasses passes{KernelsOf(kTileKernels, target),
                         KernelsOf(kLogGradientColumns, target), scale};
  RunGradientColumns(passes, log_p, d, dx, target,
                     TypedMemory(KernelsOf(kColumnKernels, target), types));
}

}  // namespace internal
}  // namespace softlane
