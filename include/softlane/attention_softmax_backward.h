// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_ATTENTION_SOFTMAX_BACKWARD_H_
#define SOFTLANE_ATTENTION_SOFTMAX_BACKWARD_H_

#include "softlane/attention_softmax.h"
#include "softlane/rows.h"
#include "softlane/status.h"
#include "softlane/target.h"

namespace softlane {
inline namespace v1 {

/// The gradients of a sink's logit need what the forward pass knew of it.
struct AttentionSinkGradient {
  /// As AttentionSoftmaxWithLogSumExp gave it; one element per row.
  const float* logsumexp = nullptr;
  /// Gets the gradient of sinks[r]: -exp(sinks[r] - logsumexp[r]) * dot, or +0
  /// for a sink of -inf. Null: none. Accuracy, for the logsumexp given, with P
  /// = exp(sinks[r] - logsumexp[r]): kSoftmaxBackwardMaxError * 2^-24 * P *
  /// sum_k |p_k * dp_k| plus, for what underflows, 2^-125 * sum_k |p_k * dp_k|
  /// + 2^-148 * (1 + cols * P).
  float* dsinks = nullptr;
};

/// dscores[r, c] = scale * cap'(z) * p_c * (dp_c - dot), dot = sum_k p_k *
/// dp_k: the gradient of the scores of `probs = AttentionSoftmax(scores,
/// options)` from the gradient of probs. cap'(z) = 1 - tanh(scale * score /
/// softcap)^2 with options.softcap, else 1. With scale 1 and no softcap it is
/// also the gradient of options.bias.
///
/// Where p_c is 0 the gradient is exactly +0, whatever dp_c is: so a masked NaN
/// or infinity goes nowhere. What lengths, causal and window mask is not read.
/// alibi_slope, bias and keep do not occur in the formula; bias and keep are
/// checked like operands all the same. As in AttentionSoftmax, scale * score
/// beyond the largest float is infinite.
/// Shapes: all views have the same rows and cols. Without softcap, scores is
/// not looked at at all. dscores may be the view probs, dprobs or scores. The
/// sink gradient needs options.sinks and logsumexp, else kNullPointer; without
/// dsinks logsumexp is not looked at.
///
/// Accuracy: kSoftmaxBackwardMaxError. With softcap the bound is (16 + 4 *
/// |scale * score / softcap|) * 2^-24 of the same magnitude times cap', plus
/// 2^-113 times the magnitude without cap': a cap' below 2^-113 may count as 0.
/// That holds where scale * score and softcap are no subnormal floats.
///
/// Errors: kNullPointer, kBadShape, kOverlap, kBadOption, kTargetUnavailable.
Status AttentionSoftmaxBackward(const Rows<const float>& probs,
                                const Rows<const float>& dprobs,
                                const Rows<const float>& scores,
                                const Rows<float>& dscores,
                                const AttentionOptions& options = {},
                                const AttentionSinkGradient& sink = {},
                                Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_ATTENTION_SOFTMAX_BACKWARD_H_
