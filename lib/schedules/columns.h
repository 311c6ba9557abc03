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

/// The element types of a call that has half types. Its planes come as planes
/// of floats with the same address, which only TypedMemory reads and writes.
struct ColumnTypes {
  ElementType in, out;
  const HalfPasses& passes;
};

// `types` is null if all planes are of floats: a program without half types
// does not have their passes.

/// Softmax of columns. If they fit a tile: a read per element and a write. Else
/// three passes over memory as for rows: a read; a read and a write; both. The
/// largest columns, and all whose results are of a half type, have no write in
/// the second pass, and the third computes exp values anew.
/// `logsumexp` may be null: it is not wanted.
void RunSoftmaxColumns(const Planes<const float>& x, const Planes<float>& y,
                       const SoftmaxOptions& options, Target target,
                       const ColumnTypes* types = nullptr,
                       const Rows<float>* logsumexp = nullptr);

/// LogSoftmax of columns, whose bits it has: the sum is in double from the
/// start, and no exp value is written. If they fit half of a tile, a read per
/// element and a write; else three reads, of which one may be from a cache, and
/// a write. Without `logsumexp`, which may be null, y is not; logsumexp alone
/// has no y.
void RunLogSoftmaxColumns(const Planes<const float>& x, const Planes<float>& y,
                          const SoftmaxOptions& options, Target target,
                          const ColumnTypes* types = nullptr,
                          const Rows<float>* logsumexp = nullptr);

/// SoftmaxBackward of columns, whose bits it has: two reads of both inputs and
/// a write. The second read may be from a cache. For `cached` see PlanSoftmax.
void RunBackwardColumns(const Planes<const float>& p,
                        const Planes<const float>& dp, const Planes<float>& dx,
                        float scale, Target target, size_t cached,
                        const ColumnTypes* types = nullptr);

/// The same of LogSoftmaxBackward.
void RunLogBackwardColumns(const Planes<const float>& log_p,
                           const Planes<const float>& d,
                           const Planes<float>& dx, float scale, Target target,
                           size_t cached, const ColumnTypes* types = nullptr);

/// The most columns of a tile that does not hold all of their elements. A wide
/// tile reads and writes longer runs of memory. ns per element on Zen 5 with
/// AVX-512 at 2 x 21 x 65536, in tiles of 64, 128 and 256 columns: softmax
/// 0.44, 0.41, 0.42.
constexpr size_t kNarrowTile = 64;
/// The floats of a tile: 32 KiB, which the first cache holds.
constexpr size_t kTileFloats = 8192;
constexpr size_t kHalfTile = kTileFloats / 2;
static_assert(kHalfTile / kNarrowTile % 64 == 0, "whole blocks of the sum");

/// The columns of a tile, and the columns to prefetch meanwhile: ahead_in
/// columns of the next tile, and ahead_out columns of the output. A CPU's own
/// prefetching does not follow many short runs of memory. Both numbers are 0 if
/// the caches hold all.
struct ColumnTile {
  size_t outer, inner, cols;  // the first plane and column
  size_t ahead_in, ahead_out;
  // Of narrow planes, see narrow_columns.h: those that there are, and those
  // that the tile has lanes for.
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
/// The least elements of a call that prefetches. In the comparison above, time
/// went from 0.49 to 0.41.
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

/// Elements of a tile's columns and their place in the tile: `count` of each
/// column, from `first` on.
struct TilePart {
  size_t first, count;
  float* values;
  size_t width;
};

/// Reads columns of floats and writes their results. It is a class of its own,
/// since a tile of few floats would take 5 % longer with tests of the types.
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

/// The same for columns of any type. They are widened in the tile, and results
/// are narrowed from it.
class TypedMemory {
 public:
  TypedMemory(const ColumnKernels& kernels, const ColumnTypes* types)
      : kernels_(kernels), types_(types) {}

  bool HasHalves() const { return types_ != nullptr; }
  bool HasHalfResults() const { return HasHalves() && IsHalf(types_->out); }

  void Read(const Planes<const float>& v, const ColumnTile& at,
            const TilePart& part, bool is_first, float* max) const;
  /// Results of a half type take the place of the tile's values first.
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

/// The most columns of a tile of so many floats: as many as fit it with all of
/// their elements, since those are read once; kNarrowTile if fewer than
/// `least`, a power of two, do.
size_t TileWidth(const Planes<const float>& v, size_t floats, size_t least);
/// `least` for softmax and log-softmax: a cache line of floats, since another
/// tile may read the rest of the line when it is gone; half a line of a few
/// columns. ns per element in tiles of 64 columns and so, on Zen 5: softmax
/// with AVX2 0.91 and 0.55 at 800 x 10, 0.35 and 0.27 at 400 x 128, but 0.35
/// and 0.46 at 800 x 128 in half lines; with AVX-512 0.26 and 0.21 at 500 x
/// 1000. Log-softmax takes 0.7 to 0.8 of the time at 150 x 1000, bfloat16 0.6.
inline size_t LeastWidth(const Planes<const float>& v, size_t lanes,
                         const ColumnTypes* types) {
  constexpr size_t kLine = 16;
  if (lanes >= kLine) return kLine;
  if (types == nullptr) return v.inner <= kNarrowTile ? 8 : kLine;
  // A short rest of a row of bfloat16 takes long: 16 and 4 columns take 1.4
  // times as long as 20.
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

// No divisions, which few columns would wait for. `lanes` is a power of two.
inline size_t WholeVectors(size_t cols, size_t lanes) {
  return (cols + lanes - 1) & ~(lanes - 1);
}

/// The elements of each column that are in the tile at a time: all of them if
/// they fit; else whole blocks of the sum that take about half of the tile,
/// which leaves the first cache room for other data. The tile has room for a
/// multiple of `step` elements, since passes write up to it.
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
  /// The same for the elements from `first` on.
  template <class Body>
  void ForEachOf(size_t first, size_t count, const Body& body) const {
    for (size_t k = 0; k < count; k += size) {
      body(first + k, count - k < size ? count - k : size);
    }
  }

  size_t n, size;
  bool fits;
};

/// The RowPlan of a column that may have no finite maximum. Its exp values do
/// not count then, and it gets any plan.
RowPlan PlanColumn(float max, const ScaleParts& parts);

/// The RowPlan of each column of a tile, from the columns' maxima.
struct ColumnPlans {
  /// Sets the tile's offsets, too.
  void Decide(const ColumnKernels& kernels, const ScaleParts& parts,
              Tile& tile);
  /// Keeps the maxima of a tile, and finds out whether there are far columns.
  void SetMaxima(const Tile& tile, const ScaleParts& parts);
  /// Sets the numbers of the last step of columns that have no finite maximum.
  void EndSpecial(EmptyRow empty_row, Tile& tile) const;

  bool has_far;
  // The columns whose maximum is not finite.
  size_t num_special;
  uint8_t special[kMaxTileLanes + 1];
  // Of all columns, if there are far ones. 0 for one that is not finite.
  alignas(64) float max[kMaxTileLanes];
};

void ClearSums(Tile& tile);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_COLUMNS_H_
