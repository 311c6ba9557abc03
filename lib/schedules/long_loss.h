// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_LONG_LOSS_H_
#define SOFTLANE_LIB_SCHEDULES_LONG_LOSS_H_

#include <cstddef>

#include "arith/plan.h"
#include "kernels/block_sums.h"
#include "kernels/cross_entropy_kernels.h"
#include "kernels/cross_entropy_parts.h"
#include "kernels/large_rows.h"
#include "softlane/target.h"

namespace softlane {
namespace internal {

/// Rows that nowhere stand as whole rows of floats.
struct LongRows {
  const void* context;
  size_t cols;
  bool has_targets, has_gradient, are_added_to;
  /// Columns [col, col + n) of the logits, or of the targets, of row r as
  /// floats: in the operand, or widened in the buffer.
  const float* (*logits)(const void* context, size_t r, size_t col, size_t n,
                         float* buffer);
  const float* (*targets)(const void* context, size_t r, size_t col, size_t n,
                          float* buffer);
  /// The place of this part of the gradient as floats: in the output, or in the
  /// buffer.
  float* (*place)(const void* context, size_t r, size_t col, size_t n,
                  float* buffer);
  /// Moves this part of the gradient from its place to the output.
  void (*take)(const void* context, size_t r, size_t col, size_t n,
               float* place);
};

/// The cross-entropy of rows of more than kSumCols columns, part by part, with
/// the bits of CrossEntropyKernels::row. No memory has a row as floats.
///
/// There are up to three passes. The first sums the blocks. The second sums the
/// shares, if classes other than the label have shares. The third computes the
/// exp values again and writes the gradient.
class LongLoss {
 public:
  /// The buffers have kSumCols elements each. A buffer may be null if its
  /// operands are floats in memory.
  LongLoss(const LongRows& rows, float* x_buffer, float* targets_buffer,
           const Loss& loss, Target target) noexcept;
  LongLoss(const LongLoss&) = delete;

  /// Returns the loss of row r and writes its gradient.
  double OfRow(size_t r, const LabelledRow& row);

  /// Writes the gradient of row r, of any length, from its logits and
  /// `logsumexp`, or from its probabilities, if logsumexp is null.
  void WriteFromSaved(size_t r, const LabelledRow& row, const float* logsumexp);

 private:
  // How the probabilities of a row follow from its saved results.
  struct Saved {
    // The probability of an element, in double.
    double ProbabilityOf(float x) const;

    bool are_probs;
    double scale, logsumexp;
    float highest;  // NaN, or the passes cannot do elements above it
  };
  // Columns [col, col + n) of a row.
  struct Part {
    size_t col, n;
    const float* x;
    const float* targets;  // null with labels
  };
  // Calls step(part) for all parts of row r.
  template <class Step>
  void ForPartsOf(size_t r, const Step& step);
  // Calls write(part, place) for all parts, and moves each part of the gradient
  // to the output.
  template <class Write>
  void WriteRow(size_t r, const Write& write);
  void FillRow(size_t r, float value);

  // The sum of the exp values. x_label gets the label's logit.
  BlockSums SumOfRow(size_t r, size_t label, float& x_label);
  // Sets fit_floats to false if floats do not hold the sums.
  ShareSums SumSharesOf(size_t r, float max, bool& fit_floats);
  RowSums SumsOf(const BlockSums& blocks, size_t label, float x_label,
                 const RowPlan& plan, bool has_shares) const;
  DoubleShares DoubleSharesOf(const Part& part) const;
  // Writes the gradient of a row whose exp values have this sum. `saved` is
  // null if the exp values follow from the plan.
  void WriteGradient(size_t r, const LabelledRow& row, double sum,
                     const RowPlan& plan, const RowLoss& result,
                     bool has_shares, bool fit_floats, const Saved* saved);
  // Replaces the exp values of a part by its gradient.
  void FromExps(const Part& part, double sum, double factor,
                const RowLoss& result, bool has_shares, bool in_floats,
                float* dx) const;

  const LongRows& rows_;
  const Loss& loss_;
  const LargeRowKernels& kernels_;
  const BlockPasses& passes_;
  const SharePasses& shares_;
  LossOfPartFunction& loss_of_part_;
  CrossEntropyOptions part_options_;  // the weights are those of the part
  const Loss part_loss_;
  float (*max_or_nan_)(const float* x, size_t n);
  float* const x_;
  float* const targets_;
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_LONG_LOSS_H_
