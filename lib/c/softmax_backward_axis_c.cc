// SPDX-License-Identifier: Apache-2.0
#include "c/convert.h"
#include "c/views.h"
#include "softlane/c.h"
#include "softlane/softmax_axis.h"

namespace {

using softlane::Target;
using softlane::c::FromInt;
using softlane::c::In;
using softlane::c::Out;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_softmax_backward_axis(
    const void* probs, int probs_type, size_t probs_outer_stride,
    size_t probs_axis_stride, const void* dprobs, int dprobs_type,
    size_t dprobs_outer_stride, size_t dprobs_axis_stride, void* dlogits,
    int dlogits_type, size_t dlogits_outer_stride, size_t dlogits_axis_stride,
    size_t outer, size_t axis, size_t inner, float scale, int target) {
  return ToInt(softlane::SoftmaxBackwardAxis(
      In(probs, probs_type, outer, axis, inner, probs_outer_stride,
         probs_axis_stride),
      In(dprobs, dprobs_type, outer, axis, inner, dprobs_outer_stride,
         dprobs_axis_stride),
      Out(dlogits, dlogits_type, outer, axis, inner, dlogits_outer_stride,
          dlogits_axis_stride),
      scale, FromInt<Target>(target)));
}

}  // extern "C"
