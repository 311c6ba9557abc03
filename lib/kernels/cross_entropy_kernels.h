// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_KERNELS_H_
#define SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_KERNELS_H_

#include <cstddef>

#include "arith/plan.h"
#include "dispatch.h"
#include "kernels/row_limits.h"
#include "kernels/tiles.h"
#include "softlane/options.h"
#include "softlane/rows.h"

// Cross-entropy of a row, and of short rows with a label each, side by side.

namespace softlane {
namespace internal {

/// The numbers and options that are the same for all rows of a call.
struct Loss {
  const CrossEntropyOptions& options;
  const ScaleParts& parts;
  double smoothing;  // label_smoothing / cols
  bool shares_fit_floats;
  bool is_wanted;  // if not, losses may be any numbers
};

/// The label of a row that has none.
constexpr size_t kNoLabel = ~size_t{0};

/// The sums of a row's exp values, in units of the row's plan. The sum is NaN
/// if the row is special.
struct RowSums {
  double others;   // sum of all exp values but the label's
  double label;    // the label's; 0 without one
  double sum;      // of both
  double log_sum;  // of exp(scale (x - shift)), where it is needed
};
/// Whether the label's p is above 1/2. Then its loss is computed from the exp
/// values of the others, so it keeps its accuracy and its sign.
inline bool IsLarge(const RowSums& row) { return row.label > row.others; }
/// Whether the loss needs the log of the sum. It does not if the label alone
/// has a loss, and this loss is computed from the others.
inline bool NeedsLog(const Loss& loss, const RowSums& row, bool has_shares) {
  return loss.options.z_loss != 0.0f ||
         (loss.is_wanted && (has_shares || !IsLarge(row)));
}

/// Sums of a row's q and q (x - max); see ClassShares.
struct ShareSums {
  bool AreFinite() const {
    return total - total == 0.0 && logits - logits == 0.0;
  }

  double total, logits;
};

/// A row's loss, and the numbers of its gradient: unit * (total / sum * e_c -
/// q_c), but `label_gradient` at the label. `total` is sum q + 2 z_loss
/// logsumexp. `label_share` is the share of the label's class beyond the part
/// that all classes share.
struct RowLoss {
  double loss, total, unit, label_gradient, label_share;
};
/// A factor of exp values up to this fits floats: then no product overflows
/// before the gradient does.
constexpr double kMaxFactor = 0x1p100;
inline bool FactorFitsFloats(double factor) {
  return -kMaxFactor <= factor && factor <= kMaxFactor;
}

/// Whether the numbers of the gradient fit floats. Then no product overflows
/// before the gradient does, and no share is lost to underflow.
inline bool UnitFitsFloats(double unit) {
  const double size = unit < 0.0 ? -unit : unit;
  return unit == 0.0 || (0x1p-100 <= size && size <= 0x1p100);
}

/// The label and the upstream gradient of a row. A row that is ignored is not
/// read. It has no loss and a gradient of zeros. The label is kNoLabel if there
/// are targets.
struct LabelledRow {
  size_t label;
  bool is_ignored;
  double upstream;
};

/// The functions that read the columns of a tile and write their gradients.
struct ColumnTileIo {
  void* context;
  /// Copies the columns of the targets, or of the logits, to a tile and sets
  /// its maxima. Lanes without a column get zeros.
  void (*read)(void* context, bool are_targets, float* values, Tile& tile);
  /// Writes the values of the tile if `are_gradients`, and otherwise exp values
  /// divided by their sums. Writes label_gradients, which are null without
  /// labels, to the labels' classes. Ignored columns get zeros. The values may
  /// change.
  void (*write)(void* context, float* values, bool are_gradients,
                const Tile& tile, const double* label_gradients);
};

using FewLossesFunction = bool(const Rows<const float>& x,
                               const Rows<float>& dx, const int32_t* labels,
                               double upstream, double* losses);

struct CrossEntropyKernels {
  /// The loss of a row that counts. Writes its gradient times `upstream` to dx
  /// unless that is null; dx may be x. `targets` is null if the row has a
  /// label.
  double (*row)(const Loss& loss, const float* x, float* dx, size_t n,
                size_t label, const float* targets, double upstream);
  /// The losses of rows [first, first + count), and their gradients if dx has
  /// data. `targets` is null if the rows have labels. With smoothing or targets
  /// there are at most ShareTileWidth rows. Gives false and writes nothing if a
  /// row needs another pass. Null if a target has no tiles.
  bool (*tile)(const Loss& loss, const TileKernels& kernels,
               const Rows<const float>& x, const Rows<const float>* targets,
               const Rows<float>& dx, size_t first, size_t count,
               const LabelledRow* rows, double* losses);
  /// `tile` for `count` columns of n elements. Ignored columns may have any
  /// elements. False also if a column is far. `targets` only tells that there
  /// are targets. There are at most as many elements as RowTileWidth allows.
  bool (*column_tile)(const Loss& loss, const TileKernels& kernels,
                      const ColumnTileIo& io, size_t n, const float* targets,
                      bool has_gradient, size_t count, const LabelledRow* rows,
                      double* losses);
  /// `tile` for up to kMaxShortRows rows of up to kMaxShortCols columns. No row
  /// is ignored. `losses` has room for an even number of losses, and may be
  /// written even if the result is false. Null except in the x86-64 baseline.
  bool (*short_rows)(const Loss& loss, const Rows<const float>& x,
                     const Rows<const float>* targets, const Rows<float>& dx,
                     size_t first, size_t count, const LabelledRow* rows,
                     double* losses);
  /// The losses of few rows with a label each and their gradients, for a call
  /// without other options; see SoftmaxKernels::few_rows. There are
  /// kFewRows labels, whatever the number of rows. `losses` may be null.
  FewLossesFunction* few_rows;
};

extern const KernelTable<const CrossEntropyKernels> kCrossEntropyKernels;

/// The shares q_c of a row in double, for rows whose shares or whose factors of
/// the gradient do not fit floats. Such rows are rare, so the code does one
/// class at a time.
class DoubleShares {
 public:
  /// `targets` may be null: then each q_c is the part that all classes share.
  /// `smoothing` is label_smoothing / cols.
  DoubleShares(const CrossEntropyOptions& options, const float* targets,
               double smoothing, size_t cols) noexcept
      : targets_(targets),
        weights_(options.class_weights),
        target_share_(1.0 - double{options.label_smoothing}),
        smoothing_(smoothing),
        cols_(cols) {}

  /// sum q_c and sum q_c (x_c - max), where a q_c of 0 adds nothing. NaN if a
  /// target is not finite. `before` has the sums of earlier classes.
  ShareSums Sum(const float* x, float max,
                ShareSums before = {0.0, 0.0}) const noexcept;

  /// dx_c = unit * (ratio * dx_c - q_c).
  void ReplaceExpValues(double unit, double ratio, float* dx) const noexcept;

 private:
  double Of(size_t c) const noexcept;

  const float* targets_;
  const float* weights_;
  double target_share_, smoothing_;
  size_t cols_;
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_KERNELS_H_
