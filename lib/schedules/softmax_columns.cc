// SPDX-License-Identifier: Apache-2.0
#include "schedules/column_blocks.h"
#include "schedules/column_logs.h"
#include "schedules/narrow_columns.h"

namespace softlane {
namespace internal {
namespace {

class SoftmaxColumns {
 public:
  SoftmaxColumns(const Planes<const float>& x, const Planes<float>& y,
                 const SoftmaxOptions& options, Target target,
                 const ColumnTypes* types, const Rows<float>* logsumexp)
      : x_(x),
        y_(y),
        tiles_(KernelsOf(kTileKernels, target)),
        kernels_(KernelsOf(kColumnKernels, target)),
        memory_(kernels_, types),
        exp_of_far_(KernelsOf(kExpOfFarTile, target)),
        parts_(SplitScale(options.scale)),
        empty_row_(options.empty_row),
        logs_(parts_, target, logsumexp) {}

  void Run(const ColumnTile& at) {
    const size_t n = x_.axis;
    tile_.width = WholeVectors(at.cols, tiles_.lanes);
    const Chunks chunks(n, tile_.width, kTileFloats);
    if (!chunks.fits || n > kSumCols) return RunLong(chunks, at);
    if (memory_.HasHalves()) return RunHalves(at);
    RunShort(at, FloatMemory(kernels_));
  }

  [[gnu::noinline]] void RunNarrow(const ColumnTile& at, Target target) {
    tile_.width = at.cols * at.lanes;
    RunShort(at, NarrowMemory(target));
  }

 private:
  [[gnu::noinline]] void RunHalves(const ColumnTile& at) {
    RunShort(at, memory_);
  }

  // Columns that fit the tile.
  template <class Memory>
  void RunShort(const ColumnTile& at, const Memory& memory) {
    const size_t n = x_.axis;
    const TilePart part = PartOf(0, n);
    memory.Read(x_, at, part, true, tile_.max);
    memory.PrefetchIn(x_, at);
    memory.PrefetchOut(y_, at);
    Decide(at);
    if (plans_.has_far) {
      Exp(n);
      tiles_.sums.all(values_, n, tile_);
    } else {
      tiles_.sum_exp(values_, n, parts_, tile_);
    }
    WriteLogs(at);
    Invert();
    Write(at, part, memory);
  }

  [[gnu::noinline]] void RunLong(const Chunks& chunks, ColumnTile at) {
    // The output of a half type cannot hold exp values.
    const bool keeps_values = !memory_.HasHalfResults() &&
                              ColumnBlocks::HaveRoom(chunks.n, tile_.width);
    ColumnBlocks blocks(chunks.n, parts_, !keeps_values, tile_);
    // Divided by 1, exp values stay the same.
    for (size_t c = 0; c < tile_.width; ++c) tile_.sums[c] = 1.0;
    tiles_.invert(tile_);
    const auto read = [&](size_t block, size_t elements) {
      chunks.ForEachOf(block, elements, [&](size_t first, size_t count) {
        Read(at, first, count);
      });
    };
    const auto decide = [&](size_t, size_t) { Decide(at); };
    const auto add = [&](size_t block, size_t elements) {
      chunks.ForEachOf(block, elements, [&](size_t first, size_t count) {
        Read(at, first, count);
        Exp(count);
        tiles_.sums.add(values_, count, tile_);
        if (blocks.AreReadTwice()) return;
        if (blocks.Factors() != nullptr) {
          kernels_.multiply(values_, count, blocks.Factors(), tile_.width);
        }
        Write(at, PartOf(first, count), memory_);
      });
    };
    blocks.Sum(tiles_, plans_, ColumnStep(read), ColumnStep(decide),
               ColumnStep(add));
    WriteLogs(at);
    blocks.ForEach([&](size_t block, size_t elements) {
      if (!blocks.AreReadTwice()) blocks.SetSums(block);
      Invert();
      // Whole vectors need no copy in the tile.
      if (!blocks.AreReadTwice() && at.cols == tile_.width) {
        const size_t stride = y_.axis_stride;
        float* const e = at.Out(y_) + block * stride;
        kernels_.write_probabilities(e, stride, tile_,
                                     {e, stride, elements, at.cols});
        return;
      }
      chunks.ForEachOf(block, elements, [&](size_t first, size_t count) {
        const TilePart part = PartOf(first, count);
        if (blocks.AreReadTwice()) {
          Read(at, first, count);
          Exp(count);
        } else {
          FloatMemory(kernels_).Read(y_, at, part, false, tile_.max);
        }
        Write(at, part, memory_);
      });
    });
  }

  TilePart PartOf(size_t first, size_t count) {
    return {first, count, values_, tile_.width};
  }
  void Read(const ColumnTile& at, size_t first, size_t count) {
    memory_.Read(x_, at, PartOf(first, count), first % kSumCols == 0,
                 tile_.max);
  }
  // Writes the probabilities from the tile's exp values.
  template <class Memory>
  void Write(const ColumnTile& at, const TilePart& part, const Memory& memory) {
    memory.Put(y_, at, part, [&](const ColumnsOut& out) {
      kernels_.write_probabilities(values_, tile_.width, tile_, out);
    });
  }
  // Computes the exp values of the tile's logits.
  void Exp(size_t n) {
    if (plans_.has_far) {
      exp_of_far_(values_, n, parts_, plans_.max, tile_, values_);
    } else {
      tiles_.exp(values_, n, parts_, values_, tile_);
    }
  }

  void Decide(const ColumnTile& at) {
    plans_.Decide(kernels_, parts_, tile_);
    logs_.FindInfinities(plans_, tile_, memory_, x_, at);
  }
  void WriteLogs(const ColumnTile& at) {
    if (!logs_.AreWanted()) return;
    logs_.Find(plans_, tile_);
    logs_.Write(plans_, tile_, at);
  }

  void Invert() {
    tiles_.invert(tile_);
    plans_.EndSpecial(empty_row_, tile_);
  }

  const Planes<const float>& x_;
  const Planes<float>& y_;
  const TileKernels& tiles_;
  const ColumnKernels& kernels_;
  const TypedMemory memory_;
  FarTileFunction& exp_of_far_;
  const ScaleParts parts_;
  const EmptyRow empty_row_;
  ColumnPlans plans_;
  ColumnLogs logs_;
  Tile tile_;
  alignas(64) float values_[kTileFloats];
};

}  // namespace

void RunSoftmaxColumns(const Planes<const float>& x, const Planes<float>& y,
                       const SoftmaxOptions& options, Target target,
                       const ColumnTypes* types, const Rows<float>* logsumexp) {
  SoftmaxColumns columns(x, y, options, target, types, logsumexp);
  const size_t lanes = KernelsOf(kTileKernels, target).lanes;
  if (types == nullptr && IsGapless(y)) {
    if (const size_t at_once = PlanesAtOnce(x, lanes, kTileFloats)) {
      return ForEachNarrowTile(x, at_once, [&](const ColumnTile& at) {
        columns.RunNarrow(at, target);
      });
    }
  }
  const size_t width = TileWidth(x, kTileFloats, LeastWidth(x, lanes, types));
  ForEachColumnTile(x, width, [&](const ColumnTile& at) { columns.Run(at); });
}

}  // namespace internal
}  // namespace softlane
