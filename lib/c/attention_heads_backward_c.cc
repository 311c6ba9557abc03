// SPDX-License-Identifier: Apache-2.0
#include "c/heads_options.h"
#include "softlane/attention_heads_backward.h"

namespace {

using softlane::AttentionHeadsSinkGradient;
using softlane::Target;
using softlane::Tensor;
using softlane::c::FromC;
using softlane::c::FromInt;
using softlane::c::In;
using softlane::c::Out;
using softlane::c::RunTensors;
using softlane::c::TensorOf;

}  // namespace

extern "C" {

int softlane_attention_softmax_backward_heads(
    const softlane_tensor* probs, const softlane_tensor* dprobs,
    const softlane_tensor* scores, const softlane_tensor* dscores,
    const softlane_attention_heads_options* options,
    const softlane_tensor* logsumexp, const softlane_tensor* dsinks,
    int target) {
  const bool has_all = probs != nullptr && dprobs != nullptr &&
                       scores != nullptr && dscores != nullptr;
  return RunTensors(has_all, dsinks, [&](const Tensor<float>& gradient) {
    AttentionHeadsSinkGradient sink = {{}, gradient};
    if (dsinks != nullptr && logsumexp != nullptr) {
      if (logsumexp->type != SOFTLANE_F32) return softlane::Status::kBadOption;
      sink.logsumexp = TensorOf<const float>(logsumexp);
    }
    return softlane::AttentionSoftmaxBackward(In(probs), In(dprobs), In(scores),
                                              Out(dscores), FromC(options),
                                              sink, FromInt<Target>(target));
  });
}

}  // extern "C"
