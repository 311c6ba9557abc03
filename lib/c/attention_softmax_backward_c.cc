// SPDX-License-Identifier: Apache-2.0
#include "c/attention_options.h"
#include "c/convert.h"
#include "c/views.h"
#include "softlane/attention_softmax_backward.h"
#include "softlane/c.h"

namespace {

using softlane::Target;
using softlane::c::FromC;
using softlane::c::FromInt;
using softlane::c::In;
using softlane::c::Out;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_attention_softmax_backward(
    const void* probs, int probs_type, size_t probs_stride, const void* dprobs,
    int dprobs_type, size_t dprobs_stride, const void* scores, int scores_type,
    size_t scores_stride, void* dscores, int dscores_type,
    size_t dscores_stride, size_t rows, size_t cols,
    const softlane_attention_options* options, const float* logsumexp,
    float* dsinks, int target) {
  return ToInt(softlane::AttentionSoftmaxBackward(
      In(probs, probs_type, rows, cols, probs_stride),
      In(dprobs, dprobs_type, rows, cols, dprobs_stride),
      In(scores, scores_type, rows, cols, scores_stride),
      Out(dscores, dscores_type, rows, cols, dscores_stride),
      FromC(options, rows, cols), {logsumexp, dsinks},
      FromInt<Target>(target)));
}

}  // extern "C"
