// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_TILES_H_
#define SOFTLANE_LIB_KERNELS_TILES_H_

#include <cstddef>
#include <cstdint>

#include "arith/plan.h"
#include "dispatch.h"
#include "softlane/rows.h"

// Passes over a tile. A tile has short rows, transposed, or columns of a plane,
// side by side. Each row or column has a lane, and all of its arithmetic stays
// in this lane. Between the passes a row needs its maximum, its exponent and
// the reciprocal of its sum. In a short row these cost more than the passes. In
// a tile one vector computes them for as many rows as it has lanes.

namespace softlane {
namespace internal {

// Element k of lane i of a tile is values[k * width + i].

constexpr size_t kMaxTileLanes = 128;
/// The number of elements of a lane that sums take at a time.
constexpr size_t kTileBlock = 64;

/// The state of the lanes. While a sum is added up, lane_sums holds its 8 parts
/// of LaneSum: part j of lane i is lane_sums[j * width + i].
struct Tile {
  size_t width;  // the number of lanes, in whole vectors
  alignas(64) float max[kMaxTileLanes];
  float offset[kMaxTileLanes];  // RowPlan::offset
  double sums[kMaxTileLanes];
  /// The numbers of the last step: the reciprocal of the sum, see Reciprocal;
  /// or -log(sum) = head - rest.
  float head[kMaxTileLanes];
  float rest[kMaxTileLanes];
  float least[kMaxTileLanes];
  double lane_sums[8 * kMaxTileLanes];
};

/// Rows [first, first + count) in the lanes of a tile. A partial tile repeats
/// its last row, so the passes need no row mask.
struct TileRows {
  void Set(const Rows<const float>& x, const Rows<float>& y, size_t width) {
    Set(x.Row(first), x.stride, y.Row(first), y.stride, width);
  }
  void Set(const float* x_row, size_t x_stride, float* y_row, size_t y_stride,
           size_t width) {
    for (size_t i = 0; i < width; ++i) {
      from[i] = x_row;
      to[i] = y_row;
      if (i + 1 < count) {
        x_row += x_stride;
        y_row += y_stride;
      }
    }
  }

  size_t first, count;
  const float* from[kMaxTileLanes];
  float* to[kMaxTileLanes];
};

/// The next tile: `count` rows of n elements, `stride` apart. count may be 0.
struct NextTile {
  const float* rows;
  size_t stride, count, n;
};

/// The floats of a tile of rows. Passes write up to a multiple of 16 columns.
constexpr size_t kRowTileFloats = 4096;
/// The number of lanes of the next tile of rows. It is several vectors, because
/// a CPU works on several at a time, but not more than the first-level cache
/// can hold.
inline size_t RowTileWidth(size_t rows, size_t cols, size_t lanes) {
  constexpr uint32_t kFloats = 2048;
  // A few rows fit with all lanes, and would only wait for the division below.
  if (rows < kMaxTileLanes && (rows + 1) * cols <= kFloats) {
    return (rows + lanes - 1) & ~(lanes - 1);
  }
  size_t most = kFloats / static_cast<uint32_t>(cols);
  // Takes two vectors of 16 lanes if they fit. AVX-512 on Zen 5 at 64 x 128,
  // with one and two vectors: log-softmax 0.214 and 0.197, cross-entropy at 64
  // x 127 0.256 and 0.247.
  if (most < 2 * lanes && 2 * lanes * cols <= kRowTileFloats) most = 2 * lanes;
  if (most > kMaxTileLanes) most = kMaxTileLanes;
  if (most > rows) most = rows + lanes - 1;
  return most < lanes ? lanes : most & ~(lanes - 1);  // a power of two
}
/// kRowTileFloats for a tile of half as many rows: see ShareTileWidth.
constexpr size_t kShareTileFloats = 2048;
/// The number of lanes of a tile of rows whose classes have shares: such a tile
/// takes three times the memory.
inline size_t ShareTileWidth(size_t rows, size_t cols, size_t lanes) {
  return RowTileWidth(rows, 2 * cols, lanes);
}

/// Sums the n terms of each lane, in the order of LaneSum. May write +0 after
/// the last term, up to a multiple of 16 terms.
using LaneSumsFunction = void(float* terms, size_t n, Tile& tile);
struct TileSums {
  /// Writes the sums of all terms to Tile::sums.
  LaneSumsFunction* all;
  /// Adds terms to Tile::lane_sums. n is a multiple of kTileBlock, except in
  /// the last call.
  LaneSumsFunction* add;
};

struct TileKernels {
  size_t lanes;  // the lanes of a vector
  /// TileRows::Set for a width of whole vectors. Null in the x86-64 baseline.
  void (*set_rows)(const Rows<const float>& x, const Rows<float>& y,
                   size_t width, TileRows& rows);
  /// Transposes n >= 4 elements of rows[i] to lane i, and sets maxima and
  /// offsets. False if a maximum is not finite or beyond the direct limit. Such
  /// a lane gets the offset of a maximum of 0. Null in the x86-64 baseline.
  bool (*read_rows)(const float* const* rows, size_t n, const ScaleParts& parts,
                    float* values, Tile& tile);
  /// Writes the exp values of `from` to `to`, by the offsets. `to` may be
  /// `from`. Reads and writes up to a multiple of 4 elements.
  void (*exp)(const float* from, size_t n, const ScaleParts& parts, float* to,
              const Tile& tile);
  /// `exp` in place, which also sets the sums of the exp values.
  void (*sum_exp)(float* values, size_t n, const ScaleParts& parts, Tile& tile);
  /// `sums` folds a block in floats first, `sums_in_double` in double.
  TileSums sums, sums_in_double;
  /// Sets the sums from their parts in lane_sums.
  void (*end_sums)(Tile& tile);
  /// Sets head, rest and least from the sums.
  void (*invert)(Tile& tile);
  /// Writes the logarithms of `width` numbers. A number that is not normal and
  /// positive gets any result. The kernel reads and writes up to a multiple of
  /// 4 vectors of doubles, within kMaxTileLanes. Null in the x86-64 baseline.
  void (*logs)(const double* from, size_t width, double* to);
  /// Writes log(sum of exp(scale * x)) of each lane that has a sum. NaN for
  /// NaN. It writes as much as `logs` does. Null in the x86-64 baseline, and so
  /// is write_rows.
  void (*log_sums)(const Tile& tile, const ScaleParts& parts, double* logs);
  /// Divides exp values by their sums and transposes lane i to rows[i].
  void (*write_rows)(const float* e, size_t n, const Tile& tile,
                     float* const* rows);
};

extern const KernelTable<const TileKernels> kTileKernels;

/// The steps that only log-softmax has. A program with Softmax alone does not
/// link them.
struct LogTileKernels {
  /// Sets Tile::lane_sums to the sums in double of the exp values of the first
  /// n elements. Writes -inf behind them up to a multiple of kTileBlock. Beside
  /// the sums the next tile is brought into the first cache.
  void (*sum_exp)(float* logits, size_t n, const ScaleParts& parts,
                  const NextTile& next, Tile& tile);
  /// Sets head and rest from the logarithms of the sums.
  void (*split_logs)(const double* logs, Tile& tile);
  /// Computes scale * x - log(sum) and transposes lane i to rows[i].
  void (*write_rows)(const float* x, size_t n, float scale, const Tile& tile,
                     float* const* rows);
};

extern const KernelTable<const LogTileKernels> kLogTileKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_TILES_H_
