// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_ATTENTION_SOFTMAX_BACKWARD_H_
#define SOFTLANE_ATTENTION_SOFTMAX_BACKWARD_H_

#include "softlane/accuracy.h"
#include "softlane/any_rows.h"
#include "softlane/options.h"
#include "softlane/rows.h"
#include "softlane/status.h"
#include "softlane/target.h"

// The gradient of attention's softmax of a matrix [queries, keys].

namespace softlane {
inline namespace v1 {

/// The gradient of the sinks, and the logsumexp that it is computed from.
struct AttentionSinkGradient {
  /// The logsumexp of AttentionSoftmaxWithLogSumExp: one element per row.
  const float* logsumexp = nullptr;
  /// The output, one element per row: dsinks[r] = -P * dot, where P =
  /// exp(sinks[r] - logsumexp[r]), and dot is as in AttentionSoftmaxBackward. A
  /// sink of -inf gets +0. If dsinks is null, the gradient of the sinks is not
  /// computed.
  /// Accuracy, for the given logsumexp: the error is at most
  /// kSoftmaxBackwardMaxError * 2^-24 * P * sum_k |p_k * dp_k|. Underflow adds
  /// at most 2^-125 * sum_k |p_k * dp_k| + 2^-148 * (1 + cols * P).
  float* dsinks = nullptr;
};

/// The gradient of the scores of `probs = AttentionSoftmax(scores, options)`
/// from the gradient of probs:
///
///   dscores[r, c] = scale * cap' * p_c * (dp_c - dot), dot = sum_k p_k * dp_k,
///
/// where p and dp are row r of probs and dprobs. cap' is the derivative of
/// options.softcap, 1 - tanh(scale * scores[r, c] / softcap)^2; without a
/// softcap it is 1. With scale 1 and no softcap, dscores is also the gradient
/// of bias_scale * options.bias.
///
/// Shapes: all views have the same rows and cols. Without a softcap, scores is
/// neither checked nor read, so it may be {}.
/// Aliasing: dscores may be the view probs, dprobs or scores.
/// Sinks: if sink.dsinks is not null, options.sinks and sink.logsumexp are
/// needed, too: without them the status is kNullPointer. Without dsinks,
/// logsumexp is neither checked nor read.
/// Masks: where p_c is 0 the gradient is exactly +0, whatever dp_c is.
/// Therefore a NaN or an infinity under a mask reaches no other key. Keys that
/// lengths, causal or window exclude are not read. alibi_slope, bias,
/// bias_scale and keep are not in the formula and not used. But bias and keep
/// are checked as operands.
/// Special values: if p_c is NaN, or if dp_c is NaN where p_c is not 0, all
/// keys of the row whose p is not 0 get NaN.
/// Overflow: as in AttentionSoftmax, scale * score beyond the largest float is
/// infinite.
/// Accuracy: kSoftmaxBackwardMaxError without a softcap. With a softcap the
/// error is at most
///   (16 + 4 * |scale * score / softcap|) * 2^-24 * cap' * m + 2^-113 * m,
/// where m is scale * |p_c| * (|dp_c| + sum_k |p_k * dp_k|). Underflow adds as
/// much as in kSoftmaxBackwardMaxError. The second term means that a cap' below
/// 2^-113 may count as 0. This bound holds where scale * score and softcap are
/// not subnormal floats.
/// Errors: kNullPointer, kBadShape, kOverlap, kBadOption, kTargetUnavailable.
Status AttentionSoftmaxBackward(const Rows<const float>& probs,
                                const Rows<const float>& dprobs,
                                const Rows<const float>& scores,
                                const Rows<float>& dscores,
                                const AttentionOptions& options = {},
                                const AttentionSinkGradient& sink = {},
                                Target target = Target::kAuto) noexcept;

/// AttentionSoftmaxBackward of any element type: see any_rows.h. probs, dprobs
/// and scores have the same type. Without a softcap, the type of scores is not
/// checked.
Status AttentionSoftmaxBackward(const ConstAnyRows& probs,
                                const ConstAnyRows& dprobs,
                                const ConstAnyRows& scores,
                                const AnyRows& dscores,
                                const AttentionOptions& options = {},
                                const AttentionSinkGradient& sink = {},
                                Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_ATTENTION_SOFTMAX_BACKWARD_H_
