// SPDX-License-Identifier: Apache-2.0
#include "schedules/column_blocks.h"

namespace softlane {
namespace internal {
namespace {

class SoftmaxColumns {
 public:
  SoftmaxColumns(const Planes<const float>& x, const Planes<float>& y,
                 const SoftmaxOptions& options, Target target)
      : x_(x),
        y_(y),
        tiles_(KernelsOf(kTileKernels, target)),
        kernels_(KernelsOf(kColumnKernels, target)),
        exp_of_far_(KernelsOf(kExpOfFarTile, target)),
        parts_(SplitScale(options.scale)),
        empty_row_(options.empty_row) {}

  void Run(const ColumnTile& at) {
    const size_t n = x_.axis;
    tile_.width = WholeVectors(at.cols, tiles_.lanes);
    const Chunks chunks(n, tile_.width, kTileFloats);
    const float* const from = at.In(x_);
    float* const to = at.Out(y_);
    if (!chunks.fits || n > kSumCols) {
      return RunLong(chunks, from, to, at.cols);
    }
    kernels_.read(from, x_.axis_stride, n, at.cols, values_, tile_.width, true,
                  tile_.max);
    PrefetchColumns(from + at.cols, x_.axis_stride, n, at.ahead_in);
    PrefetchColumns(to, y_.axis_stride, n, at.ahead_out);
    Decide();
    if (plans_.has_far) {
      Exp(n);
      tiles_.sums.all(values_, n, tile_);
    } else {
      tiles_.sum_exp(values_, n, parts_, tile_);
    }
    Invert();
    kernels_.write_probabilities(values_, tile_.width, tile_,
                                 {to, y_.axis_stride, n, at.cols});
  }

 private:
  [[gnu::noinline]] void RunLong(const Chunks& chunks, const float* from,
                                 float* to, size_t cols) {
    ColumnBlocks blocks(chunks.n, parts_,
                        !ColumnBlocks::HaveRoom(chunks.n, tile_.width), tile_);
    const size_t stride = y_.axis_stride;
    const ColumnsIn in{from, x_.axis_stride, cols};
    const ColumnsIn exps{to, stride, cols};
    const auto write = [&](float* e, size_t width, size_t first, size_t count) {
      kernels_.write_probabilities(e, width, tile_,
                                   {to + first * stride, stride, count, cols});
    };
    // Over 1 exp values are as they were.
    for (size_t c = 0; c < tile_.width; ++c) tile_.sums[c] = 1.0;
    tiles_.invert(tile_);
    const auto read = [&](size_t block, size_t elements) {
      chunks.ForEachOf(block, elements, [&](size_t first, size_t count) {
        Read(in, first, count);
      });
    };
    const auto decide = [&](size_t, size_t) { Decide(); };
    const auto add = [&](size_t block, size_t elements) {
      chunks.ForEachOf(block, elements, [&](size_t first, size_t count) {
        Exp(in, first, count);
        tiles_.sums.add(values_, count, tile_);
        if (blocks.AreReadTwice()) return;
        if (blocks.Factors() != nullptr) {
          kernels_.multiply(values_, count, blocks.Factors(), tile_.width);
        }
        write(values_, tile_.width, first, count);
      });
    };
    blocks.Sum(tiles_, plans_, ColumnStep(read), ColumnStep(decide),
               ColumnStep(add));
    blocks.ForEach([&](size_t block, size_t elements) {
      if (!blocks.AreReadTwice()) blocks.SetSums(block);
      Invert();
      // Whole vectors need no copy in the tile.
      if (!blocks.AreReadTwice() && cols == tile_.width) {
        write(to + block * stride, stride, block, elements);
        return;
      }
      chunks.ForEachOf(block, elements, [&](size_t first, size_t count) {
        blocks.AreReadTwice() ? Exp(in, first, count)
                              : Read(exps, first, count);
        write(values_, tile_.width, first, count);
      });
    });
  }

  struct ColumnsIn {
    const float* from;
    size_t stride, cols;
  };
  void Read(const ColumnsIn& in, size_t first, size_t count) {
    kernels_.read(in.from + first * in.stride, in.stride, count, in.cols,
                  values_, tile_.width, first % kSumCols == 0, tile_.max);
  }
  void Exp(const ColumnsIn& in, size_t first, size_t count) {
    Read(in, first, count);
    Exp(count);
  }
  // Of the tile's logits.
  void Exp(size_t n) {
    if (plans_.has_far) {
      exp_of_far_(values_, n, parts_, plans_.max, tile_, values_);
    } else {
      tiles_.exp(values_, n, parts_, values_, tile_);
    }
  }

  void Decide() { plans_.Decide(kernels_, parts_, tile_); }

  void Invert() {
    tiles_.invert(tile_);
    plans_.EndSpecial(empty_row_, tile_);
  }

  const Planes<const float>& x_;
  const Planes<float>& y_;
  const TileKernels& tiles_;
  const ColumnKernels& kernels_;
  FarTileFunction& exp_of_far_;
  const ScaleParts parts_;
  const EmptyRow empty_row_;
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
