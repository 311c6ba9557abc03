// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_CROSS_ENTROPY_H_
#define SOFTLANE_CROSS_ENTROPY_H_

#include <cstdint>

#include "softlane/rows.h"
#include "softlane/status.h"
#include "softlane/target.h"

namespace softlane {
inline namespace v1 {

/// What becomes of the losses of the rows.
enum class Reduction : uint8_t {
  kNone = 0,  ///< One loss per row.
  kSum = 1,   ///< Their sum.
  kMean = 2,  ///< Their sum over the divisor: see CrossEntropyOptions.
};

/// How a cross-entropy is taken; defaults and meaning are those of PyTorch's
/// cross_entropy. Settings only: threads can share one.
struct CrossEntropyOptions {
  /// Of the rows' losses.
  Reduction reduction = Reduction::kMean;
  /// A row with this label counts for nothing: loss and gradient are +0, its
  /// logits are not read. May lie inside [0, cols). Not for probability
  /// targets.
  int64_t ignore_index = -100;
  /// The share of the target that is spread evenly over all classes: in [0, 1].
  float label_smoothing = 0.0f;
  /// cols finite weights >= 0, one per class; null for 1 each. Not read if
  /// there are no rows.
  const float* class_weights = nullptr;
  /// Adds z_loss * logsumexp^2 to the loss of a counted row; finite, >= 0.
  float z_loss = 0.0f;
  /// Multiplies the logits first: finite and > 0.
  float scale = 1.0f;
  /// The gradient of what the caller does with the result: with kNone an
  /// element per row if `upstream_rows` is not null; else, and with the other
  /// reductions, `upstream` for all. Not looked at without dlogits.
  const float* upstream_rows = nullptr;
  /// For all rows.
  float upstream = 1.0f;
  /// kMean when no row counts: NaN (0 / 0), or 0.
  bool zero_if_all_ignored = false;
};

/// The largest error of a row's loss is this times
///   max(1, |loss|)  with labels alone: no class_weights, smoothing or z_loss;
///   2 max(1, sum_c a_c max(1, |log p_c|) + z_loss * (1 + logsumexp^2))  else.
/// Here a_c = w_c * ((1 - label_smoothing) * |target_c| + label_smoothing /
/// cols), which is q_c unless a target is negative; with labels target_c is 1
/// for the label and 0 for the others. A sum or a mean rounds once more, to
/// float.
inline constexpr double kCrossEntropyMaxError = 0x1.4p-22;

/// The largest error of a gradient, in units of 2^-24 * |u| * scale, where u is
/// upstream, over the divisor with kMean: this times
///   p_c, but 1 - p_c for the label,  with labels alone;
///   (sum_k a_k + 2 * z_loss * (1 + |logsumexp|)) * p_c + a_c  else.
/// What underflows adds at most 2^-144 and
///   2^-125 * |u| * scale * (sum_k a_k + 2 * z_loss * |logsumexp|),
/// the latter times cols for the label.
inline constexpr double kCrossEntropyGradientMaxError = 10.0;

/// The cross-entropy of rows of logits and of one class label per row:
///
///   loss[r] = sum_c q_c * -log p_c + z_loss * logsumexp^2,
///   q_c = w_c * ((1 - label_smoothing) * (c == labels[r]) +
///                label_smoothing / cols),
///
/// where p = Softmax(scale * logits[r]), logsumexp is that of scale *
/// logits[r], w are the class weights. With Reduction::kMean the divisor is the
/// sum of w_(labels[r]) over the counted rows; without weights that is their
/// number.
///
/// dlogits, unless its data is null, gets the gradient of the (reduced) loss
/// times upstream: for a row, u * scale * ((sum_c q_c + 2 * z_loss * logsumexp)
/// * p_c - q_c), where u is upstream, over the divisor with kMean. Where p of
/// the label is near 1, the label's gradient is computed from the other
/// classes, so it keeps its accuracy.
///
/// Zero shares: a class with q_c = 0 adds exactly 0 to the loss, whether its
/// logit is finite or -inf. q_c is 0 where w_c is 0 or the other factor is. A
/// row whose every q_c is 0 has, with z_loss 0, the loss +0 and the gradient
/// +0, if upstream is finite and the divisor is not 0.
/// Special values: a row with NaN or +inf, or of -inf only, has NaN for its
/// loss and its gradient, whatever its q is. A logit of -inf adds +inf to the
/// loss if q_c > 0, and -inf if q_c < 0; the gradient follows its formula with
/// p_c = 0. A loss or a gradient beyond the largest float is infinite.
/// Reduction: the rows' losses are added in double, in their order. Without
/// rows the sum is 0 and the mean that of no counted row. A counted row without
/// columns has the loss NaN. With kMean, a divisor of 0 in spite of counted
/// rows, all of weight 0, makes the loss NaN, and the gradient of the counted
/// rows.
///
/// Shapes: labels has logits.rows elements; loss has logits.rows elements with
/// kNone, else one; dlogits has the shape of logits or null data, and may be
/// the view logits. divisor, unless null, gets what kMean divides by, rounded
/// to float, whatever the reduction. Otherwise no output overlaps another
/// operand.
/// Errors: kBadLabel for a label that is neither in [0, cols) nor ignore_index;
/// kNullPointer, kBadShape, kOverlap, kBadOption, kTargetUnavailable.
Status CrossEntropy(const Rows<const float>& logits, const int64_t* labels,
                    float* loss, const Rows<float>& dlogits = {},
                    const CrossEntropyOptions& options = {},
                    float* divisor = nullptr,
                    Target target = Target::kAuto) noexcept;
Status CrossEntropy(const Rows<const float>& logits, const int32_t* labels,
                    float* loss, const Rows<float>& dlogits = {},
                    const CrossEntropyOptions& options = {},
                    float* divisor = nullptr,
                    Target target = Target::kAuto) noexcept;

/// The same for a probability per class and row:
///
///   q_c = w_c * ((1 - label_smoothing) * targets[r, c] +
///                label_smoothing / cols).
///
/// All rows count; the divisor is their number. targets has the shape of logits
/// and overlaps no output. A target may be any finite number, and a row of
/// targets need not sum to 1. Where the product of a target and its weight is a
/// subnormal float, q_c is rounded as such. A row with NaN or an infinity among
/// its targets has NaN for its loss and its gradient.
Status CrossEntropy(const Rows<const float>& logits,
                    const Rows<const float>& targets, float* loss,
                    const Rows<float>& dlogits = {},
                    const CrossEntropyOptions& options = {},
                    float* divisor = nullptr,
                    Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_CROSS_ENTROPY_H_
