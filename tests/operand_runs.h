// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_OPERAND_RUNS_H_
#define SOFTLANE_TESTS_OPERAND_RUNS_H_

#include "operands.h"
#include "softlane/c.h"
#include "softlane/softlane.h"

// The functions of softlane and their C twins behind one signature.

namespace softlane {
namespace operands {

using RowsIn = Rows<const float>;
using PlanesIn = Planes<const float>;

inline RowsIn RowsAt(const Call& c, Id id) {
  return c[id].AsRows<const float>();
}
inline Rows<float> RowsTo(const Call& c) { return c[kY].AsRows<float>(); }
inline PlanesIn PlanesAt(const Call& c, Id id) {
  return c[id].AsPlanes<const float>();
}
inline Planes<float> PlanesTo(const Call& c) { return c[kY].AsPlanes<float>(); }
inline float* Floats(const Call& c, Id id) { return c[id].As<float>(); }
inline int ToC(Target t) { return static_cast<int>(t); }
inline Status FromC(int status) { return static_cast<Status>(status); }

inline SoftmaxOptions SoftmaxOf(const Call& c) {
  return {c.settings.scale, static_cast<EmptyRow>(c.settings.empty_row)};
}
inline CrossEntropyOptions LossOf(const Call& c) {
  CrossEntropyOptions o;
  o.reduction = static_cast<Reduction>(c.settings.reduction);
  o.ignore_index = kIgnoreIndex;
  o.label_smoothing = c.settings.label_smoothing;
  o.class_weights = Floats(c, kWeights);
  o.z_loss = c.settings.z_loss;
  o.scale = c.settings.scale;
  o.upstream_rows = Floats(c, kUpstream);
  o.upstream = c.settings.upstream;
  return o;
}
inline softlane_cross_entropy_options CLossOf(const Call& c) {
  softlane_cross_entropy_options o = SOFTLANE_CROSS_ENTROPY_DEFAULTS;
  o.reduction = c.settings.reduction;
  o.ignore_index = kIgnoreIndex;
  o.label_smoothing = c.settings.label_smoothing;
  o.class_weights = Floats(c, kWeights);
  o.z_loss = c.settings.z_loss;
  o.scale = c.settings.scale;
  o.upstream_rows = Floats(c, kUpstream);
  o.upstream = c.settings.upstream;
  return o;
}
inline LossStateOptions LossStateOf(const Call& c) {
  LossStateOptions o;
  o.scale = c.settings.scale;
  o.z_loss = c.settings.z_loss;
  o.ignore_index = kIgnoreIndex;
  o.label_weights = Floats(c, kWeights);
  o.upstream_rows = Floats(c, kUpstream);
  o.upstream = c.settings.upstream;
  return o;
}
inline softlane_loss_state_options CLossStateOf(const Call& c) {
  softlane_loss_state_options o = SOFTLANE_LOSS_STATE_DEFAULTS;
  o.scale = c.settings.scale;
  o.z_loss = c.settings.z_loss;
  o.ignore_index = kIgnoreIndex;
  o.label_weights = Floats(c, kWeights);
  o.upstream_rows = Floats(c, kUpstream);
  o.upstream = c.settings.upstream;
  return o;
}
inline AttentionOptions AttentionOf(const Call& c) {
  AttentionOptions o;
  o.scale = c.settings.scale;
  o.softcap = c.settings.softcap;
  o.alibi_slope = c.settings.alibi_slope;
  o.bias = RowsAt(c, kBias);
  o.keep = c[kKeep].AsRows<const uint8_t>();
  o.lengths = c[kLengths].As<const int32_t>();
  o.causal = c.settings.causal;
  o.first_query = c.settings.first_query;
  o.window = c.settings.window;
  o.sinks = Floats(c, kSinks);
  o.empty_row = static_cast<EmptyRow>(c.settings.empty_row);
  return o;
}
inline softlane_attention_options CAttentionOf(const Call& c) {
  softlane_attention_options o = SOFTLANE_ATTENTION_DEFAULTS;
  o.scale = c.settings.scale;
  o.softcap = c.settings.softcap;
  o.alibi_slope = c.settings.alibi_slope;
  o.bias = Floats(c, kBias);
  o.bias_stride = c[kBias].stride;
  o.keep = c[kKeep].As<const uint8_t>();
  o.keep_stride = c[kKeep].stride;
  o.lengths = c[kLengths].As<const int32_t>();
  o.causal = c.settings.causal;
  o.first_query = c.settings.first_query;
  o.window = c.settings.window;
  o.sinks = Floats(c, kSinks);
  o.empty_row = c.settings.empty_row;
  return o;
}

inline Status RunExp(const Call& c, Target t) {
  return Exp(RowsAt(c, kX), RowsTo(c), t);
}
inline Status RunRowMax(const Call& c, Target t) {
  return RowMax(RowsAt(c, kX), Floats(c, kResults), t);
}
inline Status RunSoftmax(const Call& c, Target t) {
  return Softmax(RowsAt(c, kX), RowsTo(c), SoftmaxOf(c), t);
}
inline Status RunSoftmaxLse(const Call& c, Target t) {
  return SoftmaxWithLogSumExp(RowsAt(c, kX), RowsTo(c), Floats(c, kResults),
                              SoftmaxOf(c), t);
}
inline Status RunBackward(const Call& c, Target t) {
  return SoftmaxBackward(RowsAt(c, kX), RowsAt(c, kSecond), RowsTo(c),
                         c.settings.scale, t);
}
inline Status RunLogSoftmax(const Call& c, Target t) {
  return LogSoftmax(RowsAt(c, kX), RowsTo(c), SoftmaxOf(c), t);
}
inline Status RunLogSumExp(const Call& c, Target t) {
  return LogSumExp(RowsAt(c, kX), Floats(c, kResults), c.settings.scale, t);
}
inline Status RunLogBackward(const Call& c, Target t) {
  return LogSoftmaxBackward(RowsAt(c, kX), RowsAt(c, kSecond), RowsTo(c),
                            c.settings.scale, t);
}
inline Status RunJacobian(const Call& c, Target t) {
  return SoftmaxJacobian(Floats(c, kX), c.sizes.cols, RowsTo(c), t);
}
inline Status RunTopK(const Call& c, Target t) {
  return SoftmaxTopK(RowsAt(c, kX), c.sizes.k, RowsTo(c),
                     c[kIndices].AsRows<int32_t>(),
                     {c.settings.scale, c.settings.renormalize,
                      static_cast<EmptyRow>(c.settings.empty_row)},
                     t);
}
inline Status RunAxis(const Call& c, Target t) {
  return SoftmaxAxis(PlanesAt(c, kX), PlanesTo(c), SoftmaxOf(c), t);
}
inline Status RunLogAxis(const Call& c, Target t) {
  return LogSoftmaxAxis(PlanesAt(c, kX), PlanesTo(c), SoftmaxOf(c), t);
}
inline Status RunBackwardAxis(const Call& c, Target t) {
  return SoftmaxBackwardAxis(PlanesAt(c, kX), PlanesAt(c, kSecond), PlanesTo(c),
                             c.settings.scale, t);
}
inline Status RunLoss64(const Call& c, Target t) {
  return CrossEntropy(RowsAt(c, kX), c[kLabels].As<const int64_t>(),
                      Floats(c, kResults), RowsTo(c), LossOf(c),
                      Floats(c, kDivisor), t);
}
inline Status RunLoss32(const Call& c, Target t) {
  return CrossEntropy(RowsAt(c, kX), c[kLabels].As<const int32_t>(),
                      Floats(c, kResults), RowsTo(c), LossOf(c),
                      Floats(c, kDivisor), t);
}
inline Status RunLossTargets(const Call& c, Target t) {
  return CrossEntropy(RowsAt(c, kX), RowsAt(c, kSecond), Floats(c, kResults),
                      RowsTo(c), LossOf(c), Floats(c, kDivisor), t);
}
inline Status RunAttention(const Call& c, Target t) {
  return AttentionSoftmax(RowsAt(c, kX), RowsTo(c), AttentionOf(c), t);
}
inline Status RunAttentionLse(const Call& c, Target t) {
  return AttentionSoftmaxWithLogSumExp(RowsAt(c, kX), RowsTo(c),
                                       Floats(c, kResults), AttentionOf(c), t);
}
inline Status RunAttentionBackward(const Call& c, Target t) {
  return AttentionSoftmaxBackward(RowsAt(c, kX), RowsAt(c, kSecond),
                                  RowsAt(c, kScores), RowsTo(c), AttentionOf(c),
                                  {Floats(c, kForward), Floats(c, kDsinks)}, t);
}

inline SoftmaxState* StatesAt(const Call& c, Id id) {
  return c[id].As<SoftmaxState>();
}
inline Status RunUpdate(const Call& c, Target t) {
  return UpdateStates(RowsAt(c, kX), c.settings.first_col, StatesAt(c, kStates),
                      {c.settings.scale, static_cast<StateUse>(c.settings.use)},
                      t);
}
inline Status RunMerge(const Call& c, Target) {
  return MergeStates(StatesAt(c, kStates), StatesAt(c, kFrom), c.sizes.rows);
}
inline Status RunLogSumExpOfStates(const Call& c, Target t) {
  return LogSumExp(StatesAt(c, kStates), c.sizes.rows, Floats(c, kResults),
                   c.settings.scale, t);
}
inline Status RunSoftmaxFromStates(const Call& c, Target t) {
  return SoftmaxFromStates(RowsAt(c, kX), StatesAt(c, kStates), RowsTo(c),
                           SoftmaxOf(c), t);
}
inline Status RunLogSoftmaxFromStates(const Call& c, Target t) {
  return LogSoftmaxFromStates(RowsAt(c, kX), StatesAt(c, kStates), RowsTo(c),
                              SoftmaxOf(c), t);
}
inline Status RunUpdateLoss64(const Call& c, Target t) {
  return UpdateLossStates(RowsAt(c, kX), c.settings.first_col,
                          c[kLabels].As<const int64_t>(), StatesAt(c, kStates),
                          LossStateOf(c), t);
}
inline Status RunLossFromStates64(const Call& c, Target t) {
  return CrossEntropyFromStates(
      RowsAt(c, kX), c.settings.first_col, c.settings.first_col + c.sizes.cols,
      c[kLabels].As<const int64_t>(), StatesAt(c, kStates), Floats(c, kResults),
      RowsTo(c), LossStateOf(c), t);
}
inline Status RunUpdateLoss32(const Call& c, Target t) {
  return UpdateLossStates(RowsAt(c, kX), c.settings.first_col,
                          c[kLabels].As<const int32_t>(), StatesAt(c, kStates),
                          LossStateOf(c), t);
}
inline Status RunLossFromStates32(const Call& c, Target t) {
  return CrossEntropyFromStates(
      RowsAt(c, kX), c.settings.first_col, c.settings.first_col + c.sizes.cols,
      c[kLabels].As<const int32_t>(), StatesAt(c, kStates), Floats(c, kResults),
      RowsTo(c), LossStateOf(c), t);
}
inline Status RunDots(const Call& c, Target t) {
  return SoftmaxBackwardDots(RowsAt(c, kX), RowsAt(c, kSecond),
                             c[kDots].As<double>(), t);
}
inline Status RunFromDots(const Call& c, Target t) {
  return SoftmaxBackwardFromDots(RowsAt(c, kX), RowsAt(c, kSecond),
                                 c[kDots].As<const double>(), RowsTo(c),
                                 c.settings.scale, t);
}

inline Status CExp(const Call& c, Target t) {
  return FromC(softlane_exp(Floats(c, kX), c[kX].stride, Floats(c, kY),
                            c[kY].stride, c.sizes.rows, c.sizes.cols, ToC(t)));
}
inline Status CRowMax(const Call& c, Target t) {
  return FromC(softlane_row_max(Floats(c, kX), c[kX].stride,
                                Floats(c, kResults), c.sizes.rows, c.sizes.cols,
                                ToC(t)));
}
inline Status CSoftmax(const Call& c, Target t) {
  return FromC(softlane_softmax(
      Floats(c, kX), c[kX].stride, Floats(c, kY), c[kY].stride, c.sizes.rows,
      c.sizes.cols, c.settings.scale, c.settings.empty_row, ToC(t)));
}
inline Status CSoftmaxLse(const Call& c, Target t) {
  return FromC(softlane_softmax_with_logsumexp(
      Floats(c, kX), c[kX].stride, Floats(c, kY), c[kY].stride,
      Floats(c, kResults), c.sizes.rows, c.sizes.cols, c.settings.scale,
      c.settings.empty_row, ToC(t)));
}
inline Status CBackward(const Call& c, Target t) {
  return FromC(softlane_softmax_backward(
      Floats(c, kX), c[kX].stride, Floats(c, kSecond), c[kSecond].stride,
      Floats(c, kY), c[kY].stride, c.sizes.rows, c.sizes.cols, c.settings.scale,
      ToC(t)));
}
inline Status CLogSoftmax(const Call& c, Target t) {
  return FromC(softlane_log_softmax(
      Floats(c, kX), c[kX].stride, Floats(c, kY), c[kY].stride, c.sizes.rows,
      c.sizes.cols, c.settings.scale, c.settings.empty_row, ToC(t)));
}
inline Status CLogSumExp(const Call& c, Target t) {
  return FromC(softlane_logsumexp(Floats(c, kX), c[kX].stride,
                                  Floats(c, kResults), c.sizes.rows,
                                  c.sizes.cols, c.settings.scale, ToC(t)));
}
inline Status CLogBackward(const Call& c, Target t) {
  return FromC(softlane_log_softmax_backward(
      Floats(c, kX), c[kX].stride, Floats(c, kSecond), c[kSecond].stride,
      Floats(c, kY), c[kY].stride, c.sizes.rows, c.sizes.cols, c.settings.scale,
      ToC(t)));
}
inline Status CJacobian(const Call& c, Target t) {
  return FromC(softlane_softmax_jacobian(Floats(c, kX), c.sizes.cols,
                                         Floats(c, kY), c[kY].stride, ToC(t)));
}
inline Status CTopK(const Call& c, Target t) {
  return FromC(softlane_softmax_topk(
      Floats(c, kX), c[kX].stride, c.sizes.k, Floats(c, kY), c[kY].stride,
      c[kIndices].As<int32_t>(), c[kIndices].stride, c.sizes.rows, c.sizes.cols,
      c.settings.scale, c.settings.renormalize, c.settings.empty_row, ToC(t)));
}
inline Status CAxis(const Call& c, Target t) {
  return FromC(softlane_softmax_axis(
      Floats(c, kX), c[kX].stride, c[kX].axis_stride, Floats(c, kY),
      c[kY].stride, c[kY].axis_stride, c.sizes.rows, c.sizes.axis, c.sizes.cols,
      c.settings.scale, c.settings.empty_row, ToC(t)));
}
inline Status CLogAxis(const Call& c, Target t) {
  return FromC(softlane_log_softmax_axis(
      Floats(c, kX), c[kX].stride, c[kX].axis_stride, Floats(c, kY),
      c[kY].stride, c[kY].axis_stride, c.sizes.rows, c.sizes.axis, c.sizes.cols,
      c.settings.scale, c.settings.empty_row, ToC(t)));
}
inline Status CBackwardAxis(const Call& c, Target t) {
  return FromC(softlane_softmax_backward_axis(
      Floats(c, kX), c[kX].stride, c[kX].axis_stride, Floats(c, kSecond),
      c[kSecond].stride, c[kSecond].axis_stride, Floats(c, kY), c[kY].stride,
      c[kY].axis_stride, c.sizes.rows, c.sizes.axis, c.sizes.cols,
      c.settings.scale, ToC(t)));
}
inline Status CLoss64(const Call& c, Target t) {
  const auto options = CLossOf(c);
  return FromC(softlane_cross_entropy_i64(
      Floats(c, kX), c[kX].stride, c[kLabels].As<const int64_t>(),
      Floats(c, kResults), Floats(c, kY), c[kY].stride, c.sizes.rows,
      c.sizes.cols, &options, Floats(c, kDivisor), ToC(t)));
}
inline Status CLoss32(const Call& c, Target t) {
  const auto options = CLossOf(c);
  return FromC(softlane_cross_entropy_i32(
      Floats(c, kX), c[kX].stride, c[kLabels].As<const int32_t>(),
      Floats(c, kResults), Floats(c, kY), c[kY].stride, c.sizes.rows,
      c.sizes.cols, &options, Floats(c, kDivisor), ToC(t)));
}
inline Status CLossTargets(const Call& c, Target t) {
  const auto options = CLossOf(c);
  return FromC(softlane_cross_entropy_probs(
      Floats(c, kX), c[kX].stride, Floats(c, kSecond), c[kSecond].stride,
      Floats(c, kResults), Floats(c, kY), c[kY].stride, c.sizes.rows,
      c.sizes.cols, &options, Floats(c, kDivisor), ToC(t)));
}
// Both functions of the forward pass: null results are none.
inline Status CAttention(const Call& c, Target t) {
  const auto options = CAttentionOf(c);
  return FromC(softlane_attention_softmax(
      Floats(c, kX), c[kX].stride, Floats(c, kY), c[kY].stride,
      Floats(c, kResults), c.sizes.rows, c.sizes.cols, &options, ToC(t)));
}
inline Status CAttentionBackward(const Call& c, Target t) {
  const auto options = CAttentionOf(c);
  return FromC(softlane_attention_softmax_backward(
      Floats(c, kX), c[kX].stride, Floats(c, kSecond), c[kSecond].stride,
      Floats(c, kScores), c[kScores].stride, Floats(c, kY), c[kY].stride,
      c.sizes.rows, c.sizes.cols, &options, Floats(c, kForward),
      Floats(c, kDsinks), ToC(t)));
}
inline softlane_softmax_state* CStatesAt(const Call& c, Id id) {
  return c[id].As<softlane_softmax_state>();
}
inline Status CUpdate(const Call& c, Target t) {
  return FromC(softlane_update_states(
      Floats(c, kX), c[kX].stride, c.settings.first_col, CStatesAt(c, kStates),
      c.sizes.rows, c.sizes.cols, c.settings.scale, c.settings.use, ToC(t)));
}
inline Status CMerge(const Call& c, Target) {
  return FromC(softlane_merge_states(CStatesAt(c, kStates), CStatesAt(c, kFrom),
                                     c.sizes.rows));
}
inline Status CLogSumExpOfStates(const Call& c, Target t) {
  return FromC(softlane_logsumexp_of_states(CStatesAt(c, kStates),
                                            Floats(c, kResults), c.sizes.rows,
                                            c.settings.scale, ToC(t)));
}
inline Status CSoftmaxFromStates(const Call& c, Target t) {
  return FromC(softlane_softmax_from_states(
      Floats(c, kX), c[kX].stride, CStatesAt(c, kStates), Floats(c, kY),
      c[kY].stride, c.sizes.rows, c.sizes.cols, c.settings.scale,
      c.settings.empty_row, ToC(t)));
}
inline Status CLogSoftmaxFromStates(const Call& c, Target t) {
  return FromC(softlane_log_softmax_from_states(
      Floats(c, kX), c[kX].stride, CStatesAt(c, kStates), Floats(c, kY),
      c[kY].stride, c.sizes.rows, c.sizes.cols, c.settings.scale,
      c.settings.empty_row, ToC(t)));
}
inline Status CUpdateLoss64(const Call& c, Target t) {
  const auto options = CLossStateOf(c);
  return FromC(softlane_update_loss_states_i64(
      Floats(c, kX), c[kX].stride, c.settings.first_col,
      c[kLabels].As<const int64_t>(), CStatesAt(c, kStates), c.sizes.rows,
      c.sizes.cols, &options, ToC(t)));
}
inline Status CLossFromStates64(const Call& c, Target t) {
  const auto options = CLossStateOf(c);
  return FromC(softlane_cross_entropy_from_states_i64(
      Floats(c, kX), c[kX].stride, c.settings.first_col,
      c.settings.first_col + c.sizes.cols, c[kLabels].As<const int64_t>(),
      CStatesAt(c, kStates), Floats(c, kResults), Floats(c, kY), c[kY].stride,
      c.sizes.rows, c.sizes.cols, &options, ToC(t)));
}
inline Status CUpdateLoss32(const Call& c, Target t) {
  const auto options = CLossStateOf(c);
  return FromC(softlane_update_loss_states_i32(
      Floats(c, kX), c[kX].stride, c.settings.first_col,
      c[kLabels].As<const int32_t>(), CStatesAt(c, kStates), c.sizes.rows,
      c.sizes.cols, &options, ToC(t)));
}
inline Status CLossFromStates32(const Call& c, Target t) {
  const auto options = CLossStateOf(c);
  return FromC(softlane_cross_entropy_from_states_i32(
      Floats(c, kX), c[kX].stride, c.settings.first_col,
      c.settings.first_col + c.sizes.cols, c[kLabels].As<const int32_t>(),
      CStatesAt(c, kStates), Floats(c, kResults), Floats(c, kY), c[kY].stride,
      c.sizes.rows, c.sizes.cols, &options, ToC(t)));
}
inline Status CDots(const Call& c, Target t) {
  return FromC(softlane_softmax_backward_dots(
      Floats(c, kX), c[kX].stride, Floats(c, kSecond), c[kSecond].stride,
      c[kDots].As<double>(), c.sizes.rows, c.sizes.cols, ToC(t)));
}
inline Status CFromDots(const Call& c, Target t) {
  return FromC(softlane_softmax_backward_from_dots(
      Floats(c, kX), c[kX].stride, Floats(c, kSecond), c[kSecond].stride,
      c[kDots].As<const double>(), Floats(c, kY), c[kY].stride, c.sizes.rows,
      c.sizes.cols, c.settings.scale, ToC(t)));
}

}  // namespace operands
}  // namespace softlane

#endif  // SOFTLANE_TESTS_OPERAND_RUNS_H_
