// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <limits>

#include "schedules/column_blocks.h"

namespace softlane {
namespace internal {
namespace {

class LogSoftmaxColumns {
 public:
  LogSoftmaxColumns(const ConstAnyPlanes& x, const AnyPlanes& y,
                    const SoftmaxOptions& options, Target target,
                    const HalfPasses* halves)
      : x_(x),
        y_(y),
        tiles_(KernelsOf(kTileKernels, target)),
        log_tiles_(KernelsOf(kLogTileKernels, target)),
        kernels_(KernelsOf(kColumnKernels, target)),
        memory_(kernels_, halves),
        exp_of_far_(KernelsOf(kExpOfFarTile, target)),
        parts_(SplitScale(options.scale)),
        empty_row_(options.empty_row) {}

  void Run(const ColumnTile& at) {
    const size_t n = x_.axis;
    const size_t width = WholeVectors(at.cols, tiles_.lanes);
    const Chunks chunks(n, width, kHalfTile);
    const auto read = [&](size_t first, size_t count) {
      memory_.Read(x_, at, first, count, values_, width, first % kSumCols == 0,
                   tile_.max);
    };
    tile_.width = width;
    const auto decide = [&](size_t, size_t) {
      plans_.Decide(kernels_, parts_, tile_);
    };
    if (chunks.fits) {
      read(0, n);
      at.PrefetchIn(x_);
      at.PrefetchOut(y_);
      decide(0, n);
      Exp(values_, n);
      tiles_.sums_in_double.all(e_, n, tile_);
    } else {
      ColumnBlocks blocks(n, parts_, true, tile_);
      const auto find_maxima = [&](size_t block, size_t elements) {
        chunks.ForEachOf(block, elements, read);
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
    }
    FindLogs();
    chunks.ForEach([&](size_t first, size_t count) {
      if (!chunks.fits) read(first, count);
      memory_.Put(y_, at, first, count, values_, width,
                  [this](const ColumnsOut& out) { Write(out); });
    });
  }

 private:
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
  void FindEachLog() {
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

  const ConstAnyPlanes& x_;
  const AnyPlanes& y_;
  const TileKernels& tiles_;
  const LogTileKernels& log_tiles_;
  const ColumnKernels& kernels_;
  const TileMemory memory_;
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

void RunLogSoftmaxColumns(const ConstAnyPlanes& x, const AnyPlanes& y,
                          const SoftmaxOptions& options, Target target,
                          const HalfPasses* halves) {
  LogSoftmaxColumns columns(x, y, options, target, halves);
  ForEachColumnTile(x, kHalfTile,
                    [&](const ColumnTile& at) { columns.Run(at); });
}

}  // namespace internal
}  // namespace softlane
