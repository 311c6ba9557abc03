// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_OPERAND_C_RUNS_H_
#define SOFTLANE_TESTS_OPERAND_C_RUNS_H_

#include "operand_runs.h"
#include "softlane/c.h"

// The C twins of the functions behind the same signature.

namespace softlane {
namespace operands {

inline int ToC(Target t) { return static_cast<int>(t); }
inline Status FromC(int status) { return static_cast<Status>(status); }

inline softlane_cross_entropy_options CLossOf(const Call& c) {
  softlane_cross_entropy_options o = SOFTLANE_CROSS_ENTROPY_DEFAULTS;
  o.reduction = c.settings.reduction;
  SetLoss(c, o);
  return o;
}
inline softlane_loss_state_options CLossStateOf(const Call& c) {
  softlane_loss_state_options o = SOFTLANE_LOSS_STATE_DEFAULTS;
  SetLossState(c, o);
  return o;
}
inline softlane_attention_options CAttentionOf(const Call& c) {
  softlane_attention_options o = SOFTLANE_ATTENTION_DEFAULTS;
  o.scale = c.settings.scale;
  o.softcap = c.settings.softcap;
  o.alibi_slope = c.settings.alibi_slope;
  o.bias = c[kBias].data;
  o.bias_type = c[kBias].type;
  o.bias_stride = c[kBias].stride;
  o.bias_scale = c.settings.bias_scale;
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

inline Status CExp(const Call& c, Target t) {
  return FromC(softlane_exp(c[kX].data, c[kX].type, c[kX].stride, c[kY].data,
                            c[kY].type, c[kY].stride, c.sizes.rows,
                            c.sizes.cols, ToC(t)));
}
inline Status CRowMax(const Call& c, Target t) {
  return FromC(softlane_row_max(c[kX].data, c[kX].type, c[kX].stride,
                                Floats(c, kResults), c.sizes.rows, c.sizes.cols,
                                ToC(t)));
}
inline Status CSoftmax(const Call& c, Target t) {
  return FromC(softlane_softmax(c[kX].data, c[kX].type, c[kX].stride,
                                c[kY].data, c[kY].type, c[kY].stride,
                                c.sizes.rows, c.sizes.cols, c.settings.scale,
                                c.settings.empty_row, ToC(t)));
}
inline Status CSoftmaxLse(const Call& c, Target t) {
  return FromC(softlane_softmax_with_logsumexp(
      c[kX].data, c[kX].type, c[kX].stride, c[kY].data, c[kY].type,
      c[kY].stride, Floats(c, kResults), c.sizes.rows, c.sizes.cols,
      c.settings.scale, c.settings.empty_row, ToC(t)));
}
inline Status CBackward(const Call& c, Target t) {
  return FromC(softlane_softmax_backward(
      c[kX].data, c[kX].type, c[kX].stride, c[kSecond].data, c[kSecond].type,
      c[kSecond].stride, c[kY].data, c[kY].type, c[kY].stride, c.sizes.rows,
      c.sizes.cols, c.settings.scale, ToC(t)));
}
inline Status CLogSoftmax(const Call& c, Target t) {
  return FromC(
      softlane_log_softmax(c[kX].data, c[kX].type, c[kX].stride, c[kY].data,
                           c[kY].type, c[kY].stride, c.sizes.rows, c.sizes.cols,
                           c.settings.scale, c.settings.empty_row, ToC(t)));
}
inline Status CLogSumExp(const Call& c, Target t) {
  return FromC(softlane_logsumexp(c[kX].data, c[kX].type, c[kX].stride,
                                  Floats(c, kResults), c.sizes.rows,
                                  c.sizes.cols, c.settings.scale, ToC(t)));
}
inline Status CLogBackward(const Call& c, Target t) {
  return FromC(softlane_log_softmax_backward(
      c[kX].data, c[kX].type, c[kX].stride, c[kSecond].data, c[kSecond].type,
      c[kSecond].stride, c[kY].data, c[kY].type, c[kY].stride, c.sizes.rows,
      c.sizes.cols, c.settings.scale, ToC(t)));
}
inline Status CJacobian(const Call& c, Target t) {
  return FromC(softlane_softmax_jacobian(Floats(c, kX), c.sizes.cols,
                                         Floats(c, kY), c[kY].stride, ToC(t)));
}
inline Status CTopK(const Call& c, Target t) {
  return FromC(softlane_softmax_topk(
      c[kX].data, c[kX].type, c[kX].stride, c.sizes.k, Floats(c, kY),
      c[kY].stride, c[kIndices].As<int32_t>(), c[kIndices].stride, c.sizes.rows,
      c.sizes.cols, c.settings.scale, c.settings.renormalize,
      c.settings.empty_row, ToC(t)));
}
inline Status CAxis(const Call& c, Target t) {
  return FromC(softlane_softmax_axis(
      c[kX].data, c[kX].type, c[kX].stride, c[kX].axis_stride, c[kY].data,
      c[kY].type, c[kY].stride, c[kY].axis_stride, c.sizes.rows, c.sizes.axis,
      c.sizes.cols, c.settings.scale, c.settings.empty_row, ToC(t)));
}
inline Status CLogAxis(const Call& c, Target t) {
  return FromC(softlane_log_softmax_axis(
      c[kX].data, c[kX].type, c[kX].stride, c[kX].axis_stride, c[kY].data,
      c[kY].type, c[kY].stride, c[kY].axis_stride, c.sizes.rows, c.sizes.axis,
      c.sizes.cols, c.settings.scale, c.settings.empty_row, ToC(t)));
}
inline Status CLogSumExpAxis(const Call& c, Target t) {
  return FromC(softlane_logsumexp_axis(
      c[kX].data, c[kX].type, c[kX].stride, c[kX].axis_stride,
      Floats(c, kResults), c[kResults].stride, c.sizes.rows, c.sizes.axis,
      c.sizes.cols, c.settings.scale, ToC(t)));
}
inline Status CAxisLse(const Call& c, Target t) {
  return FromC(softlane_softmax_with_logsumexp_axis(
      c[kX].data, c[kX].type, c[kX].stride, c[kX].axis_stride, c[kY].data,
      c[kY].type, c[kY].stride, c[kY].axis_stride, Floats(c, kResults),
      c[kResults].stride, c.sizes.rows, c.sizes.axis, c.sizes.cols,
      c.settings.scale, c.settings.empty_row, ToC(t)));
}
inline Status CBackwardAxis(const Call& c, Target t) {
  return FromC(softlane_softmax_backward_axis(
      c[kX].data, c[kX].type, c[kX].stride, c[kX].axis_stride, c[kSecond].data,
      c[kSecond].type, c[kSecond].stride, c[kSecond].axis_stride, c[kY].data,
      c[kY].type, c[kY].stride, c[kY].axis_stride, c.sizes.rows, c.sizes.axis,
      c.sizes.cols, c.settings.scale, ToC(t)));
}
inline Status CLogBackwardAxis(const Call& c, Target t) {
  return FromC(softlane_log_softmax_backward_axis(
      c[kX].data, c[kX].type, c[kX].stride, c[kX].axis_stride, c[kSecond].data,
      c[kSecond].type, c[kSecond].stride, c[kSecond].axis_stride, c[kY].data,
      c[kY].type, c[kY].stride, c[kY].axis_stride, c.sizes.rows, c.sizes.axis,
      c.sizes.cols, c.settings.scale, ToC(t)));
}
inline Status CLoss64(const Call& c, Target t) {
  const auto options = CLossOf(c);
  return FromC(softlane_cross_entropy_i64(
      c[kX].data, c[kX].type, c[kX].stride, c[kLabels].As<const int64_t>(),
      Floats(c, kResults), c[kY].data, c[kY].type, c[kY].stride, c.sizes.rows,
      c.sizes.cols, &options, Floats(c, kDivisor), ToC(t)));
}
inline Status CLoss32(const Call& c, Target t) {
  const auto options = CLossOf(c);
  return FromC(softlane_cross_entropy_i32(
      c[kX].data, c[kX].type, c[kX].stride, c[kLabels].As<const int32_t>(),
      Floats(c, kResults), c[kY].data, c[kY].type, c[kY].stride, c.sizes.rows,
      c.sizes.cols, &options, Floats(c, kDivisor), ToC(t)));
}
inline Status CLossTargets(const Call& c, Target t) {
  const auto options = CLossOf(c);
  return FromC(softlane_cross_entropy_probs(
      c[kX].data, c[kX].type, c[kX].stride, c[kSecond].data, c[kSecond].type,
      c[kSecond].stride, Floats(c, kResults), c[kY].data, c[kY].type,
      c[kY].stride, c.sizes.rows, c.sizes.cols, &options, Floats(c, kDivisor),
      ToC(t)));
}
inline Status CTopKAxis(const Call& c, Target t) {
  return FromC(softlane_softmax_topk_axis(
      c[kX].data, c[kX].type, c[kX].stride, c[kX].axis_stride,
      TopOfAxis(c.sizes), Floats(c, kY), c[kY].stride, c[kY].axis_stride,
      c[kIndices].As<int32_t>(), c[kIndices].stride, c[kIndices].axis_stride,
      c.sizes.rows, c.sizes.axis, c.sizes.cols, c.settings.scale,
      c.settings.renormalize, c.settings.empty_row, ToC(t)));
}
inline Status CAxisLoss64(const Call& c, Target t) {
  const auto options = CLossOf(c);
  return FromC(softlane_cross_entropy_axis_i64(
      c[kX].data, c[kX].type, c[kX].stride, c[kX].axis_stride,
      c[kLabels].As<const int64_t>(), c[kLabels].stride, Floats(c, kResults),
      c[kResults].stride, c[kY].data, c[kY].type, c[kY].stride,
      c[kY].axis_stride, c.sizes.rows, c.sizes.axis, c.sizes.cols, &options,
      Floats(c, kDivisor), ToC(t)));
}
inline Status CAxisLoss32(const Call& c, Target t) {
  const auto options = CLossOf(c);
  return FromC(softlane_cross_entropy_axis_i32(
      c[kX].data, c[kX].type, c[kX].stride, c[kX].axis_stride,
      c[kLabels].As<const int32_t>(), c[kLabels].stride, Floats(c, kResults),
      c[kResults].stride, c[kY].data, c[kY].type, c[kY].stride,
      c[kY].axis_stride, c.sizes.rows, c.sizes.axis, c.sizes.cols, &options,
      Floats(c, kDivisor), ToC(t)));
}
inline Status CAxisLossTargets(const Call& c, Target t) {
  const auto options = CLossOf(c);
  return FromC(softlane_cross_entropy_axis_probs(
      c[kX].data, c[kX].type, c[kX].stride, c[kX].axis_stride, c[kSecond].data,
      c[kSecond].type, c[kSecond].stride, c[kSecond].axis_stride,
      Floats(c, kResults), c[kResults].stride, c[kY].data, c[kY].type,
      c[kY].stride, c[kY].axis_stride, c.sizes.rows, c.sizes.axis, c.sizes.cols,
      &options, Floats(c, kDivisor), ToC(t)));
}
// Both functions of the forward pass: null results are none.
inline Status CSavedLoss64(const Call& c, Target t) {
  const auto options = CLossOf(c);
  return FromC(softlane_cross_entropy_backward_i64(
      c[kX].data, c[kX].type, c[kX].stride, Floats(c, kForward),
      c[kLabels].As<const int64_t>(), c[kY].data, c[kY].type, c[kY].stride,
      c.sizes.rows, c.sizes.cols, &options, ToC(t)));
}
inline Status CSavedLoss32(const Call& c, Target t) {
  const auto options = CLossOf(c);
  return FromC(softlane_cross_entropy_backward_i32(
      c[kX].data, c[kX].type, c[kX].stride, Floats(c, kForward),
      c[kLabels].As<const int32_t>(), c[kY].data, c[kY].type, c[kY].stride,
      c.sizes.rows, c.sizes.cols, &options, ToC(t)));
}
inline Status CSavedLossTargets(const Call& c, Target t) {
  const auto options = CLossOf(c);
  return FromC(softlane_cross_entropy_backward_probs(
      c[kX].data, c[kX].type, c[kX].stride, Floats(c, kForward),
      c[kSecond].data, c[kSecond].type, c[kSecond].stride, c[kY].data,
      c[kY].type, c[kY].stride, c.sizes.rows, c.sizes.cols, &options, ToC(t)));
}
inline Status CSavedProbs64(const Call& c, Target t) {
  const auto options = CLossOf(c);
  return FromC(softlane_cross_entropy_backward_from_probs_i64(
      c[kX].data, c[kX].type, c[kX].stride, c[kLabels].As<const int64_t>(),
      c[kY].data, c[kY].type, c[kY].stride, c.sizes.rows, c.sizes.cols,
      &options, ToC(t)));
}
inline Status CSavedProbs32(const Call& c, Target t) {
  const auto options = CLossOf(c);
  return FromC(softlane_cross_entropy_backward_from_probs_i32(
      c[kX].data, c[kX].type, c[kX].stride, c[kLabels].As<const int32_t>(),
      c[kY].data, c[kY].type, c[kY].stride, c.sizes.rows, c.sizes.cols,
      &options, ToC(t)));
}
inline Status CSavedProbsTargets(const Call& c, Target t) {
  const auto options = CLossOf(c);
  return FromC(softlane_cross_entropy_backward_from_probs_probs(
      c[kX].data, c[kX].type, c[kX].stride, c[kSecond].data, c[kSecond].type,
      c[kSecond].stride, c[kY].data, c[kY].type, c[kY].stride, c.sizes.rows,
      c.sizes.cols, &options, ToC(t)));
}
inline Status CAttention(const Call& c, Target t) {
  const auto options = CAttentionOf(c);
  return FromC(softlane_attention_softmax(c[kX].data, c[kX].type, c[kX].stride,
                                          c[kY].data, c[kY].type, c[kY].stride,
                                          Floats(c, kResults), c.sizes.rows,
                                          c.sizes.cols, &options, ToC(t)));
}
inline Status CAttentionBackward(const Call& c, Target t) {
  const auto options = CAttentionOf(c);
  return FromC(softlane_attention_softmax_backward(
      c[kX].data, c[kX].type, c[kX].stride, c[kSecond].data, c[kSecond].type,
      c[kSecond].stride, c[kScores].data, c[kScores].type, c[kScores].stride,
      c[kY].data, c[kY].type, c[kY].stride, c.sizes.rows, c.sizes.cols,
      &options, Floats(c, kForward), Floats(c, kDsinks), ToC(t)));
}
inline softlane_softmax_state* CStatesAt(const Call& c, Id id) {
  return c[id].As<softlane_softmax_state>();
}
inline Status CUpdate(const Call& c, Target t) {
  return FromC(softlane_update_states(
      c[kX].data, c[kX].type, c[kX].stride, c.settings.first_col,
      CStatesAt(c, kStates), c.sizes.rows, c.sizes.cols, c.settings.scale,
      c.settings.use, ToC(t)));
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
      c[kX].data, c[kX].type, c[kX].stride, CStatesAt(c, kStates), c[kY].data,
      c[kY].type, c[kY].stride, c.sizes.rows, c.sizes.cols, c.settings.scale,
      c.settings.empty_row, ToC(t)));
}
inline Status CLogSoftmaxFromStates(const Call& c, Target t) {
  return FromC(softlane_log_softmax_from_states(
      c[kX].data, c[kX].type, c[kX].stride, CStatesAt(c, kStates), c[kY].data,
      c[kY].type, c[kY].stride, c.sizes.rows, c.sizes.cols, c.settings.scale,
      c.settings.empty_row, ToC(t)));
}
// `kUpdate` and `kFinish` are the C functions for labels of this type.
template <class Label, auto kUpdate>
Status CUpdateLoss(const Call& c, Target t) {
  const auto options = CLossStateOf(c);
  return FromC(kUpdate(c[kX].data, c[kX].type, c[kX].stride,
                       c.settings.first_col, c[kLabels].As<const Label>(),
                       CStatesAt(c, kStates), c.sizes.rows, c.sizes.cols,
                       &options, ToC(t)));
}
template <class Label, auto kFinish>
Status CLossFromStates(const Call& c, Target t) {
  const auto options = CLossStateOf(c);
  return FromC(kFinish(
      c[kX].data, c[kX].type, c[kX].stride, c.settings.first_col,
      c.settings.first_col + c.sizes.cols, c[kLabels].As<const Label>(),
      CStatesAt(c, kStates), Floats(c, kResults), c[kY].data, c[kY].type,
      c[kY].stride, c.sizes.rows, c.sizes.cols, &options, ToC(t)));
}
constexpr auto* CUpdateLoss64 =
    &CUpdateLoss<int64_t, softlane_update_loss_states_i64>;
constexpr auto* CUpdateLoss32 =
    &CUpdateLoss<int32_t, softlane_update_loss_states_i32>;
constexpr auto* CLossFromStates64 =
    &CLossFromStates<int64_t, softlane_cross_entropy_from_states_i64>;
constexpr auto* CLossFromStates32 =
    &CLossFromStates<int32_t, softlane_cross_entropy_from_states_i32>;
inline Status CDots(const Call& c, Target t) {
  return FromC(softlane_softmax_backward_dots(
      c[kX].data, c[kX].type, c[kX].stride, c[kSecond].data, c[kSecond].type,
      c[kSecond].stride, c[kDots].As<double>(), c.sizes.rows, c.sizes.cols,
      ToC(t)));
}
inline Status CFromDots(const Call& c, Target t) {
  return FromC(softlane_softmax_backward_from_dots(
      c[kX].data, c[kX].type, c[kX].stride, c[kSecond].data, c[kSecond].type,
      c[kSecond].stride, c[kDots].As<const double>(), c[kY].data, c[kY].type,
      c[kY].stride, c.sizes.rows, c.sizes.cols, c.settings.scale, ToC(t)));
}

}  // namespace operands
}  // namespace softlane

#endif  // SOFTLANE_TESTS_OPERAND_C_RUNS_H_
