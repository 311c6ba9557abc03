// SPDX-License-Identifier: Apache-2.0
#include "schedules/columns.h"

namespace softlane {
namespace internal {

void RunBackwardColumns(const Planes<const float>& p,
                        const Planes<const float>& dp, const Planes<float>& dx,
                        float scale, Target target) {
  const TileKernels& tiles = KernelsOf(kTileKernels, target);
  const ColumnKernels& kernels = KernelsOf(kColumnKernels, target);
  const size_t n = p.axis;
  const bool are_few = n <= kFewProducts;
  Tile tile;
  // No pass needs maxima. A vector has them for nothing, but with one lane each
  // is a branch that a CPU cannot predict.
  float* const max = tiles.lanes == 1 ? nullptr : tile.max;
  alignas(64) float p_values[kHalfTile];
  alignas(64) float dp_values[kHalfTile];
  ForEachColumnTile(p, kHalfTile, [&](const ColumnTile& at) {
    tile.width = WholeVectors(at.cols, tiles.lanes);
    const Chunks chunks(n, tile.width, kHalfTile, 4);
    const auto read = [&](size_t first, size_t count) {
      kernels.read(at.In(p) + first * p.axis_stride, p.axis_stride, count,
                   at.cols, p_values, tile.width, max != nullptr, max);
      kernels.read(at.In(dp) + first * dp.axis_stride, dp.axis_stride, count,
                   at.cols, dp_values, tile.width, max != nullptr, max);
    };
    chunks.ForEach([&](size_t first, size_t count) {
      read(first, count);
      if (chunks.fits) {
        PrefetchColumns(at.In(p) + at.cols, p.axis_stride, n, at.ahead_in);
        PrefetchColumns(at.In(dp) + at.cols, dp.axis_stride, n, at.ahead_in);
        PrefetchColumns(at.Out(dx), dx.axis_stride, n, at.ahead_out);
      }
      if (are_few) {
        kernels.sum_few_products(p_values, dp_values, n, tile);
      } else {
        kernels.add_products(p_values, dp_values, count, first == 0, tile);
      }
    });
    if (!are_few) tiles.end_sums(tile);
    chunks.ForEach([&](size_t first, size_t count) {
      if (!chunks.fits) read(first, count);
      kernels.write_gradients(p_values, dp_values, scale, tile,
                              {at.Out(dx) + first * dx.axis_stride,
                               dx.axis_stride, count, at.cols});
    });
  });
}

}  // namespace internal
}  // namespace softlane
