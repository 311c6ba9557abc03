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

int softlane_softmax_backward_dots(const float* probs, size_t probs_stride,
                                   const float* dprobs, size_t dprobs_stride,
                                   double* dots, size_t rows, size_t cols,
                                   int target) {
  return ToInt(softlane::SoftmaxBackwardDots(
      {probs, rows, cols, probs_stride}, {dprobs, rows, cols, dprobs_stride},
      dots, FromInt<Target>(target)));
}

int softlane_softmax_backward_from_dots(const float* probs, size_t probs_stride,
                                        const float* dprobs,
                                        size_t dprobs_stride,
                                        const double* dots, float* dlogits,
                                        size_t dlogits_stride, size_t rows,
                                        size_t cols, float scale, int target) {
  return ToInt(softlane::SoftmaxBackwardFromDots(
      {probs, rows, cols, probs_stride}, {dprobs, rows, cols, dprobs_stride},
      dots, {dlogits, rows, cols, dlogits_stride}, scale,
      FromInt<Target>(target)));
}

}  // extern "C"
