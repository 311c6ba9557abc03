// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_ATTENTION_TILE_BACKWARD_H_
#define SOFTLANE_ATTENTION_TILE_BACKWARD_H_

#include "softlane/accuracy.h"
#include "softlane/any_rows.h"
#include "softlane/attention_tile.h"
#include "softlane/rows.h"
#include "softlane/softmax_state.h"
#include "softlane/status.h"
#include "softlane/target.h"

// The gradient of attention's softmax on tiles of keys.

namespace softlane {
inline namespace v1 {

/// The backward pass of attention on tiles of keys, the counterpart of
/// AttentionTile. It writes the probabilities of a tile and the gradient of its
/// scores:
///
///   p_c = exp(z_c) / (exp(sinks[r]) + sum_k exp(z_k)),
///   dscores[r, c] = scale * cap' * p_c * (dprobs[r, c] - delta[r]).
///
/// The sum is over all keys of the row, which states[r] has read.
/// options.attention.sinks are the sinks that FinishRows had. cap' is the
/// derivative of the softcap, as in AttentionSoftmaxBackward. An engine starts
/// from the gradient `dout` of the output `out` of FinishRows:
///
///   SoftmaxBackwardDots(out, dout, delta);      // sum_d out * dout of a row
///   for (each tile of keys) {
///     scores = queries * keys^T                 // by the engine
///     dprobs = dout * values^T
///     AttentionTileBackward(scores, dprobs, states, delta, dscores, probs,
///                           options);
///     dvalues += probs^T * dout
///     dqueries += dscores * keys
///     dkeys += dscores^T * queries
///   }
///
/// The gradient of a sink is -exp(sinks[r] - logsumexp[r]) * delta[r].
///
/// Order: an element of dscores or probs depends on its score, its dprobs, its
/// masks, and on the state, the sink and the delta of its row. It depends on
/// nothing else. So the tiles may come in any order, and may differ from the
/// tiles of the forward pass: the bits are the same.
/// Bits: probs has the bits of AttentionSoftmax if the states have the bits of
/// one call: see attention_tile.h. Then dscores has the bits of
/// AttentionSoftmaxBackward, if delta[r] is the dot that
/// AttentionSoftmaxBackward computes for row r.
/// Shapes: scores, dprobs, dscores and probs have the same rows and cols.
/// states and delta have scores.rows elements. probs may have null data: then p
/// is not written.
/// Types: dscores, probs and the bias are each of floats or of a half type.
/// BFloat16 and Float16 do not go together in one call. A result of a half type
/// is the result of floats, rounded once.
/// Aliasing: an output of floats may be the view scores or the view dprobs, but
/// dscores and probs may not be the same view. The outputs overlap no other
/// operand.
/// Arguments: if a state has read neither NaN nor +inf, no z of an unmasked key
/// is above the maximum that the state has read.
/// Masks: a masked key and a key with p = 0 get exactly +0, whatever dprobs is.
/// Keys that lengths, causal or window exclude are not read.
/// Special values: if the state of a row has read a z of NaN or +inf, or if its
/// sink is NaN or +inf, the unmasked keys of the row get NaN. A row without a
/// sink that has read masked keys only is empty: all its keys get +0 or NaN, as
/// empty_row says.
/// Accuracy: p has the error kSoftmaxMaxUlp for the logits z. For this p and
/// the given delta, dscores has the error of AttentionSoftmaxBackward, where
/// |delta[r]| replaces sum_k |p_k * dp_k|.
/// Errors: kBadOption also if a state has another use than kSoftmax;
/// kNullPointer, kBadShape, kOverlap, kTargetUnavailable.
Status AttentionTileBackward(const Rows<const float>& scores,
                             const Rows<const float>& dprobs,
                             const SoftmaxState* states, const double* delta,
                             const AnyRows& dscores, const AnyRows& probs = {},
                             const AttentionTileOptions& options = {},
                             Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_ATTENTION_TILE_BACKWARD_H_
