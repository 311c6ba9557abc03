// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_ATTENTION_SOFTMAX_H_
#define SOFTLANE_ATTENTION_SOFTMAX_H_

#include "softlane/accuracy.h"
#include "softlane/any_rows.h"
#include "softlane/options.h"
#include "softlane/rows.h"
#include "softlane/status.h"
#include "softlane/target.h"

namespace softlane {
inline namespace v1 {

/// probs[r, c] = exp(z_c) / (exp(sink) + sum_k exp(z_k)). The sum is over the
/// keys k that are not masked. AttentionOptions says what z is.
///
/// Accuracy: each step to z rounds once to float. The product and the sum of
/// alibi_slope round together, and so do those of bias_scale; softcap has the
/// error kSoftcapMaxUlp. For the logits z that result, the probabilities have
/// the error kSoftmaxMaxUlp. Without options the bits are those of Softmax.
/// Shapes: scores and probs have the same rows and cols.
/// Types: options.bias may be of a half type. The bits are those of the widened
/// bias.
/// Aliasing: probs may be the view scores. It overlaps no other operand.
/// Masks: a masked key gets exactly +0, whatever its score is, unless empty_row
/// makes the whole row NaN. Scores and masks that lengths, causal and window
/// exclude are not read. A bias of -inf masks a key unless the key's logit
/// before the bias is NaN or +inf.
/// Special values: if the sink or the z of an unmasked key is NaN or +inf, the
/// unmasked keys of the row get NaN. In other rows an unmasked key with a z of
/// -inf gets exactly +0.
/// Overflow: a step to z whose result is beyond the largest float gives an
/// infinity. Therefore scale * score may overflow here, unlike in Softmax.
/// softcap bounds infinities, too: it makes +inf softcap and -inf -softcap.
/// Errors: kNullPointer, kBadShape, kOverlap, kBadOption, kTargetUnavailable.
Status AttentionSoftmax(const Rows<const float>& scores,
                        const Rows<float>& probs,
                        const AttentionOptions& options = {},
                        Target target = Target::kAuto) noexcept;
/// AttentionSoftmax of any element type: see any_rows.h. options.bias is float,
/// or of a half type, which is that of scores or probs if one of them is of a
/// half type. Scores and masks that are excluded may be read, but change
/// nothing.
Status AttentionSoftmax(const ConstAnyRows& scores, const AnyRows& probs,
                        const AttentionOptions& options = {},
                        Target target = Target::kAuto) noexcept;

/// AttentionSoftmax, and logsumexp[r] = log(exp(sink) + sum_k exp(z_k)).
///
/// Special values of logsumexp: -inf for an empty row; NaN if the sink or the z
/// of an unmasked key is NaN; else +inf if one of them is +inf.
/// Accuracy of logsumexp: kLogSumExpMaxError, for the logits z.
/// Shapes: logsumexp has scores.rows elements and overlaps no other operand.
/// All else is as for AttentionSoftmax; probs has the same bits.
Status AttentionSoftmaxWithLogSumExp(const Rows<const float>& scores,
                                     const Rows<float>& probs, float* logsumexp,
                                     const AttentionOptions& options = {},
                                     Target target = Target::kAuto) noexcept;
/// The same of any element type, as for AttentionSoftmax.
Status AttentionSoftmaxWithLogSumExp(const ConstAnyRows& scores,
                                     const AnyRows& probs, float* logsumexp,
                                     const AttentionOptions& options = {},
                                     Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_ATTENTION_SOFTMAX_H_
