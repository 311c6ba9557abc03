// SPDX-License-Identifier: Apache-2.0
#include "schedules/columns.h"

namespace softlane {
namespace internal {
namespace {

template <class Memory>
void RunColumns(const Planes<const float>& p, const Planes<const float>& dp,
                const Planes<float>& dx, float scale, Target target,
                const Memory& memory) {
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
      memory.Read(p, at, {first, count, p_values, tile.width}, max != nullptr,
                  max);
      memory.Read(dp, at, {first, count, dp_values, tile.width}, max != nullptr,
                  max);
    };
    chunks.ForEach([&](size_t first, size_t count) {
      read(first, count);
      if (chunks.fits) {
        memory.PrefetchIn(p, at);
        memory.PrefetchIn(dp, at);
        memory.PrefetchOut(dx, at);
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
      memory.Put(dx, at, {first, count, p_values, tile.width},
                 [&](const ColumnsOut& out) {
                   kernels.write_gradients(p_values, dp_values, scale, tile,
                                           out);
                 });
    });
  });
}

[[gnu::noinline]] void RunHalves(const Planes<const float>& p,
                                 const Planes<const float>& dp,
                                 const Planes<float>& dx, float scale,
                                 Target target, const ColumnTypes* types) {
  RunColumns(p, dp, dx, scale, target,
             TypedMemory(KernelsOf(kColumnKernels, target), types));
}

}  // namespace

void RunBackwardColumns(const Planes<const float>& p,
                        const Planes<const float>& dp, const Planes<float>& dx,
                        float scale, Target target, const ColumnTypes* types) {
  if (types != nullptr) return RunHalves(p, dp, dx, scale, target, types);
  RunColumns(p, dp, dx, scale, target,
             FloatMemory(KernelsOf(kColumnKernels, target)));
}

}  // namespace internal
}  // namespace softlane
