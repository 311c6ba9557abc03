// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_GRADIENT_COLUMNS_H_
#define SOFTLANE_LIB_SCHEDULES_GRADIENT_COLUMNS_H_

#include <cstddef>

#include "schedules/columns.h"

namespace softlane {
namespace internal {

/// The room that passes may read behind a tile.
constexpr size_t kTileRoom = 16;

/// Gradients of columns: a sum over each column of two inputs, then a result of
/// both inputs and the sum. `Passes` has the functions
///   sum(first, second, n, tile)              of whole columns,
///   add(first, second, n, is_first, tile)    of some elements,
///   end(tile)                                after the last of them,
///   write(first, second, tile, out),
/// and kStep, up to a multiple of which passes write elements.
template <class Passes, class Memory>
void RunGradientColumns(const Passes& passes, const Planes<const float>& first,
                        const Planes<const float>& second,
                        const Planes<float>& dx, Target target,
                        const Memory& memory) {
  const size_t lanes = KernelsOf(kTileKernels, target).lanes;
  const size_t n = first.axis;
  Tile tile;
  // No pass needs maxima. A vector has them for nothing, but with one lane each
  // is a branch that a CPU cannot predict.
  float* const max = lanes == 1 ? nullptr : tile.max;
  alignas(64) float first_values[kHalfTile + kTileRoom];
  alignas(64) float second_values[kHalfTile + kTileRoom];
  ForEachColumnTile(first, kHalfTile, [&](const ColumnTile& at) {
    tile.width = WholeVectors(at.cols, lanes);
    const Chunks chunks(n, tile.width, kHalfTile, Passes::kStep);
    const auto read = [&](size_t k, size_t count) {
      memory.Read(first, at, {k, count, first_values, tile.width},
                  max != nullptr, max);
      memory.Read(second, at, {k, count, second_values, tile.width},
                  max != nullptr, max);
    };
    if (chunks.fits) {
      read(0, n);
      memory.PrefetchIn(first, at);
      memory.PrefetchIn(second, at);
      memory.PrefetchOut(dx, at);
      passes.sum(first_values, second_values, n, tile);
    } else {
      chunks.ForEach([&](size_t k, size_t count) {
        read(k, count);
        passes.add(first_values, second_values, count, k == 0, tile);
      });
      passes.end(tile);
    }
    chunks.ForEach([&](size_t k, size_t count) {
      if (!chunks.fits) read(k, count);
      memory.Put(dx, at, {k, count, first_values, tile.width},
                 [&](const ColumnsOut& out) {
                   passes.write(first_values, second_values, tile, out);
                 });
    });
  });
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_GRADIENT_COLUMNS_H_
