// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <limits>

#include "schedules/column_blocks.h"

namespace softlane {
namespace internal {
namespace {

class LogSoftmaxColumns {
 public:
  LogSoftmaxColumns(const Planes<const float>& x, const Planes<float>& y,
                    const SoftmaxOptions& options, Target target,
                    const ColumnTypes* types)
      : x_(x),
        y_(y),
        tiles_(KernelsOf(kTileKernels, target)),
        log_tiles_(KernelsOf(kLogTileKernels, target)),
        kernels_(KernelsOf(kColumnKernels, target)),
        memory_(kernels_, types),
        exp_of_far_(KernelsOf(kExpOfFarTile, target)),
        parts_(SplitScale(options.scale)),
        empty_row_(options.empty_row) {}

  void Run(const ColumnTile& at) {
    tile_.width = WholeVectors(at.cols, tiles_.lanes);
    const Chunks chunks(x_.axis, tile_.width, kHalfTile);
    if (!chunks.fits) return RunLong(chunks, at);
    if (memory_.HasHalves()) return RunHalves(at);
    RunShort(at, FloatMemory(kernels_));
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
    memory.PrefetchOut(y_, at);
    plans_.Decide(kernels_, parts_, tile_);
    Exp(values_, n);
    tiles_.sums_in_double.all(e_, n, tile_);
    FindLogs();
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
    const auto decide = [&](size_t, size_t) {
      plans_.Decide(kernels_, parts_, tile_);
    };
    const auto add = [&](size_t block, size_t elements) {
      chunks.ForEachOf(block, elements, [&](size_t first, size_t count) {
        read(first, count);
        Exp(values_, count);
        tiles_.sums_in_double.add(e_, count, tile_);
      });
    };
    blocks.Sum(tiles_, plans_, ColumnStep(find_maxima), ColumnStep(decide),
               ColumnStep(add));
    FindLogs();
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

  void FindLogs() {
    has_shifts_ = plans_.has_far || tiles_.log_sums == nullptr;
    if (has_shifts_) return FindEachLog();
    alignas(64) double logs[kMaxTileLanes];
    tiles_.log_sums(tile_, parts_, logs);
    log_tiles_.split_logs(logs, tile_);
    plans_.EndSpecial(empty_row_, tile_);
  }

  // LogOfSum and LogProbabilities of each column.
  [[gnu::noinline]] void FindEachLog() {
    // The exp values of the maxima tell whether other elements count.
    std::memcpy(e_, tile_.max, tile_.width * sizeof(float));
    Exp(e_, 1);
    for (size_t c = 0; c < tile_.width; ++c) {
      const double sum = tile_.sums[c];
      const RowPlan plan = PlanColumn(tile_.max[c], parts_);
      double log = std::numeric_limits<double>::quiet_NaN();
      if (IsFiniteMax(tile_.max[c]) && sum == sum) {
        log = sum == e_[c] ? plan.scaled_max - plan.scaled_shift
                           : plan.log_divisor + kernels_.log(sum);
      }
      // The difference of halves cannot overflow where its product with a small
      // scale does not. Without a shift the first step changes nothing.
      const auto shift = static_cast<float>(plan.shift);
      const double share = parts_.scale < 1.0 && shift != 0.0f ? 0.5 : 1.0;
      const float high = static_cast<float>(log);
      shifted_.factor[c] = static_cast<float>(share);
      shifted_.minus_shift[c] = static_cast<float>(-share * shift);
      shifted_.scale[c] = static_cast<float>(parts_.scale / share);
      tile_.head[c] = -high;
      tile_.rest[c] = static_cast<float>(log - high);
    }
    plans_.EndSpecial(empty_row_, tile_);
  }

  // The log-probabilities of the tile's logits.
  void Write(const ColumnsOut& out) {
    kernels_.write_logs(values_, static_cast<float>(parts_.scale),
                        has_shifts_ ? &shifted_ : nullptr, tile_, out);
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
  bool has_shifts_;
  ShiftedLogs shifted_;
  Tile tile_;
  alignas(64) float values_[kHalfTile];
  alignas(64) float e_[kHalfTile];
};

}  // namespace

void RunLogSoftmaxColumns(const Planes<const float>& x, const Planes<float>& y,
                          const SoftmaxOptions& options, Target target,
                          const ColumnTypes* types) {
  LogSoftmaxColumns columns(x, y, options, target, types);
  ForEachColumnTile(x, kHalfTile,
                    [&](const ColumnTile& at) { columns.Run(at); });
}

}  // namespace internal
}  // namespace softlane
