// SPDX-License-Identifier: Apache-2.0
#include "softlane/c.h"
#include "c/convert.h"
#include "c/loss_options.h"
#include "c/views.h"
#include "softlane/cross_entropy_axis.h"

namespace {

using softlane::CrossEntropyOptions;
using softlane::Rows;
using softlane::Target;
using softlane::c::FromC;
using softlane::c::FromInt;
using softlane::c::In;
using softlane::c::Out;
using softlane::c::ToInt;

Rows<float> LossesOf(float* loss, size_t outer, size_t inner, size_t stride,
                     const CrossEntropyOptions& options) {
  if (options.reduction != softlane::Reduction::kNone) return {loss, 1, 1};
  return {loss, outer, inner, stride};
}

}  // namespace

extern "C" {

int softlane_cross_entropy_axis_i64(
    const void* logits, int logits_type, size_t logits_outer_stride,
    size_t logits_axis_stride, const int64_t* labels, size_t labels_stride,
    float* loss, size_t loss_stride, void* dlogits, int dlogits_type,
    size_t dlogits_outer_stride, size_t dlogits_axis_stride, size_t outer,
    size_t axis, size_t inner, const softlane_cross_entropy_options* options,
    float* divisor, int target) {
  const CrossEntropyOptions chosen = FromC(options);
  return ToInt(softlane::CrossEntropyAxis(
      In(logits, logits_type, outer, axis, inner, logits_outer_stride,
         logits_axis_stride),
      Rows<const int64_t>(labels, outer, inner, labels_stride),
      LossesOf(loss, outer, inner, loss_stride, chosen),
      Out(dlogits, dlogits_type, outer, axis, inner, dlogits_outer_stride,
          dlogits_axis_stride),
      chosen, divisor, FromInt<Target>(target)));
}

int softlane_cross_entropy_axis_i32(
    const void* logits, int logits_type, size_t logits_outer_stride,
    size_t logits_axis_stride, const int32_t* labels, size_t labels_stride,
    float* loss, size_t loss_stride, void* dlogits, int dlogits_type,
    size_t dlogits_outer_stride, size_t dlogits_axis_stride, size_t outer,
    size_t axis, size_t inner, const softlane_cross_entropy_options* options,
    float* divisor, int target) {
  const CrossEntropyOptions chosen = FromC(options);
  return ToInt(softlane::CrossEntropyAxis(
      In(logits, logits_type, outer, axis, inner, logits_outer_stride,
         logits_axis_stride),
      Rows<const int32_t>(labels, outer, inner, labels_stride),
      LossesOf(loss, outer, inner, loss_stride, chosen),
      Out(dlogits, dlogits_type, outer, axis, inner, dlogits_outer_stride,
          dlogits_axis_stride),
      chosen, divisor, FromInt<Target>(target)));
}

int softlane_cross_entropy_axis_probs(
    const void* logits, int logits_type, size_t logits_outer_stride,
    size_t logits_axis_stride, const void* targets, int targets_type,
    size_t targets_outer_stride, size_t targets_axis_stride, float* loss,
    size_t loss_stride, void* dlogits, int dlogits_type,
    size_t dlogits_outer_stride, size_t dlogits_axis_stride, size_t outer,
    size_t axis, size_t inner, const softlane_cross_entropy_options* options,
    float* divisor, int target) {
  const CrossEntropyOptions chosen = FromC(options);
  return ToInt(softlane::CrossEntropyAxis(
      In(logits, logits_type, outer, axis, inner, logits_outer_stride,
         logits_axis_stride),
      In(targets, targets_type, outer, axis, inner, targets_outer_stride,
         targets_axis_stride),
      LossesOf(loss, outer, inner, loss_stride, chosen),
      Out(dlogits, dlogits_type, outer, axis, inner, dlogits_outer_stride,
          dlogits_axis_stride),
      chosen, divisor, FromInt<Target>(target)));
}

}  // extern "C"
