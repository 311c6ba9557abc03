// SPDX-License-Identifier: Apache-2.0
#include "c/convert.h"
#include "c/states.h"
#include "softlane/c.h"
#include "softlane/softmax_state.h"

namespace {

using softlane::EmptyRow;
using softlane::Target;
using softlane::c::FromC;
using softlane::c::FromInt;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_softmax_from_states(const float* logits, size_t logits_stride,
                                 const softlane_softmax_state* states,
                                 float* probs, size_t probs_stride, size_t rows,
                                 size_t cols, float scale, int empty_row,
                                 int target) {
  return ToInt(softlane::SoftmaxFromStates(
      {logits, rows, cols, logits_stride}, FromC(states),
      {probs, rows, cols, probs_stride}, {scale, FromInt<EmptyRow>(empty_row)},
      FromInt<Target>(target)));
}

int softlane_log_softmax_from_states(const float* logits, size_t logits_stride,
                                     const softlane_softmax_state* states,
                                     float* log_probs, size_t log_probs_stride,
                                     size_t rows, size_t cols, float scale,
                                     int empty_row, int target) {
  return ToInt(softlane::LogSoftmaxFromStates(
      {logits, rows, cols, logits_stride}, FromC(states),
      {log_probs, rows, cols, log_probs_stride},
      {scale, FromInt<EmptyRow>(empty_row)}, FromInt<Target>(target)));
}

}  // extern "C"
