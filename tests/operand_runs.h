// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_OPERAND_RUNS_H_
#define SOFTLANE_TESTS_OPERAND_RUNS_H_

#include "operands.h"
#include "softlane/softlane.h"

// The functions of softlane behind one signature.

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
inline SoftmaxOptions SoftmaxOf(const Call& c) {
  return {c.settings.scale, static_cast<EmptyRow>(c.settings.empty_row)};
}
// Fields that the options of C++ and of C call alike.
template <class Options>
void SetLoss(const Call& c, Options& o) {
  o.ignore_index = kIgnoreIndex;
  o.label_smoothing = c.settings.label_smoothing;
  o.class_weights = Floats(c, kWeights);
  o.z_loss = c.settings.z_loss;
  o.scale = c.settings.scale;
  o.upstream_rows = Floats(c, kUpstream);
  o.upstream = c.settings.upstream;
}
template <class Options>
void SetLossState(const Call& c, Options& o) {
  o.scale = c.settings.scale;
  o.z_loss = c.settings.z_loss;
  o.ignore_index = kIgnoreIndex;
  o.label_weights = Floats(c, kWeights);
  o.upstream_rows = Floats(c, kUpstream);
  o.upstream = c.settings.upstream;
}
inline CrossEntropyOptions LossOf(const Call& c) {
  CrossEntropyOptions o;
  o.reduction = static_cast<Reduction>(c.settings.reduction);
  SetLoss(c, o);
  return o;
}
inline LossStateOptions LossStateOf(const Call& c) {
  LossStateOptions o;
  SetLossState(c, o);
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

}  // namespace operands
}  // namespace softlane

#endif  // SOFTLANE_TESTS_OPERAND_RUNS_H_
