// SPDX-License-Identifier: Apache-2.0
#include "c/convert.h"
#include "c/views.h"
#include "softlane/c.h"
#include "softlane/log_softmax.h"

namespace {

using softlane::EmptyRow;
using softlane::Target;
using softlane::c::FromInt;
using softlane::c::In;
using softlane::c::Out;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_log_softmax(const void* logits, int logits_type,
                         size_t logits_stride, void* log_probs,
                         int log_probs_type, size_t log_probs_stride,
                         size_t rows, size_t cols, float scale, int empty_row,
                         int target) {
  return ToInt(softlane::LogSoftmax(
      In(logits, logits_type, rows, cols, logits_stride),
      Out(log_probs, log_probs_type, rows, cols, log_probs_stride),
      {scale, FromInt<EmptyRow>(empty_row)}, FromInt<Target>(target)));
}

int softlane_logsumexp(const void* logits, int logits_type,
                       size_t logits_stride, float* logsumexp, size_t rows,
                       size_t cols, float scale, int target) {
  return ToInt(
      softlane::LogSumExp(In(logits, logits_type, rows, cols, logits_stride),
                          logsumexp, scale, FromInt<Target>(target)));
}

}  // extern "C"
