// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_OPERAND_RUNS_H_
#define SOFTLANE_TESTS_OPERAND_RUNS_H_

#include "operands.h"
#include "softlane/softlane.h"

// The functions of softlane behind one signature.

namespace softlane {
namespace operands {

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
  o.bias_scale = c.settings.bias_scale;
  o.bias = c[kBias].AsAnyRows();
  o.keep = c[kKeep].AsRows<const uint8_t>();
  o.lengths = c[kLengths].As<const int32_t>();
  o.causal = c.settings.causal;
  o.first_query = c.settings.first_query;
  o.window = c.settings.window;
  o.sinks = Floats(c, kSinks);
  o.empty_row = static_cast<EmptyRow>(c.settings.empty_row);
  return o;
}

// The matrices of a call, for the functions of floats.
struct FloatViews {
  Rows<const float> In(Id id) const { return c[id].AsRows<const float>(); }
  Rows<float> Out() const { return c[kY].AsRows<float>(); }
  Planes<const float> PlanesIn(Id id) const {
    return c[id].AsPlanes<const float>();
  }
  Planes<float> PlanesOut() const { return c[kY].AsPlanes<float>(); }

  const Call& c;
};
// The matrices of a call, for the functions of any element type.
struct AnyViews {
  ConstAnyRows In(Id id) const { return c[id].AsAnyRows(); }
  AnyRows Out() const { return c[kY].AsAnyRows(); }
  ConstAnyPlanes PlanesIn(Id id) const { return c[id].AsAnyPlanes(); }
  AnyPlanes PlanesOut() const { return c[kY].AsAnyPlanes(); }

