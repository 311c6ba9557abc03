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

int softlane_log_softmax_backward_axis(
    const void* log_probs, int log_probs_type, size_t log_probs_outer_stride,
    size_t log_probs_axis_stride, const void* dlog_probs, int dlog_probs_type,
    size_t dlog_probs_outer_stride, size_t dlog_probs_axis_stride,
    void* dlogits, int dlogits_type, size_t dlogits_outer_stride,
    size_t dlogits_axis_stride, size_t outer, size_t axis, size_t inner,
    float scale, int target) {
  return ToInt(softlane::LogSoftmaxBackwardAxis(
      In(log_probs, log_probs_type, outer, axis, inner, log_probs_outer_stride,
         log_probs_axis_stride),
      In(dlog_probs, dlog_probs_type, outer, axis, inner,
         dlog_probs_outer_stride, dlog_probs_axis_stride),
      Out(dlogits, dlogits_type, outer, axis, inner, dlogits_outer_stride,
          dlogits_axis_stride),
      scale, FromInt<Target>(target)));
}

}  // extern "C"
