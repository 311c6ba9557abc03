// SPDX-License-Identifier: Apache-2.0
#include "c/tensors.h"
#include "softlane/c.h"
#include "softlane/softmax_tensor.h"

namespace {

using softlane::Target;
using softlane::Tensor;
using softlane::c::FromInt;
using softlane::c::In;
using softlane::c::Out;
using softlane::c::RunTensors;

}  // namespace

extern "C" {

int softlane_log_softmax_backward_tensor(const softlane_tensor* log_probs,
                                         const softlane_tensor* dlog_probs,
                                         const softlane_tensor* dlogits,
                                         int axis, float scale, int target) {
  return RunTensors(
      log_probs != nullptr && dlog_probs != nullptr && dlogits != nullptr,
      nullptr, [&](const Tensor<float>&) {
        return softlane::LogSoftmaxBackward(In(log_probs), In(dlog_probs),
                                            Out(dlogits), axis, scale,
                                            FromInt<Target>(target));
      });
}

}  // extern "C"
