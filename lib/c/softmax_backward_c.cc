// SPDX-License-Identifier: Apache-2.0
#include "c/convert.h"
#include "c/views.h"
#include "softlane/c.h"
#include "softlane/softmax_backward.h"

namespace {

using softlane::Target;
using softlane::c::FromInt;
using softlane::c::In;
using softlane::c::Out;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_softmax_backward(const void* probs, int probs_type,
                              size_t probs_stride, const void* dprobs,
                              int dprobs_type, size_t dprobs_stride,
                              void* dlogits, int dlogits_type,
                              size_t dlogits_stride, size_t rows, size_t cols,
                              float scale, int target) {
  return ToInt(softlane::SoftmaxBackward(
      In(probs, probs_type, rows, cols, probs_stride),
      In(dprobs, dprobs_type, rows, cols, dprobs_stride),
      Out(dlogits, dlogits_type, rows, cols, dlogits_stride), scale,
      FromInt<Target>(target)));
}

}  // extern "C"
