// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <limits>

#include "kernels/row_limits.h"
#include "schedules/columns.h"

namespace softlane {
namespace internal {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

class SoftmaxColumns {
 public:
  SoftmaxColumns(const Planes<const float>& x, const Planes<float>& y,
                 const SoftmaxOptions& options, Target target)
      : x_(x),
        y_(y),
        tiles_(KernelsOf(kTileKernels, target)),
        kernels_(KernelsOf(kColumnKernels, target)),
        parts_(SplitScale(options.scale)),
        empty_row_(options.empty_row) {}

  void Run(const ColumnTile& at) {
    const size_t n = x_.axis;
    tile_.width = WholeVectors(at.cols, tiles_.lanes);
    const Chunks chunks(n, tile_.width, kTileFloats);
    const float* const from = at.In(x_);
    float* const to = at.Out(y_);
    if (!chunks.fits) return RunLong(chunks, from, to, at.cols);
    kernels_.read(from, x_.axis_stride, n, at.cols, values_, tile_.width, true,
                  tile_.max);
    PrefetchColumns(from + at.cols, x_.axis_stride, n, at.ahead_in);
    PrefetchColumns(to, y_.axis_stride, n, at.ahead_out);
    Decide(from, at.cols);
    plans_.ToArguments(kernels_, values_, n, tile_.width);
    tiles_.sum_exp(values_, n, parts_, tile_);
    Invert();
    kernels_.write_probabilities(values_, tile_,
                                 {to, y_.axis_stride, n, at.cols});
  }

 private:
  void RunLong(const Chunks& chunks, const float* from, float* to,
               size_t cols) {
    const size_t width = tile_.width;
    const auto read = [&](size_t first, size_t count) {
      kernels_.read(from + first * x_.axis_stride, x_.axis_stride, count, cols,
                    values_, width, first == 0, tile_.max);
    };
    const bool may_be_large = x_.axis >= kMinLargeCols;
    if (may_be_large) SumLarge(chunks.size, read);
    chunks.ForEach(read);
    Decide(from, cols);
    ClearSums(tile_);
    // Over 1 exp values are as they were.
    for (size_t c = 0; c < width; ++c) tile_.sums[c] = 1.0;
    tiles_.invert(tile_);
    chunks.ForEach([&](size_t first, size_t count) {
      read(first, count);
      plans_.ToArguments(kernels_, values_, count, width);
      tiles_.exp(values_, count, parts_, values_, tile_);
      tiles_.sums.add(values_, count, tile_);
      kernels_.write_probabilities(
          values_, tile_,
          {to + first * y_.axis_stride, y_.axis_stride, count, cols});
    });
    tiles_.end_sums(tile_);
    for (size_t c = 0; may_be_large && c < cols; ++c) {
      if (is_large_[c]) tile_.sums[c] = large_sums_[c];
    }
    Invert();
    chunks.ForEach([&](size_t first, size_t count) {
      float* const out = to + first * y_.axis_stride;
      kernels_.read(out, y_.axis_stride, count, cols, values_, width, true,
                    tile_.max);
      kernels_.write_probabilities(values_, tile_,
                                   {out, y_.axis_stride, count, cols});
    });
  }

  // The sums as Softmax has them of rows of kMinLargeCols: by blocks, each with
  // the largest element up to its end for its maximum. A column that has a
  // maximum beyond the direct limit on the way is not large.
  template <class Read>
  void SumLarge(size_t chunk, const Read& read) {
    const size_t width = tile_.width;
    ClearSums(tile_);
    for (size_t c = 0; c < width; ++c) {
      is_large_[c] = true;
      tile_.offset[c] = 0.0f;
    }
    for (size_t start = 0; start < x_.axis; start += kLargeBlock) {
      const size_t left = x_.axis - start;
      const size_t count = left < kLargeBlock ? left : kLargeBlock;
      const auto for_each_chunk = [&](const auto& body) {
        for (size_t k = 0; k < count; k += chunk) {
          const size_t some = count - k < chunk ? count - k : chunk;
          read(start + k, some);
          body(some);
        }
      };
      for_each_chunk([](size_t) {});
      for (size_t c = 0; c < width; ++c) {
        if (is_large_[c]) PlanBlock(c, start == 0);
      }
      for_each_chunk([&](size_t some) {
        tiles_.exp(values_, some, parts_, values_, tile_);
        tiles_.sums.add(values_, some, tile_);
      });
    }
    tiles_.end_sums(tile_);
    std::memcpy(large_sums_, tile_.sums, sizeof(large_sums_));
  }

  // The sum up to the block gets the block's offset.
  void PlanBlock(size_t c, bool is_first) {
    const float max = tile_.max[c];
    const RowPlan plan = PlanRow(max, parts_);
    is_large_[c] = -kInfinity < max && max < kInfinity && plan.as_is;
    if (!is_large_[c]) return;
    const double fall = tile_.offset[c] - plan.offset;
    if (!is_first && fall != 0.0) {
      const double factor = PowerOfTwo(fall);
      for (size_t j = 0; j < 8; ++j) {
        tile_.lane_sums[j * tile_.width + c] *= factor;
      }
    }
    tile_.offset[c] = static_cast<float>(plan.offset);
  }

  void Decide(const float* from, size_t cols) {
    plans_.Decide(kernels_, parts_, empty_row_, from, x_.axis_stride, x_.axis,
                  cols, tile_);
  }

  void Invert() {
    tiles_.invert(tile_);
    if (plans_.as_is) return;
    for (size_t c = 0; c < tile_.width; ++c) {
      if (plans_.kind[c] == ColumnKind::kNan) tile_.head[c] = kNaN;
      // Every exp value is +0, and so is their sum.
      if (plans_.kind[c] == ColumnKind::kEmpty) {
        tile_.head[c] = tile_.rest[c] = 0.0f;
      }
    }
  }

  const Planes<const float>& x_;
  const Planes<float>& y_;
  const TileKernels& tiles_;
  const ColumnKernels& kernels_;
  const ScaleParts parts_;
  const EmptyRow empty_row_;
  bool is_large_[kMaxTileLanes];
  double large_sums_[kMaxTileLanes];
  ColumnPlans plans_;
  Tile tile_;
  alignas(64) float values_[kTileFloats];
};

}  // namespace

void RunSoftmaxColumns(const Planes<const float>& x, const Planes<float>& y,
                       const SoftmaxOptions& options, Target target) {
  SoftmaxColumns columns(x, y, options, target);
  ForEachColumnTile(x, kTileFloats,
                    [&](const ColumnTile& at) { columns.Run(at); });
}

}  // namespace internal
}  // namespace softlane
