// SPDX-License-Identifier: Apache-2.0
#include "schedules/cross_entropy_rows.h"

#include <limits>

#include "arith/plan.h"
#include "kernels/cross_entropy_kernels.h"
#include "kernels/row_limits.h"
#include "kernels/tiles.h"
#include "schedules/loss_totals.h"

namespace softlane {
namespace internal {
namespace {

// Runs over the rows of a call, and adds the losses in the order of the rows.
class CrossEntropyLoop {
 public:
  [[gnu::always_inline]] inline CrossEntropyLoop(const CrossEntropyCall& call,
                                                 Target target)
      : call_(call),
        options_(*call.options),
        kernels_(KernelsOf(kCrossEntropyKernels, target)),
        tiles_(KernelsOf(kTileKernels, target)),
        loss_{options_, SplitScale(options_.scale, parts_), 0.0,
              call.shares_fit_floats, call.loss != nullptr},
        totals_{call.NumCounted()} {
    if (options_.label_smoothing != 0.0f) {
      loss_.smoothing = double{options_.label_smoothing} /
                        static_cast<double>(call.logits.cols);
    }
    if (call.totals != nullptr) {
      totals_ = *call.totals;
    } else if (call.HasLabels() && options_.class_weights != nullptr) {
      totals_.divisor = AddWeights(call, 0.0);
    }
    upstream_ = options_.upstream;
    if (IsMean(call)) upstream_ /= DivisorOf(call, totals_);
  }

  void Run() {
    if (HasNoColumns()) {
      // With labels, all rows are ignored.
      if (!call_.HasLabels() && call_.counted != 0)
        totals_.total = std::numeric_limits<double>::quiet_NaN();
    } else if (HasResults()) {
      const size_t rows = call_.logits.rows;
      ForBatches([&](size_t) { RunRows(0, rows, RowsAtOnce()); });
    }
    Finish();
  }

  void Run(const LossSource& source) {
    if (!HasResults()) return Finish();
    ForBatches([&](size_t first) {
      if (source.max_rows == 0) {
        RunRowsOf(source, first);
      } else if (source.tiles != nullptr && MayHaveTiles()) {
        RunColumnTiles(source, first);
      } else {
        LoadAndRun(source, first, 0, call_.logits.rows);
      }
    });
    Finish();
  }

 private:
  // Calls body(the batch's first row) for each batch.
  template <class Body>
  [[gnu::always_inline]] inline void ForBatches(const Body& body) {
    const LossBatches& batches = *call_.batches;
    for (size_t b = 0; b < batches.count; ++b) {
      batch_ = b;
      body(b * call_.logits.rows);
    }
  }
  [[gnu::always_inline]] inline void RunRows(size_t begin, size_t end,
                                             size_t step) {
    for (size_t r = begin; r < end; r += step) {
      if (step == 1) {
        AddLoss(r, RunRow(r));
      } else {
        RunSomeRows(r, step < end - r ? step : end - r);
      }
    }
  }
  void RunColumnTiles(const LossSource& source, size_t first) {
    const size_t rows = call_.logits.rows;
    for (size_t r = 0, count; r < rows; r += count) {
      count = source.tiles->rows(source.context, first + r, rows - r);
      const bool is_done = RunColumnTile(source, r, count);
      if (!is_done) LoadAndRun(source, first, r, r + count);
    }
  }
  [[gnu::noinline]] bool RunColumnTile(const LossSource& source, size_t r,
                                       size_t count) {
    LabelledRow rows[kMaxTileLanes];
    alignas(64) double losses[kMaxTileLanes];
    SetRows(r, count, rows);
    if (!source.tiles->run(source.context, loss_, count, rows, losses)) {
      return false;
    }
    AddLosses(r, count, losses);
    return true;
  }
  // Loads and runs the rows from `begin` to `end`. Row 0 of the views is row
  // `first`.
  void LoadAndRun(const LossSource& source, size_t first, size_t begin,
                  size_t rows) {
    const size_t usual = RowsAtOnce();
    const size_t step = usual < source.max_rows ? usual : source.max_rows;
    const size_t most = source.max_rows / step * step;
    for (size_t r = begin, count; r < rows; r += count) {
      count = rows - r < most ? rows - r : most;
      source.load(source.context, first + r, count);
      base_ = r;
      RunRows(r, r + count, step);
    }
    source.load(source.context, first + rows, 0);
  }
  void RunRowsOf(const LossSource& source, size_t first) {
    for (size_t r = 0; r < call_.logits.rows; ++r) {
      LabelledRow row;
      SetRows(r, 1, &row);
      AddLoss(r, source.row(source.context, loss_, first + r, row));
    }
  }

  [[gnu::always_inline]] inline void Finish() {
    if (call_.totals != nullptr) {
      *call_.totals = totals_;
    } else {
      WriteTotals(call_, totals_);
    }
  }
  // Rows without columns have no memory, so their number may be huge.
  bool HasNoColumns() const {
    return call_.logits.cols == 0 && options_.reduction != Reduction::kNone;
  }
  // Whether rows have losses or gradients to write.
  bool HasResults() const {
    return loss_.is_wanted || (HasGradient() && call_.logits.cols != 0);
  }
  size_t FirstLabel() const { return batch_ * call_.batches->labels; }
  bool HasGradient() const { return call_.dlogits.data != nullptr; }
  // The upstream_rows of the batch.
  const float* UpstreamRows() const {
    const bool are_used = options_.reduction == Reduction::kNone &&
                          HasGradient() && options_.upstream_rows != nullptr;
    return are_used ? options_.upstream_rows + batch_ * call_.batches->upstream
                    : nullptr;
  }

