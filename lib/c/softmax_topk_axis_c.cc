// SPDX-License-Identifier: Apache-2.0
#include "c/convert.h"
#include "c/views.h"
#include "softlane/c.h"
#include "softlane/softmax_topk.h"

namespace {

using softlane::EmptyRow;
using softlane::Target;
using softlane::c::FromInt;
using softlane::c::In;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_softmax_topk_axis(const void* logits, int logits_type,
                               size_t logits_outer_stride,
                               size_t logits_axis_stride, size_t k,
                               float* top_probs, size_t top_probs_outer_stride,
                               size_t top_probs_axis_stride, int32_t* indices,
                               size_t indices_outer_stride,
                               size_t indices_axis_stride, size_t outer,
                               size_t axis, size_t inner, float scale,
                               int renormalize, int empty_row, int target) {
  return ToInt(softlane::SoftmaxTopKAxis(
      In(logits, logits_type, outer, axis, inner, logits_outer_stride,
         logits_axis_stride),
      k,
      {top_probs, outer, k, inner, top_probs_outer_stride,
       top_probs_axis_stride},
      {indices, outer, k, inner, indices_outer_stride, indices_axis_stride},
      {scale, renormalize != 0, FromInt<EmptyRow>(empty_row)},
      FromInt<Target>(target)));
}

}  // extern "C"
