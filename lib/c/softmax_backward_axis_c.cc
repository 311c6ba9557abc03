// SPDX-License-Identifier: Apache-2.0
#include "c/convert.h"
#include "softlane/c.h"
#include "softlane/softmax_axis.h"

namespace {

using softlane::Target;
using softlane::c::FromInt;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_softmax_backward_axis(
    const float* probs, size_t probs_outer_stride, size_t probs_axis_stride,
    const float* dprobs, size_t dprobs_outer_stride, size_t dprobs_axis_stride,
    float* dlogits, size_t dlogits_outer_stride, size_t dlogits_axis_stride,
    size_t outer, size_t axis, size_t inner, float scale, int target) {
  return ToInt(softlane::SoftmaxBackwardAxis(
      {probs, outer, axis, inner, probs_outer_stride, probs_axis_stride},
      {dprobs, outer, axis, inner, dprobs_outer_stride, dprobs_axis_stride},
      {dlogits, outer, axis, inner, dlogits_outer_stride, dlogits_axis_stride},
      scale, FromInt<Target>(target)));
}

}  // extern "C"
