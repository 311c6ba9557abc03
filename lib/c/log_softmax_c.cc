// SPDX-License-Identifier: Apache-2.0
#include "c/convert.h"
#include "softlane/c.h"
#include "softlane/log_softmax.h"

namespace {

using softlane::EmptyRow;
using softlane::Target;
using softlane::c::FromInt;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_log_softmax(const float* logits, size_t logits_stride,
                         float* log_probs, size_t log_probs_stride, size_t rows,
                         size_t cols, float scale, int empty_row, int target) {
  return ToInt(softlane::LogSoftmax({logits, rows, cols, logits_stride},
                                    {log_probs, rows, cols, log_probs_stride},
                                    {scale, FromInt<EmptyRow>(empty_row)},
                                    FromInt<Target>(target)));
}

int softlane_logsumexp(const float* logits, size_t logits_stride,
                       float* logsumexp, size_t rows, size_t cols, float scale,
                       int target) {
  return ToInt(softlane::LogSumExp({logits, rows, cols, logits_stride},
                                   logsumexp, scale, FromInt<Target>(target)));
}

}  // extern "C"
