// SPDX-License-Identifier: Apache-2.0
#include "softlane/log_softmax_backward.h"

#include "softlane/softmax_axis.h"
#include "tensor/tensor_gradient.h"

namespace softlane {
inline namespace v1 {

Status LogSoftmaxBackward(const ConstAnyTensor& log_probs,
                          const ConstAnyTensor& dlog_probs,
                          const AnyTensor& dlogits, int axis, float scale,
                          Target target) noexcept {
  return internal::RunTensorGradient(
      {&LogSoftmaxBackward, &LogSoftmaxBackwardAxis,
       internal::kLogSoftmaxBackward},
      log_probs, dlog_probs, dlogits, axis, scale, target);
}

}  // namespace v1
}  // namespace softlane
