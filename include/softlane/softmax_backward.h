// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_SOFTMAX_BACKWARD_H_
#define SOFTLANE_SOFTMAX_BACKWARD_H_

#include "softlane/accuracy.h"
#include "softlane/any_rows.h"
#include "softlane/rows.h"
#include "softlane/status.h"
#include "softlane/target.h"

// The gradient of softmax, of whole rows and of rows in parts.

namespace softlane {
inline namespace v1 {

/// The gradient of the logits of `probs = Softmax(scale * logits)` from the
/// gradient of probs:
///
///   dlogits[r, c] = scale * p_c * (dp_c - sum_k p_k * dp_k),
///
/// where p and dp are row r of probs and dprobs.
///
/// The Jacobian d p_i / d x_j = scale * p_i * (delta_ij - p_j) is symmetric, so
/// this product is both the vector-Jacobian product of reverse mode and the
/// Jacobian-vector product of forward mode.
///
/// Shapes: all three views have the same rows and cols.
/// Aliasing: dlogits may be the view probs or the view dprobs.
/// Arguments: scale is finite and > 0.
/// Special values: if a row of probs or dprobs has NaN, the whole row of
/// dlogits is NaN. Where p = 0 and dp is finite, the result is +0 or -0.
/// Accuracy: kSoftmaxBackwardMaxError.
/// Errors: kNullPointer, kBadShape, kOverlap, kBadOption, kTargetUnavailable.
Status SoftmaxBackward(const Rows<const float>& probs,
                       const Rows<const float>& dprobs,
                       const Rows<float>& dlogits, float scale = 1.0f,
                       Target target = Target::kAuto) noexcept;

/// SoftmaxBackward of any element type: see any_rows.h. probs and dprobs have
/// the same type.
Status SoftmaxBackward(const ConstAnyRows& probs, const ConstAnyRows& dprobs,
                       const AnyRows& dlogits, float scale = 1.0f,
                       Target target = Target::kAuto) noexcept;

/// SoftmaxBackward for rows in parts. SoftmaxBackwardDots reads a part of the
/// columns:
///
///   dots[r] = sum_k p_k * dp_k.
///
/// The caller adds the dots of all parts of a row as doubles, in any order.
/// Then SoftmaxBackwardFromDots takes the total as dots[r] and writes the
/// gradients of a part. The terms have both signs, so the order of the
/// additions may change the last bits. With one part the bits are those of
/// SoftmaxBackward.
///
/// Shapes: all views have the same rows and cols. dots has probs.rows elements.
/// Aliasing: dlogits may be the view probs or the view dprobs. dots overlaps no
/// other operand.
/// Special values, accuracy and errors: as for SoftmaxBackward.
Status SoftmaxBackwardDots(const Rows<const float>& probs,
                           const Rows<const float>& dprobs, double* dots,
                           Target target = Target::kAuto) noexcept;
Status SoftmaxBackwardFromDots(const Rows<const float>& probs,
                               const Rows<const float>& dprobs,
                               const double* dots, const Rows<float>& dlogits,
                               float scale = 1.0f,
                               Target target = Target::kAuto) noexcept;

/// SoftmaxBackwardDots and SoftmaxBackwardFromDots of any element type: see
/// any_rows.h. probs and dprobs have the same type.
template <typename = void>
Status SoftmaxBackwardDots(const ConstAnyRows& probs,
                           const ConstAnyRows& dprobs, double* dots,
                           Target target = Target::kAuto) noexcept;
Status SoftmaxBackwardFromDots(const ConstAnyRows& probs,
                               const ConstAnyRows& dprobs, const double* dots,
                               const AnyRows& dlogits, float scale = 1.0f,
                               Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_SOFTMAX_BACKWARD_H_
