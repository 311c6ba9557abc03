// SPDX-License-Identifier: Apache-2.0
#include "c/heads_options.h"

namespace {

using softlane::Target;
using softlane::Tensor;
using softlane::c::FromC;
using softlane::c::FromInt;
using softlane::c::In;
using softlane::c::Out;
using softlane::c::RunTensors;

}  // namespace

extern "C" {

int softlane_attention_softmax_heads(
    const softlane_tensor* scores, const softlane_tensor* probs,
    const softlane_tensor* logsumexp,
    const softlane_attention_heads_options* options, int target) {
  return RunTensors(
      scores != nullptr && probs != nullptr, logsumexp,
      [&](const Tensor<float>& floats) {
        const auto converted = FromC(options);
        const auto chosen = FromInt<Target>(target);
        return logsumexp == nullptr
                   ? softlane::AttentionSoftmax(In(scores), Out(probs),
                                                converted, chosen)
                   : softlane::AttentionSoftmaxWithLogSumExp(
                         In(scores), Out(probs), floats, converted, chosen);
      });
}

}  // extern "C"
