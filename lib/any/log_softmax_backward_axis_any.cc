// SPDX-License-Identifier: Apache-2.0
#include "any/any_axis.h"
#include "any/any_check.h"
#include "softlane/log_softmax_backward.h"
#include "softlane/softmax_axis.h"

namespace softlane {
inline namespace v1 {

Status LogSoftmaxBackwardAxis(const ConstAnyPlanes& log_probs,
                              const ConstAnyPlanes& dlog_probs,
                              const AnyPlanes& dlogits, float scale,
                              Target target) noexcept {
  if (internal::AreFloats(log_probs, dlog_probs, dlogits)) {
    return LogSoftmaxBackwardAxis(internal::AddressOf(log_probs),
                                  internal::AddressOf(dlog_probs),
                                  internal::AddressOf(dlogits), scale, target);
  }
  return internal::RunAnyBackwardAxis(
      {&LogSoftmaxBackward, &internal::RunLogBackwardColumns}, log_probs,
      dlog_probs, dlogits, scale, target);
}

}  // namespace v1
}  // namespace softlane
