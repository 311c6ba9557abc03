// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_ATTENTION_HEADS_BACKWARD_H_
#define SOFTLANE_ATTENTION_HEADS_BACKWARD_H_

#include "softlane/attention_heads.h"
#include "softlane/status.h"
#include "softlane/target.h"
#include "softlane/tensor.h"

namespace softlane {
inline namespace v1 {

/// The gradient of the sinks, and the result of the forward pass that it needs:
/// tensors [batch, heads, queries, 1].
struct AttentionHeadsSinkGradient {
  /// The logsumexp of AttentionSoftmaxWithLogSumExp.
  Tensor<const float> logsumexp = {};
  /// The output: the part of each query in the gradient of its head's sink, as
  /// AttentionSinkGradient::dsinks. The gradient of a sink is the sum over
  /// batch and queries. Null data means that it is not wanted.
  Tensor<float> dsinks = {};
};

/// AttentionSoftmaxBackward of each head, for the gradient of the scores of
/// `probs = AttentionSoftmax(scores, options)`: see
/// attention_softmax_backward.h. The bits are those of a call per head.
///
/// Shapes and types: as for AttentionSoftmax of all heads. probs, dprobs and
/// scores have one type. Without a softcap, scores is neither checked nor read.
/// Aliasing: dscores may be the view probs, dprobs or scores. It may interleave
/// with other operands: see softmax_tensor.h.
/// Sinks: sink.dsinks needs options.sinks and sink.logsumexp, else the status
/// is kNullPointer. Without dsinks, logsumexp is neither checked nor read.
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
