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

/// The functions in which the backward passes of softmax and of log-softmax
/// differ.
struct BackwardFunctions {
  /// Writes the gradients of a chunk. With a null sum, the chunk has whole
  /// rows. Otherwise it is a part of a row, and `sum` is the sum of the whole
  /// row.
  void (*write)(const JointChunk& chunk, float scale, const double* sum,
                Target target);
  bool is_log;
};

extern const BackwardFunctions kSoftmaxBackward, kLogSoftmaxBackward;

/// Does a call with elements, some of which are not floats in rows. The
/// arguments have been checked.
void RunBackwardLines(const BackwardFunctions& floats,
                      const HalfGradientsCall& call) noexcept;

/// Checks a call with half types, and does it. For log-softmax, p has
/// log-probabilities.
Status RunAnyBackward(const BackwardFunctions& floats, const ConstAnyRows& p,
                      const ConstAnyRows& dp, const AnyRows& dx, float scale,
                      Target target) noexcept;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ANY_ANY_BACKWARD_H_
