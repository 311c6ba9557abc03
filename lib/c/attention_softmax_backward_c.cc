// SPDX-License-Identifier: Apache-2.0
#include "c/attention_options.h"
#include "c/convert.h"
#include "softlane/attention_softmax_backward.h"
#include "softlane/c.h"

namespace {

using softlane::Target;
using softlane::c::FromC;
using softlane::c::FromInt;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_attention_softmax_backward(
    const float* probs, size_t probs_stride, const float* dprobs,
    size_t dprobs_stride, const float* scores, size_t scores_stride,
    float* dscores, size_t dscores_stride, size_t rows, size_t cols,
    const softlane_attention_options* options, const float* logsumexp,
    float* dsinks, int target) {
  return ToInt(softlane::AttentionSoftmaxBackward(
      {probs, rows, cols, probs_stride}, {dprobs, rows, cols, dprobs_stride},
      {scores, rows, cols, scores_stride},
      {dscores, rows, cols, dscores_stride}, FromC(options, rows, cols),
      {logsumexp, dsinks}, FromInt<Target>(target)));
}

}  // extern "C"
