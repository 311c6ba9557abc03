// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_COLUMNS_H_
#define SOFTLANE_LIB_SCHEDULES_COLUMNS_H_

#include <cstddef>
#include <cstdint>

#include "kernels/column_tiles.h"
#include "kernels/far_rows.h"
#include "kernels/half_passes.h"
#include "softlane/options.h"
#include "softlane/planes.h"
#include "softlane/target.h"
#include "softlane/types.h"

// Functions along an axis. The columns of a plane take the place of rows. They
// are copied to a tile, with a column per lane. Without the copy, a stride that
// is a power of two would put the elements of a column into the same few sets
// of every cache, and a second pass would not find them there.

namespace softlane {
namespace internal {

/// The element types of a call with half types. Its planes are passed as planes
/// of floats with the same address. Only TypedMemory uses them.
struct ColumnTypes {
  ElementType in, out;
  const HalfPasses& passes;
};

// `types` is null if all planes are of floats. So a program without half types
// does not link their passes.

/// Softmax of columns. If columns fit a tile, each element is read and written
/// once. Otherwise there are three passes over memory, as for rows: the first
/// reads, and the others read and write. For the largest columns, and for
/// results of a half type, the second pass writes nothing, and the third
/// computes the exp values again.
/// `logsumexp` may be null.
void RunSoftmaxColumns(const Planes<const float>& x, const Planes<float>& y,
                       const SoftmaxOptions& options, Target target,
                       const ColumnTypes* types = nullptr,
                       const Rows<float>* logsumexp = nullptr);

/// LogSoftmax of columns, with the bits of rows: the sum is in double from the
/// start, and no exp value is written. If columns fit half of a tile, each
/// element is read once. Otherwise it is read three times, once maybe from a
/// cache. `logsumexp` or the data of y may be null.
void RunLogSoftmaxColumns(const Planes<const float>& x, const Planes<float>& y,
                          const SoftmaxOptions& options, Target target,
                          const ColumnTypes* types = nullptr,
                          const Rows<float>* logsumexp = nullptr);

/// SoftmaxBackward of columns, with the bits of rows. Both inputs are read
/// twice, the second time maybe from a cache. For `cached` see PlanSoftmax.
void RunBackwardColumns(const Planes<const float>& p,
                        const Planes<const float>& dp, const Planes<float>& dx,
                        float scale, Target target, size_t cached,
                        const ColumnTypes* types = nullptr);

/// RunBackwardColumns for LogSoftmaxBackward.
void RunLogBackwardColumns(const Planes<const float>& log_p,
                           const Planes<const float>& d,
                           const Planes<float>& dx, float scale, Target target,
                           size_t cached, const ColumnTypes* types = nullptr);

/// The largest number of columns of a tile that does not hold all their
/// elements. A wide tile reads and writes longer runs of memory. ns per element
/// on Zen 5 with AVX-512 at 2 x 21 x 65536, in tiles of 64, 128 and 256
/// columns: softmax 0.44, 0.41, 0.42.
constexpr size_t kNarrowTile = 64;
/// The number of floats of a tile: 32 KiB, which the first-level cache holds.
constexpr size_t kTileFloats = 8192;
constexpr size_t kHalfTile = kTileFloats / 2;
static_assert(kHalfTile / kNarrowTile % 64 == 0, "whole blocks of the sum");

/// The columns of a tile, and the columns to prefetch meanwhile: ahead_in
/// columns of the next tile, and ahead_out columns of the output. A CPU's own
/// prefetching does not follow many short runs of memory. Both numbers are 0 if
/// the caches hold the whole call.
struct ColumnTile {
  size_t outer, inner, cols;  // the first plane and column
  size_t ahead_in, ahead_out;
  // For narrow planes, see narrow_columns.h: the number of planes in the tile,
  // and the number of planes that it has lanes for.
  size_t planes = 1, lanes = 1;

