// SPDX-License-Identifier: Apache-2.0
#include "schedules/column_blocks.h"
#include "schedules/column_logs.h"
#include "schedules/narrow_columns.h"

namespace softlane {
namespace internal {
namespace {

class LogSoftmaxColumns {
 public:
  LogSoftmaxColumns(const Planes<const float>& x, const Planes<float>& y,
                    const SoftmaxOptions& options, Target target,
                    const ColumnTypes* types, const Rows<float>* logsumexp)
      : x_(x),
        y_(y),
        tiles_(KernelsOf(kTileKernels, target)),
        log_tiles_(KernelsOf(kLogTileKernels, target)),
        kernels_(KernelsOf(kColumnKernels, target)),
        memory_(kernels_, types),
        exp_of_far_(KernelsOf(kExpOfFarTile, target)),
        parts_(SplitScale(options.scale)),
        empty_row_(options.empty_row),
        logs_(parts_, target, logsumexp) {}

  void Run(const ColumnTile& at) {
    tile_.width = WholeVectors(at.cols, tiles_.lanes);
    const Chunks chunks(x_.axis, tile_.width, kHalfTile);
    if (!chunks.fits) return RunLong(chunks, at);
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
    const TilePart part{0, n, values_, tile_.width};
    memory.Read(x_, at, part, true, tile_.max);
    memory.PrefetchIn(x_, at);
    if (HasResults()) memory.PrefetchOut(y_, at);
    Decide(at);
    Exp(values_, n);
    tiles_.sums_in_double.all(e_, n, tile_);
    FindLogs(at);
    if (!HasResults()) return;
    memory.Put(y_, at, part, [this](const ColumnsOut& out) { Write(out); });
  }

  [[gnu::noinline]] void RunLong(const Chunks& chunks, const ColumnTile& at) {
    const auto read = [&](size_t first, size_t count) {
      memory_.Read(x_, at, {first, count, values_, tile_.width},
                   first % kSumCols == 0, tile_.max);
    };
    ColumnBlocks blocks(chunks.n, parts_, true, tile_);
    const auto find_maxima = [&](size_t block, size_t elements) {
      chunks.ForEachOf(block, elements, read);
    };
    const auto decide = [&](size_t, size_t) { Decide(at); };
    const auto add = [&](size_t block, size_t elements) {
      chunks.ForEachOf(block, elements, [&](size_t first, size_t count) {
        read(first, count);
        Exp(values_, count);
        tiles_.sums_in_double.add(e_, count, tile_);
      });
    };
    blocks.Sum(tiles_, plans_, ColumnStep(find_maxima), ColumnStep(decide),
               ColumnStep(add));
    FindLogs(at);
    if (!HasResults()) return;
    chunks.ForEach([&](size_t first, size_t count) {
      read(first, count);
      memory_.Put(y_, at, {first, count, values_, tile_.width},
                  [this](const ColumnsOut& out) { Write(out); });
    });
  }

  void Exp(const float* logits, size_t n) {
    if (plans_.has_far) {
      exp_of_far_(logits, n, parts_, plans_.max, tile_, e_);
    } else {
      tiles_.exp(logits, n, parts_, e_, tile_);
    }
  }

  // A call of logsumexp alone has no results here.
  bool HasResults() const { return y_.data != nullptr; }

  void Decide(const ColumnTile& at) {
    plans_.Decide(kernels_, parts_, tile_);
    logs_.FindInfinities(plans_, tile_, memory_, x_, at);
  }

  void FindLogs(const ColumnTile& at) {
    logs_.Find(plans_, tile_);
    logs_.Write(plans_, tile_, at);
    if (!HasResults()) return;
    if (logs_.AreByColumn()) {
      SplitEachLog();
    } else {
      log_tiles_.split_logs(logs_.Get(), tile_);
    }
    plans_.EndSpecial(empty_row_, tile_);
  }

  // LogProbabilities of each column.
  [[gnu::noinline]] void SplitEachLog() {
    for (size_t c = 0; c < tile_.width; ++c) {
      const double log = logs_.Get()[c];
      // Halves are subtracted, because the difference of whole values could
      // overflow even if its product with a small scale does not. Without a
      // shift the first step changes nothing.
      const auto shift =
          static_cast<float>(PlanColumn(tile_.max[c], parts_).shift);
      const double share = parts_.scale < 1.0 && shift != 0.0f ? 0.5 : 1.0;
      const float high = static_cast<float>(log);
      shifted_.factor[c] = static_cast<float>(share);
      shifted_.minus_shift[c] = static_cast<float>(-share * shift);
      shifted_.scale[c] = static_cast<float>(parts_.scale / share);
      tile_.head[c] = -high;
      tile_.rest[c] = static_cast<float>(log - high);
    }
  }

  // The log-probabilities of the tile's logits.
  void Write(const ColumnsOut& out) {
    kernels_.write_logs(values_, static_cast<float>(parts_.scale),
                        logs_.AreByColumn() ? &shifted_ : nullptr, tile_, out);
  }

  const Planes<const float>& x_;
  const Planes<float>& y_;
  const TileKernels& tiles_;
  const LogTileKernels& log_tiles_;
  const ColumnKernels& kernels_;
  const TypedMemory memory_;
  FarTileFunction& exp_of_far_;
  const ScaleParts parts_;
  const EmptyRow empty_row_;
  ColumnPlans plans_;
  ColumnLogs logs_;
  ShiftedLogs shifted_;
  Tile tile_;
  alignas(64) float values_[kHalfTile];
  alignas(64) float e_[kHalfTile];
};

}  // namespace

void RunLogSoftmaxColumns(const Planes<const float>& x, const Planes<float>& y,
                          const SoftmaxOptions& options, Target target,
                          const ColumnTypes* types,
                          const Rows<float>* logsumexp) {
  LogSoftmaxColumns columns(x, y, options, target, types, logsumexp);
  const size_t lanes = KernelsOf(kTileKernels, target).lanes;
  if (types == nullptr && (y.data == nullptr || IsGapless(y))) {
    if (const size_t at_once = PlanesAtOnce(x, lanes, kHalfTile)) {
      return ForEachNarrowTile(x, at_once, [&](const ColumnTile& at) {
        columns.RunNarrow(at, target);
      });
    }
  }
  const size_t width = TileWidth(x, kHalfTile, LeastWidth(x, lanes, types));
  ForEachColumnTile(x, width, [&](const ColumnTile& at) { columns.Run(at); });
}

}  // namespace internal
}  // namespace softlane
