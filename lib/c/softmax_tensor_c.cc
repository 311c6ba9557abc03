// SPDX-License-Identifier: Apache-2.0
#include "c/tensors.h"
#include "softlane/c.h"
#include "softlane/softmax_tensor.h"

namespace {

using softlane::EmptyRow;
using softlane::Target;
using softlane::Tensor;
using softlane::c::FromInt;
using softlane::c::In;
using softlane::c::Out;
using softlane::c::RunTensors;

}  // namespace

extern "C" {

int softlane_softmax_tensor(const softlane_tensor* logits,
                            const softlane_tensor* probs, int axis, float scale,
                            int empty_row, int target) {
  return RunTensors(logits != nullptr && probs != nullptr, nullptr,
                    [&](const Tensor<float>&) {
                      return softlane::Softmax(
                          In(logits), Out(probs), axis,
                          {scale, FromInt<EmptyRow>(empty_row)},
                          FromInt<Target>(target));
                    });
}

int softlane_softmax_with_logsumexp_tensor(const softlane_tensor* logits,
                                           const softlane_tensor* probs,
                                           const softlane_tensor* logsumexp,
                                           int axis, float scale, int empty_row,
                                           int target) {
  return RunTensors(
      logits != nullptr && probs != nullptr && logsumexp != nullptr, logsumexp,
      [&](const Tensor<float>& floats) {
        return softlane::SoftmaxWithLogSumExp(
            In(logits), Out(probs), floats, axis,
            {scale, FromInt<EmptyRow>(empty_row)}, FromInt<Target>(target));
      });
}

}  // extern "C"
