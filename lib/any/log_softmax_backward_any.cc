// SPDX-License-Identifier: Apache-2.0
#include "any/any_backward.h"
#include "any/any_check.h"
#include "dispatch.h"
#include "kernels/backward_passes.h"
#include "softlane/log_softmax_backward.h"

namespace softlane {
namespace {

void Write(const internal::JointChunk& chunk, float scale, const double* sum,
           Target target) {
  internal::KernelsOf(internal::kLogSoftmaxBackwardRows, target)(
      chunk.x[0], chunk.x[1], chunk.y, scale, sum, false);
}

}  // namespace

namespace internal {

const BackwardFunctions kLogSoftmaxBackward = {&Write, true};

}  // namespace internal

inline namespace v1 {

Status LogSoftmaxBackward(const ConstAnyRows& log_probs,
                          const ConstAnyRows& dlog_probs,
                          const AnyRows& dlogits, float scale,
                          Target target) noexcept {
  if (internal::AreFloats(log_probs, dlog_probs, dlogits)) {
    return LogSoftmaxBackward(internal::FloatsOf(log_probs),
                              internal::FloatsOf(dlog_probs),
                              internal::FloatsOf(dlogits), scale, target);
  }
  return internal::RunAnyBackward(internal::kLogSoftmaxBackward, log_probs,
                                  dlog_probs, dlogits, scale, target);
}

}  // namespace v1
}  // namespace softlane
