// SPDX-License-Identifier: Apache-2.0
#include "c/convert.h"
#include "softlane/c.h"
#include "softlane/softmax_axis.h"

namespace {

using softlane::EmptyRow;
using softlane::Target;
using softlane::c::FromInt;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_log_softmax_axis(const float* logits, size_t logits_outer_stride,
                              size_t logits_axis_stride, float* log_probs,
                              size_t log_probs_outer_stride,
                              size_t log_probs_axis_stride, size_t outer,
                              size_t axis, size_t inner, float scale,
                              int empty_row, int target) {
  return ToInt(softlane::LogSoftmaxAxis(
      {logits, outer, axis, inner, logits_outer_stride, logits_axis_stride},
      {log_probs, outer, axis, inner, log_probs_outer_stride,
       log_probs_axis_stride},
      {scale, FromInt<EmptyRow>(empty_row)}, FromInt<Target>(target)));
}

}  // extern "C"
