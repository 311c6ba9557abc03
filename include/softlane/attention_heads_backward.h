// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_ATTENTION_HEADS_BACKWARD_H_
#define SOFTLANE_ATTENTION_HEADS_BACKWARD_H_

#include "softlane/attention_heads.h"
#include "softlane/status.h"
#include "softlane/target.h"
#include "softlane/tensor.h"

// The gradient of attention's softmax, of all heads of a batch in one call.

namespace softlane {
inline namespace v1 {

/// The gradient of the sinks, and the logsumexp that it is computed from. Both
/// are tensors [batch, heads, queries, 1].
struct AttentionHeadsSinkGradient {
  /// The logsumexp of AttentionSoftmaxWithLogSumExp.
  Tensor<const float> logsumexp = {};
  /// The output: for each query, its summand of the gradient of its head's
  /// sink, as in AttentionSinkGradient::dsinks. The gradient of a head's sink
  /// is the sum of the elements over batch and queries. If dsinks has null
  /// data, it is not computed.
  Tensor<float> dsinks = {};
};

/// AttentionSoftmaxBackward of each head: the gradient of the scores of `probs
/// = AttentionSoftmax(scores, options)`. See attention_softmax_backward.h for
/// the formula, masks, special values and accuracy. The bits are those of one
/// call per head.
///
/// Shapes and types: as for AttentionSoftmax of all heads. probs, dprobs and
/// scores have the same type. Without a softcap, scores is neither checked nor
/// read.
/// Aliasing: dscores may be the view probs, dprobs or scores. It may interleave
/// with other operands: see softmax_tensor.h.
/// Sinks: if sink.dsinks has data, options.sinks and sink.logsumexp are needed,
/// too: without them the status is kNullPointer. Without dsinks, logsumexp is
/// neither checked nor read.
/// Errors: as for AttentionSoftmax of all heads.
Status AttentionSoftmaxBackward(const ConstAnyTensor& probs,
                                const ConstAnyTensor& dprobs,
                                const ConstAnyTensor& scores,
                                const AnyTensor& dscores,
                                const AttentionHeadsOptions& options = {},
                                const AttentionHeadsSinkGradient& sink = {},
                                Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_ATTENTION_HEADS_BACKWARD_H_
