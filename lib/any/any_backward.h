// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ANY_ANY_BACKWARD_H_
#define SOFTLANE_LIB_ANY_ANY_BACKWARD_H_

#include "any/half_gradient_rows.h"
#include "any/joint_chunks.h"
#include "softlane/any_rows.h"
#include "softlane/status.h"
#include "softlane/target.h"

namespace softlane {
namespace internal {

/// What the backward passes of softmax and of log-softmax differ in.
struct BackwardFunctions {
  /// Writes the gradients of a chunk of whole rows; or of a part of a row, from
  /// the row's sum. Null: the rows are whole.
  void (*write)(const JointChunk& chunk, float scale, const double* sum,
                Target target);
  bool is_log;
};

extern const BackwardFunctions kSoftmaxBackward, kLogSoftmaxBackward;

/// Does a call that has elements, and some that are not floats in rows. Its
/// arguments have been checked.
void RunBackwardLines(const BackwardFunctions& floats,
                      const HalfGradientsCall& call) noexcept;

/// Checks a call with half types, and does it. For log-softmax p has
/// log-probabilities.
Status RunAnyBackward(const BackwardFunctions& floats, const ConstAnyRows& p,
                      const ConstAnyRows& dp, const AnyRows& dx, float scale,
                      Target target) noexcept;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ANY_ANY_BACKWARD_H_
