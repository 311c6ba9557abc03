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

/// scale * (factor * x + minus_shift) - log(sum), for each lane.
struct ShiftedLogs {
  alignas(64) float factor[kMaxTileLanes];
  float minus_shift[kMaxTileLanes];
  float scale[kMaxTileLanes];
};

/// TileSums for the terms p * dp.
struct ProductSums {
  /// n is at most 64.
  void (*all)(float* p, float* dp, size_t n, Tile& tile);
  void (*add)(float* p, float* dp, size_t n, Tile& tile);
};

struct ColumnKernels {
  /// Copies n rows of `cols` floats. Behind them each row gets +0.
  void (*read)(const float* from, size_t stride, size_t n, size_t cols,
               float* values, size_t width);
  /// Raises the maxima to those of n more elements.
  void (*raise_max)(const float* values, size_t n, Tile& tile);
  /// Sets the offsets by the maxima. False if a maximum is not finite or beyond
  /// the direct limit. Null in the x86-64 baseline.
  bool (*find_offsets)(const ScaleParts& parts, Tile& tile);
  /// values = (values - shift) * unit, for each lane.
  void (*shift)(float* values, size_t n, const float* shift, const float* unit,
                size_t width);
  void (*copy)(const float* values, const Tile& tile, const ColumnsOut& out);
  /// Exp values over their sums.
  void (*write_probabilities)(const float* e, const Tile& tile,
                              const ColumnsOut& out);
  /// scale * x - log(sum).
  void (*write_logs)(const float* x, float scale, const Tile& tile,
                     const ColumnsOut& out);
  void (*write_shifted_logs)(const float* x, const ShiftedLogs& logs,
                             const Tile& tile, const ColumnsOut& out);
  ProductSums products;
  /// Of the backward pass; head has -sum / 2.
  void (*write_gradients)(const float* p, const float* dp, float scale,
                          const Tile& tile, const ColumnsOut& out);
  double (*log)(double x);
};

extern const KernelTable<const ColumnKernels> kColumnKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_COLUMN_TILES_H_
