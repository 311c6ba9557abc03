// SPDX-License-Identifier: Apache-2.0
#include "softlane/attention_tile_backward.h"

#include "c/attention_options.h"
#include "c/convert.h"
#include "c/states.h"
#include "c/views.h"
#include "softlane/c.h"

namespace {

using softlane::Target;
using softlane::c::FromC;
using softlane::c::FromInt;
using softlane::c::Out;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_attention_tile_backward(
    const float* scores, size_t scores_stride, const float* dprobs,
    size_t dprobs_stride, const softlane_softmax_state* states,
    const double* delta, void* dscores, int dscores_type, size_t dscores_stride,
    void* probs, int probs_type, size_t probs_stride, size_t rows, size_t cols,
    const softlane_attention_tile_options* options, int target) {
  return ToInt(softlane::AttentionTileBackward(
      {scores, rows, cols, scores_stride}, {dprobs, rows, cols, dprobs_stride},
      FromC(states), delta,
      Out(dscores, dscores_type, rows, cols, dscores_stride),
      Out(probs, probs_type, rows, cols, probs_stride),
      FromC(options, rows, cols), FromInt<Target>(target)));
}

}  // extern "C"
