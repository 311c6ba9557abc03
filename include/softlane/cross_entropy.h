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

namespace softlane {
inline namespace v1 {

/// The cross-entropy of rows of logits and of one class label per row:
///
///   loss[r] = sum_c q_c * -log p_c + z_loss * logsumexp^2,
///   q_c = w_c * ((1 - label_smoothing) * (c == labels[r]) +
///                label_smoothing / cols),
///
/// where p = Softmax(scale * logits[r]), logsumexp is the logsumexp of scale *
/// logits[r], and w are the class weights. A row counts unless its label is
/// ignore_index. With Reduction::kMean the divisor is the sum of w_(labels[r])
/// over the counted rows; without weights it is the number of counted rows.
///
/// dlogits gets the gradient of the result times upstream, unless its data is
/// null. The gradient of a row is
///
///   u * scale * ((sum_k q_k + 2 * z_loss * logsumexp) * p_c - q_c),
///
/// where u is upstream_rows[r] or upstream; with kMean, u is upstream over the
/// divisor. Where p of the label is near 1, the label's gradient is computed
/// from the other classes, so it keeps its accuracy.
///
/// Shapes: labels has logits.rows elements. loss is null, or has logits.rows
/// elements with kNone, else one element. dlogits has the shape of logits or
/// null data. divisor is null or one element. It gets the divisor of kMean,
/// rounded to float, whatever the reduction is.
/// Null results: a gradient without a loss needs no logarithm, and has the bits
/// of a call with a loss. A call for the divisor alone does not read the
/// logits. A call without loss, dlogits and divisor is kNullPointer, unless
/// loss would have no elements.
/// Aliasing: dlogits may be the view logits, unless options.accumulate is set.
/// No output overlaps any other operand.
/// Zero shares: a class with q_c = 0 adds exactly 0 to the loss, whether its
/// logit is finite or -inf. q_c is 0 where w_c or the factor after it is 0. If
/// every q_c of a row is 0 and z_loss is 0, the loss is +0. The gradient is +0,
/// too, if upstream is finite and the divisor is not 0.
/// Special values: a row with NaN or +inf, or a row of -inf only, has NaN for
/// its loss and its gradient, whatever its q is. A logit of -inf adds +inf to
/// the loss if q_c > 0, and -inf if q_c < 0; the gradient follows its formula
/// with p_c = 0. A loss or a gradient beyond the largest float is infinite. A
/// counted row without columns has the loss NaN.
/// Reduction: the losses are added in double, in the order of the rows. Without
/// rows, the sum is 0 and the mean is that of no counted row. If all counted
/// rows have weight 0, the divisor is 0; then the mean and the gradients of the
/// counted rows are NaN.
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

/// The cross-entropy of rows of logits and of a target probability per class
/// and row. The loss is as for labels, with
///
///   q_c = w_c * ((1 - label_smoothing) * targets[r, c] +
///                label_smoothing / cols).
///
/// All rows count, and the divisor is the number of rows. targets has the shape
/// of logits and overlaps no output. A target may be any finite number, and the
/// targets of a row need not sum to 1. Where the product of a target and its
/// weight is a subnormal float, q_c is rounded to a subnormal float. A row with
/// NaN or an infinity among its targets has NaN for its loss and its gradient.
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
