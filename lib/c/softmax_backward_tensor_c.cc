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

int softlane_softmax_backward_tensor(const softlane_tensor* probs,
                                     const softlane_tensor* dprobs,
                                     const softlane_tensor* dlogits, int axis,
                                     float scale, int target) {
  return RunTensors(probs != nullptr && dprobs != nullptr && dlogits != nullptr,
                    nullptr, [&](const Tensor<float>&) {
                      return softlane::SoftmaxBackward(
                          In(probs), In(dprobs), Out(dlogits), axis, scale,
                          FromInt<Target>(target));
                    });
}

}  // extern "C"