  double RunRow(size_t r) const {
    const Rows<const float>& x = call_.logits;
    const size_t i = r - base_;
    float* const dx = HasGradient() ? call_.dlogits.Row(i) : nullptr;
    LabelledRow row;
    SetRows(r, 1, &row);
    if (row.is_ignored) {
      for (size_t c = 0; HasGradient() && c < x.cols; ++c) dx[c] = 0.0f;
      return 0.0;
    }
    return kernels_.row(loss_, x.Row(i), dx, x.cols, row.label,
                        call_.HasLabels() ? nullptr : call_.targets->Row(i),
                        row.upstream);
  }

  bool HasShares() const { return !call_.HasLabels() || loss_.smoothing != 0; }
  // Whether the tiles support the options of the call.
  bool MayHaveTiles() const {
    return loss_.parts.is_usual && (!HasShares() || loss_.shares_fit_floats);
  }
  [[gnu::always_inline]] inline size_t RowsAtOnce() const {
    const size_t rows = call_.logits.rows, cols = call_.logits.cols;
    if (!MayHaveTiles()) return 1;
    if (kernels_.short_rows != nullptr) {
      const bool has_batches = rows > 1 && cols != 0 && cols <= kMaxShortCols;
      return has_batches ? kMaxShortRows : 1;
    }
    // The tile pads rows of less than kMinTileCols columns.
    const bool has_tiles =
        kernels_.tile != nullptr && cols != 0 &&
        HasTiles(rows, cols < kMinTileCols ? kMinTileCols : cols);
    if (!has_tiles) return 1;
    return HasShares() ? ShareTileWidth(rows, cols, tiles_.lanes)
                       : RowTileWidth(rows, cols, tiles_.lanes);
  }
  void AddLoss(size_t r, double loss) { AddLosses(r, 1, &loss); }
  // Not inlined: a call of one row does not need this much stack.
  [[gnu::noinline]] void RunSomeRows(size_t first, size_t count) {
    LabelledRow rows[kMaxTileLanes];
    alignas(64) double losses[kMaxTileLanes];
    SetRows(first, count, rows);
    if (kernels_.short_rows != nullptr) {
      RunBatches(first, count, rows, losses);
    } else {
      RunTiles(first, count, rows, losses);
    }
    AddLosses(first, count, losses);
  }
  // Copies of members, because the compiler would load the members again after
  // each store.
  [[gnu::noinline]] void SetRows(size_t first, size_t count,
                                 LabelledRow* rows) const {
    const float* const upstream_rows = UpstreamRows();
    const double upstream = upstream_;
    const bool has_labels = call_.HasLabels();
    const Labels labels =
        has_labels ? call_.labels.From(FirstLabel() + first) : Labels();
    const int64_t ignored = options_.ignore_index;
    for (size_t k = 0; k < count; ++k) {
      const int64_t label =
          has_labels ? labels[k] : static_cast<int64_t>(kNoLabel);
      const bool is_ignored = has_labels && label == ignored;
      rows[k] = {
          is_ignored ? 0 : static_cast<size_t>(label), is_ignored,
          upstream_rows == nullptr ? upstream : upstream_rows[first + k]};
    }
  }
  void AddLosses(size_t first, size_t count, const double* losses) {
    double total = totals_.total;
    for (size_t k = 0; k < count; ++k) total += losses[k];
    totals_.total = total;
    if (options_.reduction != Reduction::kNone || !loss_.is_wanted) return;
    float* const to = call_.loss + batch_ * call_.batches->losses + first;
    for (size_t k = 0; k < count; ++k) to[k] = static_cast<float>(losses[k]);
  }
  // All rows at once if the kernel can do them, else one by one.
  void RunTiles(size_t first, size_t count, const LabelledRow* rows,
                double* losses) const {
    if (InTile(first, count, rows, losses)) return;
    for (size_t i = 0; i < count; ++i) losses[i] = RunRow(first + i);
  }
  bool InTile(size_t first, size_t count, const LabelledRow* rows,
              double* losses) const {
    if (count < kMinTileRows) return false;
    const Rows<const float>& x = call_.logits;
    const Rows<float> none(nullptr, x.rows, x.cols, 0);
    return kernels_.tile(loss_, tiles_, x, call_.targets,
                         HasGradient() ? call_.dlogits : none, first - base_,
                         count, rows, losses);
  }

  // Does the rows that count in batches.
  void RunBatches(size_t first, size_t count, const LabelledRow* rows,
                  double* losses) const {
    const Rows<const float>& x = call_.logits;
    for (size_t begin = 0, end; begin < count; begin = end) {
      end = begin;
      while (end < count && !rows[end].is_ignored) ++end;
      if (end != begin &&
          kernels_.short_rows(loss_, x, call_.targets, call_.dlogits,
                              first - base_ + begin, end - begin, rows + begin,
                              losses + begin)) {
        continue;
      }
      end += end == begin ? 1 : 0;
      for (size_t i = begin; i < end; ++i) losses[i] = RunRow(first + i);
    }
  }

  const CrossEntropyCall& call_;
  size_t base_ = 0;  // the row that is row 0 of the views
  size_t batch_ = 0;
  const CrossEntropyOptions& options_;
  const CrossEntropyKernels& kernels_;
  const TileKernels& tiles_;
  ScaleParts parts_;  // used if the scale is not 1
  Loss loss_;
  LossTotals totals_;
  double upstream_;
};

}  // namespace

void RunCrossEntropy(const CrossEntropyCall& call, Target target) noexcept {
  CrossEntropyLoop(call, target).Run();
}

void RunCrossEntropyOf(const LossSource& source, const CrossEntropyCall& call,
                       Target target) noexcept {
  CrossEntropyLoop(call, target).Run(source);
}

}  // namespace internal
}  // namespace softlane
