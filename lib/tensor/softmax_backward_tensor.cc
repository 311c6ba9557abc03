// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax_backward.h"

#include "softlane/softmax_axis.h"
#include "tensor/tensor_gradient.h"

namespace softlane {
inline namespace v1 {

Status SoftmaxBackward(const ConstAnyTensor& probs,
                       const ConstAnyTensor& dprobs, const AnyTensor& dlogits,
                       int axis, float scale, Target target) noexcept {
  return internal::RunTensorGradient(
      {&SoftmaxBackward, &SoftmaxBackwardAxis, internal::kSoftmaxBackward},
      probs, dprobs, dlogits, axis, scale, target);
}

}  // namespace v1
}  // namespace softlane
