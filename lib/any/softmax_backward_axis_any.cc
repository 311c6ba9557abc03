// SPDX-License-Identifier: Apache-2.0
#include "any/any_axis.h"
#include "any/any_check.h"
#include "softlane/softmax_axis.h"
#include "softlane/softmax_backward.h"

namespace softlane {
inline namespace v1 {

Status SoftmaxBackwardAxis(const ConstAnyPlanes& probs,
                           const ConstAnyPlanes& dprobs,
                           const AnyPlanes& dlogits, float scale,
                           Target target) noexcept {
  if (internal::AreFloats(probs, dprobs, dlogits)) {
    return SoftmaxBackwardAxis(internal::AddressOf(probs),
                               internal::AddressOf(dprobs),
                               internal::AddressOf(dlogits), scale, target);
  }
  return internal::RunAnyBackwardAxis(
      {&SoftmaxBackward, &internal::RunBackwardColumns}, probs, dprobs, dlogits,
      scale, target);
}

}  // namespace v1
}  // namespace softlane
