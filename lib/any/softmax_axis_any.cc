// SPDX-License-Identifier: Apache-2.0
#include "any/any_axis.h"
#include "softlane/softmax.h"
#include "softlane/softmax_axis.h"

namespace softlane {
inline namespace v1 {

Status SoftmaxAxis(const ConstAnyPlanes& logits, const AnyPlanes& probs,
                   const SoftmaxOptions& options, Target target) noexcept {
  return internal::RunAnyAxis(
      {&SoftmaxAxis, &Softmax, &internal::RunSoftmaxColumns}, logits, probs,
      options, target);
}

}  // namespace v1
}  // namespace softlane
