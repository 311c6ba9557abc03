// SPDX-License-Identifier: Apache-2.0
#include "c/convert.h"
#include "c/states.h"
#include "c/views.h"
#include "softlane/c.h"
#include "softlane/softmax_state.h"

namespace {

using softlane::StateUse;
using softlane::Target;
using softlane::c::FromC;
using softlane::c::FromInt;
using softlane::c::In;
using softlane::c::ToInt;

}  // namespace

extern "C" {

int softlane_update_states(const void* logits, int logits_type,
                           size_t logits_stride, size_t first_col,
                           softlane_softmax_state* states, size_t rows,
                           size_t cols, float scale, int use, int target) {
  return ToInt(softlane::UpdateStates(
      In(logits, logits_type, rows, cols, logits_stride), first_col,
      FromC(states), {scale, FromInt<StateUse>(use)}, FromInt<Target>(target)));
}

int softlane_merge_states(softlane_softmax_state* into,
                          const softlane_softmax_state* from, size_t rows) {
  return ToInt(softlane::MergeStates(FromC(into), FromC(from), rows));
}

int softlane_logsumexp_of_states(const softlane_softmax_state* states,
                                 float* logsumexp, size_t rows, float scale,
                                 int target) {
  return ToInt(softlane::LogSumExp(FromC(states), rows, logsumexp, scale,
                                   FromInt<Target>(target)));
}

}  // extern "C"
