// SPDX-License-Identifier: Apache-2.0
#include "c/convert.h"
#include "c/states.h"
#include "c/views.h"
#include "softlane/c.h"
#include "softlane/softmax_state.h"

namespace {

using softlane::EmptyRow;
using softlane::Target;
using softlane::c::FromC;
using softlane::c::FromInt;
using softlane::c::In;
using softlane::c::Out;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_softmax_from_states(const void* logits, int logits_type,
                                 size_t logits_stride,
                                 const softlane_softmax_state* states,
                                 void* probs, int probs_type,
                                 size_t probs_stride, size_t rows, size_t cols,
                                 float scale, int empty_row, int target) {
  return ToInt(softlane::SoftmaxFromStates(
      In(logits, logits_type, rows, cols, logits_stride), FromC(states),
      Out(probs, probs_type, rows, cols, probs_stride),
      {scale, FromInt<EmptyRow>(empty_row)}, FromInt<Target>(target)));
}

int softlane_log_softmax_from_states(const void* logits, int logits_type,
                                     size_t logits_stride,
                                     const softlane_softmax_state* states,
                                     void* log_probs, int log_probs_type,
                                     size_t log_probs_stride, size_t rows,
                                     size_t cols, float scale, int empty_row,
                                     int target) {
  return ToInt(softlane::LogSoftmaxFromStates(
      In(logits, logits_type, rows, cols, logits_stride), FromC(states),
      Out(log_probs, log_probs_type, rows, cols, log_probs_stride),
      {scale, FromInt<EmptyRow>(empty_row)}, FromInt<Target>(target)));
}

}  // extern "C"
