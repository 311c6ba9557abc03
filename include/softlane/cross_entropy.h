// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_CROSS_ENTROPY_H_
#define SOFTLANE_CROSS_ENTROPY_H_

#include <cstdint>

#include "softlane/accuracy.h"
#include "softlane/any_rows.h"
#include "softlane/options.h"
#include "softlane/rows.h"
#include "softlane/status.h"
#include "softlane/target.h"

// Cross-entropy of rows, alone or with its gradient.

namespace softlane {
inline namespace v1 {

/// The cross-entropy of rows of logits and of one class label per row:
///
///   loss[r] = sum_c q_c * -log p_c + z_loss * logsumexp^2,
///   q_c = w_c * ((1 - label_smoothing) * (c == labels[r]) +
///                label_smoothing / cols),
///
/// where p = Softmax(scale * logits[r]), logsumexp is the logsumexp of scale *
/// logits[r], and w is options.class_weights. A row counts unless its label is
/// ignore_index. With Reduction::kMean the divisor is the sum of w_(labels[r])
/// over the counted rows. Without weights, the divisor is the number of counted
/// rows.
///
/// Unless it has null data, dlogits gets the gradient of the result times
/// options.upstream. The gradient of a row is
///
///   u * scale * ((sum_k q_k + 2 * z_loss * logsumexp) * p_c - q_c),
///
/// where u is options.upstream_rows[r] or options.upstream. With kMean, u is
/// options.upstream over the divisor. If p of the label is near 1, the label's
/// gradient is computed from the other classes, so it keeps its accuracy.
///
/// Shapes: labels has logits.rows elements. loss has logits.rows elements with
/// kNone, and one element with kSum and kMean. dlogits has the shape of logits.
/// divisor has one element. It gets the divisor of kMean, rounded to float,
/// whatever the reduction is.
/// Null results: loss and divisor may be null, and dlogits may have null data.
/// A gradient without a loss has the same bits, and saves the logarithm. A call
/// for the divisor alone does not read the logits. A call without loss, dlogits
/// and divisor is kNullPointer, unless loss would have no elements.
/// Aliasing: dlogits may be the view logits, unless options.accumulate is set.
/// No output overlaps any other operand.
/// Zero shares: a class with q_c = 0 adds exactly 0 to the loss, whether its
/// logit is finite or -inf. q_c is 0 if w_c is 0 or the factor in parentheses
/// is 0. If every q_c of a row is 0 and z_loss is 0, the loss is +0. Then the
/// gradient is +0, too, if u is finite.
/// Special values: if a row has NaN or +inf, or if all its logits are -inf, its
/// loss and its gradient are NaN, whatever q is. A logit of -inf adds +inf to
/// the loss if q_c > 0, and -inf if q_c < 0. The gradient follows its formula
/// with p_c = 0. A loss or a gradient beyond the largest float is infinite. A
/// counted row without columns has the loss NaN.
/// Reduction: the losses are added in double, in the order of the rows. Without
/// rows, the sum is 0, and options.zero_if_all_ignored gives the mean. If all
/// counted rows have weight 0, the divisor is 0, and the mean and the gradients
/// of the counted rows are NaN.
/// Accuracy: kCrossEntropyMaxError and kCrossEntropyGradientMaxError.
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

/// The cross-entropy of rows of logits with a target probability for each
/// logit. The loss is as for labels, with
///
///   q_c = w_c * ((1 - label_smoothing) * targets[r, c] +
///                label_smoothing / cols).
///
/// All rows count, and the divisor is the number of rows. targets has the shape
/// of logits and overlaps no output. A target may be any finite number, and the
/// targets of a row need not sum to 1. Where the product of a target and its
/// weight is a subnormal float, q_c is rounded to a subnormal float. If a
/// target is NaN or an infinity, the loss and the gradient of its row are NaN.
/// All else is as for labels.
Status CrossEntropy(const Rows<const float>& logits,
                    const Rows<const float>& targets, float* loss,
                    const Rows<float>& dlogits = {},
                    const CrossEntropyOptions& options = {},
                    float* divisor = nullptr,
                    Target target = Target::kAuto) noexcept;

/// CrossEntropy of any element type: see any_rows.h. The type of dlogits is not
/// read if it has null data. Losses, class weights, upstream_rows and the
/// divisor stay float.
template <typename = void>
Status CrossEntropy(const ConstAnyRows& logits, const int64_t* labels,
                    float* loss, const AnyRows& dlogits = {},
                    const CrossEntropyOptions& options = {},
                    float* divisor = nullptr,
                    Target target = Target::kAuto) noexcept;
template <typename = void>
Status CrossEntropy(const ConstAnyRows& logits, const int32_t* labels,
                    float* loss, const AnyRows& dlogits = {},
                    const CrossEntropyOptions& options = {},
                    float* divisor = nullptr,
                    Target target = Target::kAuto) noexcept;
template <typename = void>
Status CrossEntropy(const ConstAnyRows& logits, const ConstAnyRows& targets,
                    float* loss, const AnyRows& dlogits = {},
                    const CrossEntropyOptions& options = {},
                    float* divisor = nullptr,
                    Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_CROSS_ENTROPY_H_
