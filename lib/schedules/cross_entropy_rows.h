// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_CROSS_ENTROPY_ROWS_H_
#define SOFTLANE_LIB_SCHEDULES_CROSS_ENTROPY_ROWS_H_

#include <cstddef>

#include "kernels/cross_entropy_kernels.h"
#include "schedules/labels.h"
#include "softlane/cross_entropy.h"
#include "softlane/rows.h"
#include "softlane/target.h"

// The schedule of cross-entropy: rows in tiles or one by one, and the sum or
// mean of their losses.

namespace softlane {
namespace internal {

/// The batches of a call's rows. A batch has logits.rows rows. The numbers of
/// elements say how far the labels, the losses of kNone and the upstream_rows
/// of the next batch are from this batch.
struct LossBatches {
  size_t count = 1;
  size_t labels = 0, losses = 0, upstream = 0;
};
inline constexpr LossBatches kOneBatch;

/// The numbers that several calls with one common result share.
struct LossTotals {
  double divisor;      // of all calls
  double total = 0.0;  // the sum of losses so far
};

struct CrossEntropyCall {
  bool HasLabels() const { return targets == nullptr; }
  bool IsIgnored(size_t r) const {
    return HasLabels() && labels[r] == options->ignore_index;
  }
  double NumCounted() const {
    if (HasLabels()) return static_cast<double>(counted);
    return static_cast<double>(logits.rows) *
           static_cast<double>(batches->count);
  }
  /// Whether gradients are added to the elements of dlogits.
  bool Adds() const { return options->accumulate && dlogits.data != nullptr; }

  // A constructor, because the initialization of an aggregate would first clear
  // the whole struct by a `rep stos`. The views are references, because copies
  // would wait for the stores that made the views.
  CrossEntropyCall(const Rows<const float>& x, float* losses,
                   const Rows<float>& dx, const CrossEntropyOptions& all,
                   float* divided_by)
      : logits(x),
        loss(losses),
        dlogits(dx),
        options(&all),
        divisor(divided_by) {}

  const Rows<const float>& logits;
  Labels labels;                               // none with targets
  const Rows<const float>* targets = nullptr;  // null with labels
  float* loss;
  const Rows<float>& dlogits;
  const CrossEntropyOptions* options;
  float* divisor;
  /// Whether label_smoothing and the class weights are 0 or at least 2^-40, and
  /// the scale is at most 2^60. Then the products of these numbers, and their
  /// products with logits, are not subnormal where they count.
  bool shares_fit_floats;
  /// The number of rows that are not ignored, in all calls that share totals.
  /// With targets, it only says whether there are rows.
  size_t counted;
  /// The totals of several calls with one result, or null. Each call adds its
  /// losses, and FinishLosses writes the result.
  LossTotals* totals = nullptr;
  const LossBatches* batches = &kOneBatch;
};

/// Does a call of few rows, see AreFewRows, whose only options are a reduction
/// and an upstream gradient. Gives false and writes nothing if the call needs
/// RunCrossEntropy. The labels need not have been checked.
bool RunFewLosses(const CrossEntropyCall& call, Target target) noexcept;

/// Computes the losses and gradients of a call, in the order of its rows.
void RunCrossEntropy(const CrossEntropyCall& call, Target target) noexcept;

/// Rows that are columns of planes, in tiles.
struct LossTileSource {
  /// How many of the rows from `first` on make a tile; at most `count`, and
  /// kMaxTileLanes.
  size_t (*rows)(void* context, size_t first, size_t count);
  /// Does a tile of these rows. Gives false and writes nothing if a row needs
  /// another pass.
  bool (*run)(void* context, const Loss& loss, size_t count,
              const LabelledRow* rows, double* losses);
};

/// A source of rows that are not floats, or that have no views of rows. The
/// call's views have the shape of a batch. Their data and strides are those of
/// the rows that were loaded last. The data of dlogits are null if there is no
/// gradient. Rows are counted over all batches.
struct LossSource {
  void* context;
  /// The number of rows that can be loaded at a time. 0 means that rows are too
  /// long, and `row` does them.
  size_t max_rows;
  /// Stores the gradients of the rows that were loaded before, and loads rows
  /// [first, first + count). After the last row, `count` is 0.
  void (*load)(void* context, size_t first, size_t count);
  /// The loss of row r. Writes its gradient.
  double (*row)(void* context, const Loss& loss, size_t r,
                const LabelledRow& labelled);
  const LossTileSource* tiles;  // or null
};

/// RunCrossEntropy with rows from a source, for a call that has rows and
/// columns.
void RunCrossEntropyOf(const LossSource& source, const CrossEntropyCall& call,
                       Target target) noexcept;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_CROSS_ENTROPY_ROWS_H_
