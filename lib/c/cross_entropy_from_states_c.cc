// SPDX-License-Identifier: Apache-2.0
#include "softlane/c.h"
#include "c/convert.h"
#include "c/states.h"
#include "c/views.h"
#include "softlane/softmax_state.h"

namespace {

using softlane::ConstAnyRows;
using softlane::Target;
using softlane::c::FromC;
using softlane::c::FromInt;
using softlane::c::In;
using softlane::c::Out;
using softlane::c::ToInt;

softlane::LossStateOptions OptionsFromC(
    const softlane_loss_state_options* options) {
  softlane::LossStateOptions result;
  if (options == nullptr) return result;
  result.scale = options->scale;
  result.z_loss = options->z_loss;
  result.ignore_index = options->ignore_index;
  result.label_weights = options->label_weights;
  result.upstream_rows = options->upstream_rows;
  result.upstream = options->upstream;
  return result;
}

// Labels of either type.
template <typename Label>
int Update(const ConstAnyRows& logits, size_t first_col, const Label* labels,
           softlane_softmax_state* states,
           const softlane_loss_state_options* options, int target) {
  return ToInt(softlane::UpdateLossStates(logits, first_col, labels,
                                          FromC(states), OptionsFromC(options),
                                          FromInt<Target>(target)));
}

template <typename Label>
int LossFromStates(const ConstAnyRows& logits, size_t first_col,
                   size_t num_classes, const Label* labels,
                   const softlane_softmax_state* states, float* losses,
                   void* dlogits, int dlogits_type, size_t dlogits_stride,
                   const softlane_loss_state_options* options, int target) {
  return ToInt(softlane::CrossEntropyFromStates(
      logits, first_col, num_classes, labels, FromC(states), losses,
      Out(dlogits, dlogits_type, logits.rows, logits.cols, dlogits_stride),
      OptionsFromC(options), FromInt<Target>(target)));
}

}  // namespace

extern "C" {

int softlane_update_loss_states_i64(
    const void* logits, int logits_type, size_t logits_stride, size_t first_col,
    const int64_t* labels, softlane_softmax_state* states, size_t rows,
    size_t cols, const softlane_loss_state_options* options, int target) {
  return Update(In(logits, logits_type, rows, cols, logits_stride), first_col,
                labels, states, options, target);
}

int softlane_update_loss_states_i32(
    const void* logits, int logits_type, size_t logits_stride, size_t first_col,
    const int32_t* labels, softlane_softmax_state* states, size_t rows,
    size_t cols, const softlane_loss_state_options* options, int target) {
  return Update(In(logits, logits_type, rows, cols, logits_stride), first_col,
                labels, states, options, target);
}

int softlane_cross_entropy_from_states_i64(
    const void* logits, int logits_type, size_t logits_stride, size_t first_col,
    size_t num_classes, const int64_t* labels,
    const softlane_softmax_state* states, float* losses, void* dlogits,
    int dlogits_type, size_t dlogits_stride, size_t rows, size_t cols,
    const softlane_loss_state_options* options, int target) {
  return LossFromStates(In(logits, logits_type, rows, cols, logits_stride),
                        first_col, num_classes, labels, states, losses, dlogits,
                        dlogits_type, dlogits_stride, options, target);
}

int softlane_cross_entropy_from_states_i32(
    const void* logits, int logits_type, size_t logits_stride, size_t first_col,
    size_t num_classes, const int32_t* labels,
    const softlane_softmax_state* states, float* losses, void* dlogits,
    int dlogits_type, size_t dlogits_stride, size_t rows, size_t cols,
    const softlane_loss_state_options* options, int target) {
  return LossFromStates(In(logits, logits_type, rows, cols, logits_stride),
                        first_col, num_classes, labels, states, losses, dlogits,
                        dlogits_type, dlogits_stride, options, target);
}

}  // extern "C"