  /// Calls body(lane, outer, inner) for the lanes that have a column.
  template <class Body>
  void ForColumns(const Body& body) const {
    for (size_t c = 0; c < cols; ++c) {
      for (size_t o = 0; o < planes; ++o) {
        body(c * lanes + o, outer + o, inner + c);
      }
    }
  }
  const float* In(const Planes<const float>& v) const {
    return v.data + outer * v.outer_stride + inner;
  }
  /// Null if there are no results.
  float* Out(const Planes<float>& v) const {
    if (v.data == nullptr) return nullptr;
    return v.data + outer * v.outer_stride + inner;
  }
};
/// Smaller calls do not prefetch. In the comparison at kNarrowTile, prefetching
/// reduced the time from 0.49 to 0.41.
constexpr size_t kMinAheadFloats = size_t{1} << 18;

/// Brings the first `cols` elements of each of n rows into the caches.
template <typename T>
void PrefetchColumns(const T* from, size_t stride, size_t n, size_t cols) {
  if (from == nullptr || cols == 0) return;
  for (size_t k = 0; k < n; ++k) {
    for (size_t i = 0; i < cols; i += 64 / sizeof(T)) {
      __builtin_prefetch(from + k * stride + i);
    }
  }
}

/// Elements of a tile's columns and their place in the tile: `count` elements
/// of each column, from element `first` on.
struct TilePart {
  size_t first, count;
  float* values;
  size_t width;
};

/// Reads columns of floats and writes their results. It is a separate class,
/// because tests of the types would make a tile of few floats 5 % slower.
class FloatMemory {
 public:
  explicit FloatMemory(const ColumnKernels& kernels) : kernels_(kernels) {}

  /// ColumnKernels::read.
  void Read(const Planes<const float>& v, const ColumnTile& at,
            const TilePart& part, bool is_first, float* max) const {
    kernels_.read(at.In(v) + part.first * v.axis_stride, v.axis_stride,
                  part.count, at.cols, part.values, part.width, is_first, max);
  }
  /// Calls write(ColumnsOut) for the results of a part.
  template <class Write>
  void Put(const Planes<float>& v, const ColumnTile& at, const TilePart& part,
           const Write& write) const {
    write(ColumnsOut{at.Out(v) + part.first * v.axis_stride, v.axis_stride,
                     part.count, at.cols});
  }
  void PrefetchIn(const Planes<const float>& v, const ColumnTile& at) const {
    PrefetchColumns(at.In(v) + at.cols, v.axis_stride, v.axis, at.ahead_in);
  }
  void PrefetchOut(const Planes<float>& v, const ColumnTile& at) const {
    PrefetchColumns(at.Out(v), v.axis_stride, v.axis, at.ahead_out);
  }

 private:
  const ColumnKernels& kernels_;
};

/// FloatMemory for columns of any type. Columns are widened to the tile, and
/// results are narrowed from the tile.
class TypedMemory {
 public:
  TypedMemory(const ColumnKernels& kernels, const ColumnTypes* types)
      : kernels_(kernels), types_(types) {}

  bool HasHalves() const { return types_ != nullptr; }
  bool HasHalfResults() const { return HasHalves() && IsHalf(types_->out); }

  void Read(const Planes<const float>& v, const ColumnTile& at,
            const TilePart& part, bool is_first, float* max) const;
  /// Results of a half type are first written over the tile's values.
  template <class Write>
  void Put(const Planes<float>& v, const ColumnTile& at, const TilePart& part,
           const Write& write) const {
    write(PlaceOf(v, at, part));
    Narrow(v, at, part);
  }
  /// Writes results that stand in the tile.
  void Write(const Planes<float>& v, const ColumnTile& at,
             const TilePart& part) const;
  void PrefetchIn(const Planes<const float>& v, const ColumnTile& at) const;
  void PrefetchOut(const Planes<float>& v, const ColumnTile& at) const;
  /// Whether a lane of a tile has a column with a NaN.
  bool HasNan(const Planes<const float>& v, const ColumnTile& at,
              size_t lane) const;

 private:
  ColumnsOut PlaceOf(const Planes<float>& v, const ColumnTile& at,
                     const TilePart& part) const;
  void Narrow(const Planes<float>& v, const ColumnTile& at,
              const TilePart& part) const;

