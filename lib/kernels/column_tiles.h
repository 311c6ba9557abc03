// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_COLUMN_TILES_H_
#define SOFTLANE_LIB_KERNELS_COLUMN_TILES_H_

#include <cstddef>

#include "kernels/tiles.h"

// The passes that only tiles of columns have. Columns are not transposed. They
// may have more elements than a tile holds, and any maximum.

namespace softlane {
namespace internal {

/// An output of n rows of `cols` floats each, `stride` apart.
struct ColumnsOut {
  float* to;
  size_t stride, n, cols;
};

/// The numbers of the formula scale * (factor * x + minus_shift) - log(sum),
/// for each lane.
struct ShiftedLogs {
  alignas(64) float factor[kMaxTileLanes];
  float minus_shift[kMaxTileLanes];
  float scale[kMaxTileLanes];
};

struct ColumnKernels {
  /// Copies n rows of `cols` floats to the tile. Each row gets +0 up to a whole
  /// vector. Raises the maxima to the values. If `is_first`, the maxima begin
  /// with the values. With one lane `max` may be null, and then there are no
  /// maxima.
  void (*read)(const float* from, size_t stride, size_t n, size_t cols,
               float* values, size_t width, bool is_first, float* max);
  /// Sets the offsets from the maxima. False if a maximum is not finite or
  /// beyond the direct limit. Null in the x86-64 baseline.
  bool (*find_offsets)(const ScaleParts& parts, Tile& tile);
  /// Multiplies the values by a factor for each lane.
  void (*multiply)(float* values, size_t n, const float* factors, size_t width);
  /// Writes exp values divided by their sums. `width` is the stride of e.
  /// Partial vectors of e may change. Whole vectors may be in the place of the
  /// results.
  void (*write_probabilities)(float* e, size_t width, const Tile& tile,
                              const ColumnsOut& out);
  /// Writes scale * x - log(sum), or the formula of ShiftedLogs if `shifted` is
  /// not null. The values in the tile may change.
  void (*write_logs)(float* x, float scale, const ShiftedLogs* shifted,
                     const Tile& tile, const ColumnsOut& out);
  double (*log)(double x);
};

extern const KernelTable<const ColumnKernels> kColumnKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_COLUMN_TILES_H_
