// SPDX-License-Identifier: Apache-2.0

// What softmax along an axis and its relatives have in common. The columns of a
// plane are what rows are elsewhere. They are done a strip at a time, a
// column per lane, in a small tile: strides that are powers of two
// put the elements of a column into the same few sets of every cache, where the
// second sweep would not find them any more.
//
// Other schedules of the arithmetic in softmax_row-inl.h, with the same bits:
// the same maximum, octaves, core, order of additions and reciprocal.

#if defined(SOFTLANE_LIB_KERNELS_SOFTMAX_AXIS_STRIP_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SOFTMAX_AXIS_STRIP_INL_H_
#undef SOFTLANE_LIB_KERNELS_SOFTMAX_AXIS_STRIP_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SOFTMAX_AXIS_STRIP_INL_H_
#endif

#include "arith/lane_rows-inl.h"
#include "arith/max-inl.h"
#include "arith/row_exp-inl.h"
#include "highway.h"
#include "hwy/cache_control.h"
#include "softlane/planes.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Wide strips read and write longer runs of memory; but what fits the tile is
// read once. ns per element on Zen 5 with AVX-512 at 2 x 21 x 65536, in strips
// of 64, 128 and 256 columns: softmax 0.44, 0.41, 0.42; backward 0.77, 0.56,
// 0.61.
constexpr size_t kWideStrip = 128;
constexpr size_t kNarrowStrip = 64;
constexpr size_t kTileFloats = 8192;  // 32 KiB: fits the first cache
static_assert(kTileFloats / 2 / kNarrowStrip % kSumBlock == 0, "whole blocks");

// A part of a strip's rows, with `width` floats in each: whole vectors.
HWY_INLINE size_t WidthOf(size_t cols) {
  return (cols + kLanes - 1) / kLanes * kLanes;
}

// Copies rows of `cols` floats to a tile. Behind them it gets +0.
HWY_INLINE void LoadTile(const float* from, size_t stride, size_t rows,
                         size_t cols, float* tile) {
  for (size_t r = 0; r < rows; ++r) {
    size_t i = 0;
    for (; cols - i >= kLanes; i += kLanes) {
      Store(Load(from + r * stride + i), tile);
      tile += kLanes;
    }
    if (i != cols) {
      Store(LoadFirst(from + r * stride + i, cols - i, Set(0.0f)), tile);
      tile += kLanes;
    }
  }
}

// Columns to bring to the caches while a strip is worked on: of the next strip,
// in whose many short runs no prefetcher of the CPU finds its way, and of those
// to be written. 0 where the caches hold all.
struct Ahead {
  size_t in, out;
};
// In the comparison above, 0.49 -> 0.41.
constexpr size_t kMinAheadFloats = size_t{1} << 18;

HWY_INLINE void PrefetchRows(const float* from, size_t stride, size_t rows,
                             size_t cols) {
  if (cols == 0) return;
  for (size_t r = 0; r < rows; ++r) {
    for (size_t i = 0; i < cols; i += 16) hwy::Prefetch(from + r * stride + i);
  }
}

// Writes rows of `cols` floats: value(r, i) gives kLanes of row r from i on.
template <class Value>
HWY_INLINE void WriteStrip(float* to, size_t stride, size_t rows, size_t cols,
                           const Value& value) {
  for (size_t r = 0; r < rows; ++r) {
    size_t i = 0;
    for (; cols - i >= kLanes; i += kLanes) {
      Store(value(r, i), to + r * stride + i);
    }
    if (i != cols) StoreFirst(value(r, i), to + r * stride + i, cols - i);
  }
}

// body(first row, rows) for chunks of at most `size` rows.
template <class Body>
HWY_INLINE void ForEachChunk(size_t n, size_t size, const Body& body) {
  for (size_t start = 0; start < n; start += size) {
    body(start, HWY_MIN(size, n - start));
  }
}

// The numerators of kLanes columns. `to` may be `from`.
HWY_INLINE void ExpColumns(const SoftmaxExp& exp, const float* from, float* to,
                           size_t rows, size_t width) {
  size_t r = 0;
  for (; rows - r >= 4; r += 4) {
    StoreFour(exp(LoadFour(from + r * width, width)), to + r * width, width);
  }
  for (; r < rows; ++r) Store(exp(Load(from + r * width)), to + r * width);
}

// LaneSum, for kLanes columns at once.
class ColumnSum {
 public:
  static constexpr size_t kHalves = kLanes == 1 ? 1 : 2;

  HWY_INLINE ColumnSum() {}  // not the compiler's: it has no target attribute
  HWY_INLINE void Clear() {
    for (auto& lane : lanes_) {
      for (VD& half : lane) half = hn::Zero(F64());
    }
  }

  // Adds terms; their number is a multiple of kSumBlock but for the last call.
  // term(r) gives those of row r.
  template <bool kInDouble = false, class Term>
  HWY_INLINE void Add(size_t rows, const Term& term) {
    ForEachChunk(rows, kSumBlock, [&](size_t start, size_t count) HWY_ATTR {
      AddBlock<kInDouble>(count,
                          [&](size_t r) HWY_ATTR { return term(start + r); });
    });
  }

