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

namespace softlane {
inline namespace v1 {

/// The backward pass of attention on tiles of keys, as AttentionTile is the
/// forward pass: the probabilities of a tile, and the gradient of its scores,
///
///   p_c = exp(z_c) / (exp(sinks[r]) + sum_k exp(z_k)),
///   dscores[r, c] = scale * cap' * p_c * (dprobs[r, c] - delta[r]).
///
/// The sum is over all keys of the row, which states[r] has read. The sinks are
/// options.attention.sinks: those of FinishRows. cap' is the derivative of the
/// softcap, as for AttentionSoftmaxBackward. An engine has the gradient `dout`
/// of the output `out` of FinishRows:
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
/// Order: an element depends on its score, its masks and the numbers of its
/// row, on nothing else. So the tiles may come in any order, and may be others
/// than those of the forward pass: the bits are the same.
/// Bits: p has the bits of AttentionSoftmax if the states have those of one
/// call: see attention_tile.h. Then dscores has the bits of
/// AttentionSoftmaxBackward for the delta that this function computes.
/// Shapes: scores, dprobs, dscores and probs have the same rows and cols;
/// states and delta have scores.rows elements. probs may have null data: then
/// p is not written.
/// Types: dscores and probs are of floats or of a half type. A bias may be of a
/// half type. Two half types do not meet in one call. Results of a half type
/// are those of floats, rounded once.
/// Aliasing: dscores may be the view scores or the view dprobs, and probs may
/// be the other one, if they are of floats. They overlap no other operand.
/// Arguments: the z of an unmasked key is not above the maximum that the state
/// has read, unless this is NaN or +inf.
/// Masks: a key with p = 0 gets exactly +0, whatever its dprobs is. So does a
/// masked key. Keys that lengths, causal and window exclude are not read.
/// Special values: the unmasked keys of a row that has read NaN or +inf, or
/// has such a sink, get NaN. A row without a sink that has read no key but
/// masked keys is empty: all its keys get +0 or NaN, as empty_row says.
/// Accuracy: p has the error kSoftmaxMaxUlp for the logits z. For this p and
/// the given delta, dscores has the error of AttentionSoftmaxBackward, with
/// |delta[r]| in the place of sum_k |p_k * dp_k|.
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
