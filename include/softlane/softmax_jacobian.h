// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_SOFTMAX_JACOBIAN_H_
#define SOFTLANE_SOFTMAX_JACOBIAN_H_

#include <cstddef>

#include "softlane/rows.h"
#include "softlane/status.h"
#include "softlane/target.h"

// The Jacobian of softmax.

namespace softlane {
inline namespace v1 {

/// The Jacobian of softmax for one row of n probabilities, probs = Softmax(x):
///
///   jacobian[i, j] = d p_i / d x_j = p_i * ((i == j) - p_j).
///
/// The result is the whole matrix diag(p) - p p^T, for study and checks.
/// SoftmaxBackward multiplies this matrix by a vector without forming it.
///
/// Shapes: probs has n elements. jacobian has n rows and n columns.
/// Aliasing: jacobian does not overlap probs.
/// Special values: if probs[i] is NaN, row i and column i of the matrix are
/// NaN.
/// Accuracy: every element is rounded once. The matrix is symmetric to the bit.
/// Errors: kNullPointer, kBadShape, kOverlap, kTargetUnavailable.
Status SoftmaxJacobian(const float* probs, size_t n,
                       const Rows<float>& jacobian,
                       Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_SOFTMAX_JACOBIAN_H_
