// SPDX-License-Identifier: Apache-2.0
#include "c/attention_options.h"
#include "c/convert.h"
#include "softlane/attention_softmax.h"
#include "softlane/c.h"

namespace {

using softlane::Rows;
using softlane::Target;
using softlane::c::FromC;
using softlane::c::FromInt;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_attention_softmax(const float* scores, size_t scores_stride,
                               float* probs, size_t probs_stride,
                               float* logsumexp, size_t rows, size_t cols,
                               const softlane_attention_options* options,
                               int target) {
  const Rows<const float> in(scores, rows, cols, scores_stride);
  const Rows<float> out(probs, rows, cols, probs_stride);
  const auto converted = FromC(options, rows, cols);
  if (logsumexp == nullptr) {
    return ToInt(softlane::AttentionSoftmax(in, out, converted,
                                            FromInt<Target>(target)));
  }
  return ToInt(softlane::AttentionSoftmaxWithLogSumExp(
      in, out, logsumexp, converted, FromInt<Target>(target)));
}

}  // extern "C"
