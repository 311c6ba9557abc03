// SPDX-License-Identifier: Apache-2.0
#include "c/convert.h"
#include "c/views.h"
#include "softlane/c.h"
#include "softlane/softmax.h"

namespace {

using softlane::EmptyRow;
using softlane::Target;
using softlane::c::FromInt;
using softlane::c::In;
using softlane::c::Out;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_softmax(const void* logits, int logits_type, size_t logits_stride,
                     void* probs, int probs_type, size_t probs_stride,
                     size_t rows, size_t cols, float scale, int empty_row,
                     int target) {
  return ToInt(softlane::Softmax(
      In(logits, logits_type, rows, cols, logits_stride),
      Out(probs, probs_type, rows, cols, probs_stride),
      {scale, FromInt<EmptyRow>(empty_row)}, FromInt<Target>(target)));
}

int softlane_softmax_with_logsumexp(const void* logits, int logits_type,
                                    size_t logits_stride, void* probs,
                                    int probs_type, size_t probs_stride,
                                    float* logsumexp, size_t rows, size_t cols,
                                    float scale, int empty_row, int target) {
  return ToInt(softlane::SoftmaxWithLogSumExp(
      In(logits, logits_type, rows, cols, logits_stride),
      Out(probs, probs_type, rows, cols, probs_stride), logsumexp,
      {scale, FromInt<EmptyRow>(empty_row)}, FromInt<Target>(target)));
}

}  // extern "C"