  const Call& c;
};
// run(views) calls a function of both kinds, or one of floats alone.
template <class Run>
Status OfAny(const Call& c, const Run& run) {
  return c.is_any ? run(AnyViews{c}) : run(FloatViews{c});
}
template <class Run>
Status OfFloats(const Call& c, const Run& run) {
  return run(FloatViews{c});
}

inline Status RunExp(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) { return Exp(v.In(kX), v.Out(), t); });
}
inline Status RunRowMax(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return RowMax(v.In(kX), Floats(c, kResults), t);
  });
}
inline Status RunSoftmax(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return Softmax(v.In(kX), v.Out(), SoftmaxOf(c), t);
  });
}
inline Status RunSoftmaxLse(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return SoftmaxWithLogSumExp(v.In(kX), v.Out(), Floats(c, kResults),
                                SoftmaxOf(c), t);
  });
}
inline Status RunBackward(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return SoftmaxBackward(v.In(kX), v.In(kSecond), v.Out(), c.settings.scale,
                           t);
  });
}
inline Status RunLogSoftmax(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return LogSoftmax(v.In(kX), v.Out(), SoftmaxOf(c), t);
  });
}
inline Status RunLogSumExp(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return LogSumExp(v.In(kX), Floats(c, kResults), c.settings.scale, t);
  });
}
inline Status RunLogBackward(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return LogSoftmaxBackward(v.In(kX), v.In(kSecond), v.Out(),
                              c.settings.scale, t);
  });
}
inline Status RunJacobian(const Call& c, Target t) {
  return OfFloats(c, [&](const auto& v) {
    return SoftmaxJacobian(Floats(c, kX), c.sizes.cols, v.Out(), t);
  });
}
inline Status RunTopK(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return SoftmaxTopK(v.In(kX), c.sizes.k, c[kY].AsRows<float>(),
                       c[kIndices].AsRows<int32_t>(),
                       {c.settings.scale, c.settings.renormalize,
                        static_cast<EmptyRow>(c.settings.empty_row)},
                       t);
  });
}
inline Status RunAxis(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return SoftmaxAxis(v.PlanesIn(kX), v.PlanesOut(), SoftmaxOf(c), t);
  });
}
inline Status RunLogAxis(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return LogSoftmaxAxis(v.PlanesIn(kX), v.PlanesOut(), SoftmaxOf(c), t);
  });
}
inline Status RunLogSumExpAxis(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return LogSumExpAxis(v.PlanesIn(kX), c[kResults].AsRows<float>(),
                         c.settings.scale, t);
  });
}
inline Status RunAxisLse(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return SoftmaxWithLogSumExpAxis(v.PlanesIn(kX), v.PlanesOut(),
                                    c[kResults].AsRows<float>(), SoftmaxOf(c),
                                    t);
  });
}
inline Status RunLogBackwardAxis(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return LogSoftmaxBackwardAxis(v.PlanesIn(kX), v.PlanesIn(kSecond),
                                  v.PlanesOut(), c.settings.scale, t);
  });
}
inline Status RunBackwardAxis(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return SoftmaxBackwardAxis(v.PlanesIn(kX), v.PlanesIn(kSecond),
                               v.PlanesOut(), c.settings.scale, t);
  });
}
inline Status RunLoss64(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return CrossEntropy(v.In(kX), c[kLabels].As<const int64_t>(),
                        Floats(c, kResults), v.Out(), LossOf(c),
                        Floats(c, kDivisor), t);
  });
}
inline Status RunLoss32(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return CrossEntropy(v.In(kX), c[kLabels].As<const int32_t>(),
                        Floats(c, kResults), v.Out(), LossOf(c),
                        Floats(c, kDivisor), t);
  });
}
inline Status RunLossTargets(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return CrossEntropy(v.In(kX), v.In(kSecond), Floats(c, kResults), v.Out(),
                        LossOf(c), Floats(c, kDivisor), t);
  });
}
inline Status RunTopKAxis(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return SoftmaxTopKAxis(v.PlanesIn(kX), TopOfAxis(c.sizes),
                           c[kY].AsPlanes<float>(),
                           c[kIndices].AsPlanes<int32_t>(),
                           {c.settings.scale, c.settings.renormalize,
                            static_cast<EmptyRow>(c.settings.empty_row)},
                           t);
  });
}
inline Status RunAxisLoss64(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return CrossEntropyAxis(v.PlanesIn(kX), c[kLabels].AsRows<const int64_t>(),
                            c[kResults].AsRows<float>(), v.PlanesOut(),
                            LossOf(c), Floats(c, kDivisor), t);
  });
}
inline Status RunAxisLoss32(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return CrossEntropyAxis(v.PlanesIn(kX), c[kLabels].AsRows<const int32_t>(),
                            c[kResults].AsRows<float>(), v.PlanesOut(),
                            LossOf(c), Floats(c, kDivisor), t);
  });
}
inline Status RunAxisLossTargets(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return CrossEntropyAxis(v.PlanesIn(kX), v.PlanesIn(kSecond),
                            c[kResults].AsRows<float>(), v.PlanesOut(),
                            LossOf(c), Floats(c, kDivisor), t);
  });
}
inline Status RunSavedLoss64(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return CrossEntropyBackward(v.In(kX), Floats(c, kForward),
                                c[kLabels].As<const int64_t>(), v.Out(),
                                LossOf(c), t);
  });
}
inline Status RunSavedLoss32(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return CrossEntropyBackward(v.In(kX), Floats(c, kForward),
                                c[kLabels].As<const int32_t>(), v.Out(),
                                LossOf(c), t);
  });
}
inline Status RunSavedLossTargets(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return CrossEntropyBackward(v.In(kX), Floats(c, kForward), v.In(kSecond),
                                v.Out(), LossOf(c), t);
  });
}
inline Status RunSavedProbs64(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return CrossEntropyBackwardFromProbs(
        v.In(kX), c[kLabels].As<const int64_t>(), v.Out(), LossOf(c), t);
  });
}
inline Status RunSavedProbs32(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return CrossEntropyBackwardFromProbs(
        v.In(kX), c[kLabels].As<const int32_t>(), v.Out(), LossOf(c), t);
  });
}
inline Status RunSavedProbsTargets(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return CrossEntropyBackwardFromProbs(v.In(kX), v.In(kSecond), v.Out(),
                                         LossOf(c), t);
  });
}
inline Status RunAttention(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return AttentionSoftmax(v.In(kX), v.Out(), AttentionOf(c), t);
  });
}
inline Status RunAttentionLse(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return AttentionSoftmaxWithLogSumExp(v.In(kX), v.Out(), Floats(c, kResults),
                                         AttentionOf(c), t);
  });
}
inline Status RunAttentionBackward(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return AttentionSoftmaxBackward(
        v.In(kX), v.In(kSecond), v.In(kScores), v.Out(), AttentionOf(c),
        {Floats(c, kForward), Floats(c, kDsinks)}, t);
  });
}
inline SoftmaxState* StatesAt(const Call& c, Id id) {
  return c[id].As<SoftmaxState>();
}
inline Status RunUpdate(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return UpdateStates(
        v.In(kX), c.settings.first_col, StatesAt(c, kStates),
        {c.settings.scale, static_cast<StateUse>(c.settings.use)}, t);
  });
}
inline Status RunMerge(const Call& c, Target) {
  return MergeStates(StatesAt(c, kStates), StatesAt(c, kFrom), c.sizes.rows);
}
inline Status RunLogSumExpOfStates(const Call& c, Target t) {
  return LogSumExp(StatesAt(c, kStates), c.sizes.rows, Floats(c, kResults),
                   c.settings.scale, t);
}
inline Status RunSoftmaxFromStates(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return SoftmaxFromStates(v.In(kX), StatesAt(c, kStates), v.Out(),
                             SoftmaxOf(c), t);
  });
}
inline Status RunLogSoftmaxFromStates(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return LogSoftmaxFromStates(v.In(kX), StatesAt(c, kStates), v.Out(),
                                SoftmaxOf(c), t);
  });
}
inline Status RunUpdateLoss64(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return UpdateLossStates(v.In(kX), c.settings.first_col,
                            c[kLabels].As<const int64_t>(),
                            StatesAt(c, kStates), LossStateOf(c), t);
  });
}
inline Status RunLossFromStates64(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return CrossEntropyFromStates(
        v.In(kX), c.settings.first_col, c.settings.first_col + c.sizes.cols,
        c[kLabels].As<const int64_t>(), StatesAt(c, kStates),
        Floats(c, kResults), v.Out(), LossStateOf(c), t);
  });
}
inline Status RunUpdateLoss32(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return UpdateLossStates(v.In(kX), c.settings.first_col,
                            c[kLabels].As<const int32_t>(),
                            StatesAt(c, kStates), LossStateOf(c), t);
  });
}
inline Status RunLossFromStates32(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return CrossEntropyFromStates(
        v.In(kX), c.settings.first_col, c.settings.first_col + c.sizes.cols,
        c[kLabels].As<const int32_t>(), StatesAt(c, kStates),
        Floats(c, kResults), v.Out(), LossStateOf(c), t);
  });
}
inline Status RunDots(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return SoftmaxBackwardDots(v.In(kX), v.In(kSecond), c[kDots].As<double>(),
                               t);
  });
}
inline Status RunFromDots(const Call& c, Target t) {
  return OfAny(c, [&](const auto& v) {
    return SoftmaxBackwardFromDots(v.In(kX), v.In(kSecond),
                                   c[kDots].As<const double>(), v.Out(),
                                   c.settings.scale, t);
  });
}

}  // namespace operands
}  // namespace softlane

#endif  // SOFTLANE_TESTS_OPERAND_RUNS_H_