  // Writes the sums of the columns.
  HWY_INLINE void Total(double* totals) const {
    for (size_t h = 0; h < kHalves; ++h) {
      VD lanes[kSumLanes];
      for (size_t j = 0; j < kSumLanes; ++j) lanes[j] = lanes_[j][h];
      for (size_t count = kSumLanes / 2; count != 0; count /= 2) {
        for (size_t j = 0; j < count; ++j) {
          lanes[j] = hn::Add(lanes[j], lanes[j + count]);
        }
      }
      hn::StoreU(lanes[0], F64(), totals + h * (kLanes / kHalves));
    }
  }

 private:
  // The lower or upper columns, in double.
  template <size_t kHalf, class V>
  static HWY_INLINE VD Promote(V v) {
    if constexpr (kLanes == 1) {
      return hn::PromoteTo(F64(), v);
    } else if constexpr (kHalf == 0) {
      return hn::PromoteTo(F64(), Lower(v));
    } else {
      return hn::PromoteTo(F64(), Upper(v));
    }
  }

  // (a + b) + (c + d) of every 16th row, as far as they exist: the others are
  // +0.
  template <class Term>
  static HWY_INLINE auto Fold(size_t j, size_t count, const Term& term) {
    auto sum = term(j);
    if (j + 16 < count) sum = hn::Add(sum, term(j + 16));
    if (j + 32 < count) {
      auto second = term(j + 32);
      if (j + 48 < count) second = hn::Add(second, term(j + 48));
      sum = hn::Add(sum, second);
    }
    return sum;
  }

  template <bool kInDouble, class Term>
  HWY_INLINE void AddBlock(size_t count, const Term& term) {
    const size_t used = HWY_MIN(count, kSumLanes);
    for (size_t j = 0; j < used; ++j) {
      const bool has_upper = j + kSumLanes < count;
      if constexpr (kInDouble) {
        AddInDouble<0>(j, count, has_upper, term);
        if constexpr (kHalves == 2) AddInDouble<1>(j, count, has_upper, term);
      } else {
        const VF lower = Fold(j, count, term);
        const VF upper =
            has_upper ? Fold(j + kSumLanes, count, term) : Set(0.0f);
        AddTo<0>(j, Promote<0>(lower), Promote<0>(upper));
        if constexpr (kHalves == 2) {
          AddTo<1>(j, Promote<1>(lower), Promote<1>(upper));
        }
      }
    }
  }

  template <size_t kHalf, class Term>
  HWY_INLINE void AddInDouble(size_t j, size_t count, bool has_upper,
                              const Term& term) {
    const auto promoted = [&](size_t r)
                              HWY_ATTR { return Promote<kHalf>(term(r)); };
    AddTo<kHalf>(
        j, Fold(j, count, promoted),
        has_upper ? Fold(j + kSumLanes, count, promoted) : hn::Zero(F64()));
  }

  template <size_t kHalf>
  HWY_INLINE void AddTo(size_t j, VD lower, VD upper) {
    lanes_[j][kHalf] = hn::Add(lanes_[j][kHalf], hn::Add(lower, upper));
  }

  VD lanes_[kSumLanes][kHalves];
};

// Of all columns of a strip.
class StripSums {
 public:
  HWY_INLINE StripSums() {}  // not the compiler's: see ColumnSum
  HWY_INLINE void Clear(size_t width) {
    width_ = width;
    for (size_t i = 0; i < width; i += kLanes) sums_[i / kLanes].Clear();
  }
  // As ColumnSum's, for kLanes columns from i on.
  template <bool kInDouble = false, class Term>
  HWY_INLINE void Add(size_t i, size_t rows, const Term& term) {
    sums_[i / kLanes].template Add<kInDouble>(rows, term);
  }
  HWY_INLINE void Totals(double* totals) const {
    for (size_t i = 0; i < width_; i += kLanes) {
      sums_[i / kLanes].Total(totals + i);
    }
  }

 private:
  size_t width_ = 0;
  ColumnSum sums_[kWideStrip / kLanes];
};

// Calls run(outer index, first inner index, columns, Ahead) for all strips;
// wide ones if they fit a tile of `floats`.
template <class Run>
HWY_INLINE void ForEachStrip(const Planes<const float>& shape, size_t floats,
                             const Run& run) {
  const size_t width =
      shape.axis <= floats / kWideStrip ? kWideStrip : kNarrowStrip;
  const bool is_far = shape.outer * shape.axis * shape.inner >= kMinAheadFloats;
  for (size_t o = 0; o < shape.outer; ++o) {
    for (size_t i = 0; i < shape.inner;) {
      const size_t cols = HWY_MIN(width, shape.inner - i);
      const size_t next = HWY_MIN(width, shape.inner - i - cols);
      run(o, i, cols, is_far ? Ahead{next, cols} : Ahead{0, 0});
      i += cols;
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_SOFTMAX_AXIS_STRIP_INL_H_
