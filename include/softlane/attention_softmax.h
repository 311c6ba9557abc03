// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_ATTENTION_SOFTMAX_H_
#define SOFTLANE_ATTENTION_SOFTMAX_H_

#include "softlane/accuracy.h"
#include "softlane/any_rows.h"
#include "softlane/options.h"
#include "softlane/rows.h"
#include "softlane/status.h"
#include "softlane/target.h"

// Attention's softmax of a matrix [queries, keys].

namespace softlane {
inline namespace v1 {

/// probs[r, c] = exp(z_c) / (exp(sink) + sum_k exp(z_k)). The sum is over the
/// keys k that are not masked. AttentionOptions says how z is computed from a
/// score. Without a sink, exp(sink) is left out.
///
/// Accuracy: each step to z is rounded to float once. In the steps of
/// alibi_slope and of bias_scale, the product and the sum are rounded together.
/// The step of softcap has the error kSoftcapMaxUlp. For the resulting logits
/// z, the probabilities have the error kSoftmaxMaxUlp. Without options, and
/// without empty rows, the bits are those of Softmax.
/// Shapes: scores and probs have the same rows and cols.
/// Types: options.bias may be of a half type. It gives the bits of the bias
/// widened to float.
/// Aliasing: probs may be the view scores. It overlaps no other operand.
/// Masks: a masked key gets exactly +0, whatever its score is, unless empty_row
/// makes the whole row NaN. At keys that lengths, causal or window exclude,
/// neither the score nor the bias nor keep is read. A bias of -inf masks a key
/// unless the key's logit before the bias is NaN or +inf.
/// Special values: if the sink is NaN or +inf, or if z of an unmasked key is
/// NaN or +inf, all unmasked keys of the row get NaN. In other rows, an
/// unmasked key with z = -inf gets exactly +0.
/// Overflow: a step to z whose result is beyond the largest float gives an
/// infinity. Therefore scale * score may overflow here, unlike in Softmax. The
/// step of softcap bounds infinities, too: +inf becomes softcap, and -inf
/// becomes -softcap.
/// Errors: kNullPointer, kBadShape, kOverlap, kBadOption, kTargetUnavailable.
Status AttentionSoftmax(const Rows<const float>& scores,
                        const Rows<float>& probs,
                        const AttentionOptions& options = {},
                        Target target = Target::kAuto) noexcept;
/// AttentionSoftmax of any element type: see any_rows.h. options.bias says
/// which types the bias may have. At keys that lengths, causal or window
/// exclude, elements may be read, but they change nothing.
Status AttentionSoftmax(const ConstAnyRows& scores, const AnyRows& probs,
                        const AttentionOptions& options = {},
                        Target target = Target::kAuto) noexcept;

/// AttentionSoftmax, and in the same call logsumexp[r] = log(exp(sink) + sum_k
/// exp(z_k)).
///
/// Special values of logsumexp: NaN if the sink or z of an unmasked key is NaN,
/// otherwise +inf if one of them is +inf. An empty row gives -inf.
/// Accuracy of logsumexp: kLogSumExpMaxError, for the logits z.
/// Shapes: logsumexp has scores.rows elements and overlaps no other operand.
/// All else is as for AttentionSoftmax; probs has the same bits.
Status AttentionSoftmaxWithLogSumExp(const Rows<const float>& scores,
                                     const Rows<float>& probs, float* logsumexp,
                                     const AttentionOptions& options = {},
                                     Target target = Target::kAuto) noexcept;
/// AttentionSoftmaxWithLogSumExp of any element type, as for AttentionSoftmax.
Status AttentionSoftmaxWithLogSumExp(const ConstAnyRows& scores,
                                     const AnyRows& probs, float* logsumexp,
                                     const AttentionOptions& options = {},
                                     Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_ATTENTION_SOFTMAX_H_
