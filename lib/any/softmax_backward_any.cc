// SPDX-License-Identifier: Apache-2.0
#include "any/any_backward.h"
#include "any/any_check.h"
#include "dispatch.h"
#include "kernels/backward_passes.h"
#include "softlane/softmax_backward.h"

namespace softlane {
namespace {

void Write(const internal::JointChunk& chunk, float scale, const double* dot,
           Target target) {
  const Rows<const float>&p = chunk.x[0], &dp = chunk.x[1];
  const Rows<float>& dx = chunk.y;
  if (dot == nullptr) {
    return internal::Done(SoftmaxBackward(p, dp, dx, scale, target));
  }
  internal::KernelsOf(internal::kSoftmaxBackwardKernels, target)
      .write({p.data, dp.data, dx.data, dx.cols, scale}, *dot);
}

}  // namespace

namespace internal {

const BackwardFunctions kSoftmaxBackward = {&Write, false};

}  // namespace internal

inline namespace v1 {

Status SoftmaxBackward(const ConstAnyRows& probs, const ConstAnyRows& dprobs,
                       const AnyRows& dlogits, float scale,
                       Target target) noexcept {
  if (internal::AreFloats(probs, dprobs, dlogits)) {
    return SoftmaxBackward(internal::FloatsOf(probs),
                           internal::FloatsOf(dprobs),
                           internal::FloatsOf(dlogits), scale, target);
  }
  return internal::RunAnyBackward(internal::kSoftmaxBackward, probs, dprobs,
                                  dlogits, scale, target);
}

}  // namespace v1
}  // namespace softlane
