// SPDX-License-Identifier: Apache-2.0
#include "schedules/column_blocks.h"

namespace softlane {
namespace internal {
namespace {

class SoftmaxColumns {
 public:
  SoftmaxColumns(const ConstAnyPlanes& x, const AnyPlanes& y,
                 const SoftmaxOptions& options, Target target,
                 const HalfPasses* halves)
      : x_(x),
        y_(y),
        tiles_(KernelsOf(kTileKernels, target)),
        kernels_(KernelsOf(kColumnKernels, target)),
        memory_(kernels_, halves),
        exp_of_far_(KernelsOf(kExpOfFarTile, target)),
        parts_(SplitScale(options.scale)),
        empty_row_(options.empty_row) {}

  void Run(const ColumnTile& at) {
    const size_t n = x_.axis;
    tile_.width = WholeVectors(at.cols, tiles_.lanes);
    const Chunks chunks(n, tile_.width, kTileFloats);
    if (!chunks.fits || n > kSumCols) return RunLong(chunks, at);
    Read(x_, at, 0, n);
    at.PrefetchIn(x_);
    at.PrefetchOut(y_);
    Decide();
    if (plans_.has_far) {
      Exp(n);
      tiles_.sums.all(values_, n, tile_);
    } else {
      tiles_.sum_exp(values_, n, parts_, tile_);
    }
    Invert();
    Write(at, 0, n);
  }

 private:
  [[gnu::noinline]] void RunLong(const Chunks& chunks, const ColumnTile& at) {
    // A half type does not hold exp values.
    const bool have_room = y_.type == ElementType::kFloat32 &&
                           ColumnBlocks::HaveRoom(chunks.n, tile_.width);
    ColumnBlocks blocks(chunks.n, parts_, !have_room, tile_);
    const ConstAnyPlanes exps(y_);
    // Over 1 exp values are as they were.
    for (size_t c = 0; c < tile_.width; ++c) tile_.sums[c] = 1.0;
    tiles_.invert(tile_);
    const auto read = [&](size_t block, size_t elements) {
      chunks.ForEachOf(block, elements, [&](size_t first, size_t count) {
        Read(x_, at, first, count);
      });
    };
    const auto decide = [&](size_t, size_t) { Decide(); };
    const auto add = [&](size_t block, size_t elements) {
      chunks.ForEachOf(block, elements, [&](size_t first, size_t count) {
        Exp(at, first, count);
        tiles_.sums.add(values_, count, tile_);
        if (blocks.AreReadTwice()) return;
        if (blocks.Factors() != nullptr) {
          kernels_.multiply(values_, count, blocks.Factors(), tile_.width);
        }
        Write(at, first, count);
      });
    };
    blocks.Sum(tiles_, plans_, ColumnStep(read), ColumnStep(decide),
               ColumnStep(add));
    blocks.ForEach([&](size_t block, size_t elements) {
      if (!blocks.AreReadTwice()) blocks.SetSums(block);
      Invert();
      // Whole vectors need no copy in the tile.
      if (!blocks.AreReadTwice() && at.cols == tile_.width) {
        const size_t stride = y_.axis_stride;
        float* const e = static_cast<float*>(at.Out(y_, block));
        kernels_.write_probabilities(e, stride, tile_,
                                     {e, stride, elements, at.cols});
        return;
      }
      chunks.ForEachOf(block, elements, [&](size_t first, size_t count) {
        blocks.AreReadTwice() ? Exp(at, first, count)
                              : Read(exps, at, first, count);
        Write(at, first, count);
      });
    });
  }

  void Read(const ConstAnyPlanes& from, const ColumnTile& at, size_t first,
            size_t count) {
    memory_.Read(from, at, first, count, values_, tile_.width,
                 first % kSumCols == 0, tile_.max);
  }
  void Exp(const ColumnTile& at, size_t first, size_t count) {
    Read(x_, at, first, count);
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

  // The probabilities of the tile's exp values.
  void Write(const ColumnTile& at, size_t first, size_t count) {
    memory_.Put(y_, at, first, count, values_, tile_.width,
                [this](const ColumnsOut& out) {
                  kernels_.write_probabilities(values_, tile_.width, tile_,
                                               out);
                });
  }

  void Invert() {
    tiles_.invert(tile_);
    plans_.EndSpecial(empty_row_, tile_);
  }

  const ConstAnyPlanes& x_;
  const AnyPlanes& y_;
  const TileKernels& tiles_;
  const ColumnKernels& kernels_;
  const TileMemory memory_;
  FarTileFunction& exp_of_far_;
  const ScaleParts parts_;
  const EmptyRow empty_row_;
  ColumnPlans plans_;
  Tile tile_;
  alignas(64) float values_[kTileFloats];
};

}  // namespace

void RunSoftmaxColumns(const ConstAnyPlanes& x, const AnyPlanes& y,
                       const SoftmaxOptions& options, Target target,
                       const HalfPasses* halves) {
  SoftmaxColumns columns(x, y, options, target, halves);
  ForEachColumnTile(x, kTileFloats,
                    [&](const ColumnTile& at) { columns.Run(at); });
}

}  // namespace internal
}  // namespace softlane
