// SPDX-License-Identifier: Apache-2.0
#include "c/convert.h"
#include "c/views.h"
#include "softlane/c.h"
#include "softlane/softmax_axis.h"

namespace {

using softlane::EmptyRow;
using softlane::Rows;
using softlane::Target;
using softlane::c::FromInt;
using softlane::c::In;
using softlane::c::Out;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_log_softmax_axis(const void* logits, int logits_type,
                              size_t logits_outer_stride,
                              size_t logits_axis_stride, void* log_probs,
                              int log_probs_type, size_t log_probs_outer_stride,
                              size_t log_probs_axis_stride, size_t outer,
                              size_t axis, size_t inner, float scale,
                              int empty_row, int target) {
  return ToInt(softlane::LogSoftmaxAxis(
      In(logits, logits_type, outer, axis, inner, logits_outer_stride,
         logits_axis_stride),
      Out(log_probs, log_probs_type, outer, axis, inner, log_probs_outer_stride,
          log_probs_axis_stride),
      {scale, FromInt<EmptyRow>(empty_row)}, FromInt<Target>(target)));
}

int softlane_logsumexp_axis(const void* logits, int logits_type,
                            size_t logits_outer_stride,
                            size_t logits_axis_stride, float* logsumexp,
                            size_t logsumexp_stride, size_t outer, size_t axis,
                            size_t inner, float scale, int target) {
  return ToInt(softlane::LogSumExpAxis(
      In(logits, logits_type, outer, axis, inner, logits_outer_stride,
         logits_axis_stride),
      Rows<float>(logsumexp, outer, inner, logsumexp_stride), scale,
      FromInt<Target>(target)));
}

}  // extern "C"