  const ColumnKernels& kernels_;
  const ColumnTypes* const types_;
};

/// The largest number of columns of a tile of `floats` floats. If at least
/// `least` columns fit with all their elements, the tile takes as many as fit,
/// because they are read only once. Otherwise it takes kNarrowTile columns.
/// `least` is a power of two.
size_t TileWidth(const Planes<const float>& v, size_t floats, size_t least);
/// `least` for softmax and log-softmax. It is a cache line of floats, because
/// the rest of a line may have left the cache when another tile reads it. For a
/// few columns it is half a line. ns per element in tiles of 64 columns and in
/// tiles of this width, on Zen 5: softmax with AVX2 0.91 and 0.55 at 800 x 10,
/// 0.35 and 0.27 at 400 x 128, but 0.35 and 0.46 at 800 x 128 in half lines;
/// with AVX-512 0.26 and 0.21 at 500 x 1000. Log-softmax takes 0.7 to 0.8 of
/// the time at 150 x 1000, bfloat16 0.6.
inline size_t LeastWidth(const Planes<const float>& v, size_t lanes,
                         const ColumnTypes* types) {
  constexpr size_t kLine = 16;
  if (lanes >= kLine) return kLine;
  if (types == nullptr) return v.inner <= kNarrowTile ? 8 : kLine;
  // A short rest of a row of bfloat16 takes long: tiles of 16 and of 4 columns
  // take 1.4 times as long as a tile of 20.
  return v.inner < 2 * kLine ? kNarrowTile : kLine;
}

/// Calls run(ColumnTile) for all columns, up to `width` of a plane at a time.
template <class Run>
void ForEachColumnTile(const Planes<const float>& v, size_t width,
                       const Run& run) {
  const bool is_far = v.outer * v.axis * v.inner >= kMinAheadFloats;
  for (size_t o = 0; o < v.outer; ++o) {
    for (size_t i = 0; i < v.inner;) {
      const size_t left = v.inner - i;
      const size_t cols = left < width ? left : width;
      const size_t next = left - cols < width ? left - cols : width;
      run(ColumnTile{o, i, cols, is_far ? next : 0, is_far ? cols : 0});
      i += cols;
    }
  }
}

// Without divisions, because a call of few columns would wait for them. `lanes`
// is a power of two.
inline size_t WholeVectors(size_t cols, size_t lanes) {
  return (cols + lanes - 1) & ~(lanes - 1);
}

/// The number of elements of each column that are in the tile at a time: all of
/// them if they fit. Otherwise it is whole blocks of the sum that take about
/// half of the tile, so that the first-level cache has room for other data.
/// Passes write up to a multiple of `step` elements, so the tile has room.
struct Chunks {
  Chunks(size_t n, size_t width, size_t floats, size_t step = 16)
      : n(n),
        size(n),
        fits(n <= floats && (n + step - 1) / step * step * width <= floats) {
    if (fits) return;
    const size_t capacity = floats / width / step * step;
    size = (capacity + 64) / 128 * 64;
  }

  /// Calls body(first element, count).
  template <class Body>
  void ForEach(const Body& body) const {
    ForEachOf(0, n, body);
  }
  /// ForEach for the elements from `first` on.
  template <class Body>
  void ForEachOf(size_t first, size_t count, const Body& body) const {
    for (size_t k = 0; k < count; k += size) {
      body(first + k, count - k < size ? count - k : size);
    }
  }

  size_t n, size;
  bool fits;
};

/// The RowPlan of a column. Without a finite maximum the exp values do not
/// count, and the column gets any plan.
RowPlan PlanColumn(float max, const ScaleParts& parts);

/// The RowPlan of each column of a tile, from the columns' maxima.
struct ColumnPlans {
  /// Sets the tile's offsets, too.
  void Decide(const ColumnKernels& kernels, const ScaleParts& parts,
              Tile& tile);
  /// Keeps the maxima of a tile, and finds out whether there are far columns.
  void SetMaxima(const Tile& tile, const ScaleParts& parts);
  /// Sets the numbers that the last step needs for columns without a finite
  /// maximum.
  void EndSpecial(EmptyRow empty_row, Tile& tile) const;

  bool has_far;
  // The number of columns whose maximum is not finite.
  size_t num_special;
  uint8_t special[kMaxTileLanes + 1];
  // The maxima of all columns, if there are far columns. 0: not finite.
  alignas(64) float max[kMaxTileLanes];
};

void ClearSums(Tile& tile);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_COLUMNS_H_
