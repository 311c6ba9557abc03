// SPDX-License-Identifier: Apache-2.0
#include "any/any_axis.h"
#include "softlane/log_softmax.h"
#include "softlane/softmax_axis.h"

namespace softlane {
inline namespace v1 {

Status LogSoftmaxAxis(const ConstAnyPlanes& logits, const AnyPlanes& log_probs,
                      const SoftmaxOptions& options, Target target) noexcept {
  return internal::RunAnyAxis(
      {&LogSoftmaxAxis, &LogSoftmax, &internal::RunLogSoftmaxColumns}, logits,
      log_probs, options, target);
}

}  // namespace v1
}  // namespace softlane
