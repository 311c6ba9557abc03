// SPDX-License-Identifier: Apache-2.0
#include "c/convert.h"
#include "softlane/c.h"
#include "softlane/log_softmax_backward.h"

namespace {

using softlane::Target;
using softlane::c::FromInt;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_log_softmax_backward(const float* log_probs,
                                  size_t log_probs_stride,
                                  const float* dlog_probs,
                                  size_t dlog_probs_stride, float* dlogits,
                                  size_t dlogits_stride, size_t rows,
                                  size_t cols, float scale, int target) {
  return ToInt(softlane::LogSoftmaxBackward(
      {log_probs, rows, cols, log_probs_stride},
      {dlog_probs, rows, cols, dlog_probs_stride},
      {dlogits, rows, cols, dlogits_stride}, scale, FromInt<Target>(target)));
}

}  // extern "C"
