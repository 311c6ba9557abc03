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

/// The batches of a call's rows. A batch has logits.rows rows. The labels, the
/// losses of kNone and upstream_rows of the next batch begin so many elements
/// later.
struct LossBatches {
  size_t count = 1;
  size_t labels = 0, losses = 0, upstream = 0;
};
inline constexpr LossBatches kOneBatch;

/// What the calls that make one result share.
struct LossTotals {
  double divisor;      // of all calls
  double total = 0.0;  // of the losses of the calls before
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
  /// Whether gradients are added to what is there.
  bool Adds() const { return options->accumulate && dlogits.data != nullptr; }

  // Not an aggregate: its initialization would clear it all first, by a `rep
  // stos`. Not copies of the views: these would wait for the stores that made
  // the views.
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
  /// The rows that are not ignored. With targets, it only tells whether there
  /// are rows. If there are totals, those of all calls.
  size_t counted;
  /// Of a call that is one of several, else null. Each adds its losses, and
  /// FinishLosses writes the result.
  LossTotals* totals = nullptr;
  const LossBatches* batches = &kOneBatch;
};

/// Does a call that is AreFewRows and has no other options than a reduction and
/// an upstream gradient. False if that takes RunCrossEntropy; then nothing is
/// written. Its labels need not have been checked.
bool RunFewLosses(const CrossEntropyCall& call, Target target) noexcept;

/// Computes the losses and gradients of a call, in the order of its rows.
void RunCrossEntropy(const CrossEntropyCall& call, Target target) noexcept;

/// Rows that are columns of planes, in tiles.
struct LossTileSource {
  /// How many of the rows from `first` on make a tile; at most `count`, and
  /// kMaxTileLanes.
  size_t (*rows)(void* context, size_t first, size_t count);
  /// Does a tile of these rows. False if a row needs more; then nothing is
  /// written.
  bool (*run)(void* context, const Loss& loss, size_t count,
              const LabelledRow* rows, double* losses);
};

/// Rows that are not where CrossEntropyCall has views of them, or no floats.
/// The call's views have the shape of a batch. Their data and strides are those
/// of the rows that were loaded last; the data of dlogits are null if there is
/// no gradient. Rows are counted over all batches.
struct LossSource {
  void* context;
  /// How many rows can be loaded; 0: rows are too long, and `row` does them.
  size_t max_rows;
  /// Takes the gradients from where they were written, and loads rows [first,
  /// first + count); not after the last row.
  void (*load)(void* context, size_t first, size_t count);
  /// The loss of row r. Writes its gradient.
  double (*row)(void* context, const Loss& loss, size_t r,
                const LabelledRow& labelled);
  const LossTileSource* tiles;  // or null
};

/// The same of a call that has rows and columns.
void RunCrossEntropyOf(const LossSource& source, const CrossEntropyCall& call,
                       Target target) noexcept;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_CROSS_ENTROPY_ROWS_H_
