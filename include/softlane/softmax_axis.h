// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_SOFTMAX_AXIS_H_
#define SOFTLANE_SOFTMAX_AXIS_H_

#include "softlane/planes.h"
#include "softlane/softmax.h"
#include "softlane/status.h"
#include "softlane/target.h"

namespace softlane {
inline namespace v1 {

// Softmax and its relatives along an axis that is not the last: what is a row
// for them is here the elements (o, 0, i) to (o, axis - 1, i). Formula, special
// values and accuracy are those of the function without "Axis", and so are the
// bits: they are those it gives for the transposed tensor.
//
// Shapes: all views of a call have the same outer, axis and inner; the output
// may be the view of an input.
// Errors: kNullPointer, kBadShape, kOverlap, kBadOption, kTargetUnavailable.
// Speed: nothing is allocated or transposed. inner is what is vectorized; where
// it is below the number of floats in a vector (16 with AVX-512), lanes idle.

/// probs[o, a, i] = exp(scale * logits[o, a, i]) /
///                  sum_k exp(scale * logits[o, k, i]): see Softmax.
Status SoftmaxAxis(const Planes<const float>& logits,
                   const Planes<float>& probs,
                   const SoftmaxOptions& options = {},
                   Target target = Target::kAuto) noexcept;

/// log_probs[o, a, i] = scale * logits[o, a, i] -
///                      log(sum_k exp(scale * logits[o, k, i])): see
///                      LogSoftmax.
Status LogSoftmaxAxis(const Planes<const float>& logits,
                      const Planes<float>& log_probs,
                      const SoftmaxOptions& options = {},
                      Target target = Target::kAuto) noexcept;

/// dlogits[o, a, i] = scale * p_a * (dp_a - sum_k p_k * dp_k), with p and dp of
/// probs and dprobs at (o, i): see SoftmaxBackward.
Status SoftmaxBackwardAxis(const Planes<const float>& probs,
                           const Planes<const float>& dprobs,
                           const Planes<float>& dlogits, float scale = 1.0f,
                           Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_SOFTMAX_AXIS_H_
