// SPDX-License-Identifier: Apache-2.0
#include "c/convert.h"
#include "softlane/c.h"
#include "softlane/softmax_backward.h"

namespace {

using softlane::Target;
using softlane::c::FromInt;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_softmax_backward(const float* probs, size_t probs_stride,
                              const float* dprobs, size_t dprobs_stride,
                              float* dlogits, size_t dlogits_stride,
                              size_t rows, size_t cols, float scale,
                              int target) {
  return ToInt(softlane::SoftmaxBackward(
      {probs, rows, cols, probs_stride}, {dprobs, rows, cols, dprobs_stride},
      {dlogits, rows, cols, dlogits_stride}, scale, FromInt<Target>(target)));
}

}  // extern "C"
