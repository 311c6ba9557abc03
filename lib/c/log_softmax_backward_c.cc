// SPDX-License-Identifier: Apache-2.0
#include "c/convert.h"
#include "c/views.h"
#include "softlane/c.h"
#include "softlane/log_softmax_backward.h"

namespace {

using softlane::Target;
using softlane::c::FromInt;
using softlane::c::In;
using softlane::c::Out;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_log_softmax_backward(const void* log_probs, int log_probs_type,
                                  size_t log_probs_stride,
                                  const void* dlog_probs, int dlog_probs_type,
                                  size_t dlog_probs_stride, void* dlogits,
                                  int dlogits_type, size_t dlogits_stride,
                                  size_t rows, size_t cols, float scale,
                                  int target) {
  return ToInt(softlane::LogSoftmaxBackward(
      In(log_probs, log_probs_type, rows, cols, log_probs_stride),
      In(dlog_probs, dlog_probs_type, rows, cols, dlog_probs_stride),
      Out(dlogits, dlogits_type, rows, cols, dlogits_stride), scale,
      FromInt<Target>(target)));
}

}  // extern "C"
