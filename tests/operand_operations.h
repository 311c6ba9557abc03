// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_OPERAND_OPERATIONS_H_
#define SOFTLANE_TESTS_OPERAND_OPERATIONS_H_

#include <vector>

#include "operand_c_runs.h"
#include "operand_parts.h"
#include "operand_runs.h"
#include "operands.h"

// Every function of softlane with all its operands, and its C twin.

namespace softlane {
namespace operands {

inline std::vector<Operation> MakeOperations() {
  constexpr Content kShares = Content::kShares;
  constexpr Role kRead = Role::kRead;
  constexpr Shape kPlanes = Shape::kPlanes, kPerRow = Shape::kPerRow,
                  kOne = Shape::kOne;
  std::vector<Operation> all;

  const Operand logits = In(kX, "logits"), probs = Out(kY, "probs");
  const Operand logsumexp = Out(kResults, "logsumexp", kPerRow);
  const Operand dlogits = Out(kY, "dlogits");
  const OperandList backward = {In(kX, "probs", kShares),
                                In(kSecond, "dprobs")};
  Settings scaled;
  scaled.scale = 0.37f;
  scaled.empty_row = 1;
  all.push_back(
      {"Exp", {RunExp, CExp}, Options::kNone, {In(kX, "x"), Out(kY, "y")}});
  all.push_back({"RowMax",
                 {RunRowMax, CRowMax},
                 Options::kNone,
                 {In(kX, "x"), Out(kResults, "max", kPerRow)}});
  all.push_back(
      {"Softmax", {RunSoftmax, CSoftmax}, Options::kSoftmax, {logits, probs}});
  all.push_back({"SoftmaxWithLogSumExp",
                 {RunSoftmaxLse, CSoftmaxLse},
                 Options::kSoftmax,
                 {logits, probs, logsumexp},
                 scaled});
  all.push_back({"SoftmaxBackward",
                 {RunBackward, CBackward},
                 Options::kScale,
                 backward + OperandList{dlogits},
                 scaled});
  all.push_back({"LogSoftmax",
                 {RunLogSoftmax, CLogSoftmax},
                 Options::kSoftmax,
                 {logits, Out(kY, "log_probs")},
                 scaled});
  all.push_back({"LogSumExp",
                 {RunLogSumExp, CLogSumExp},
                 Options::kScale,
                 {logits, logsumexp},
                 scaled});
  all.push_back({"LogSoftmaxBackward",
                 {RunLogBackward, CLogBackward},
                 Options::kScale,
                 {In(kX, "log_probs", Content::kLogs),
                  In(kSecond, "dlog_probs"), dlogits},
                 scaled});
  all.push_back({"SoftmaxJacobian",
                 {RunJacobian, CJacobian},
                 Options::kNone,
                 {In(kX, "probs", kShares, kRead, Shape::kPerColumn),
                  Out(kY, "jacobian", Shape::kSquare)}});
  Operand indices = Out(kIndices, "indices", Shape::kTopK);
  indices.element = Element::kInt32;
  const OperandList topk = {Read(logits), Out(kY, "top_probs", Shape::kTopK),
                            indices};
  all.push_back({"SoftmaxTopK", {RunTopK, CTopK}, Options::kTopK, topk});
  Settings renormalized = scaled;
  renormalized.renormalize = true;
  all.push_back({"SoftmaxTopK, renormalized",
                 {RunTopK, CTopK},
                 Options::kTopK,
                 topk,
                 renormalized});

  const Operand x_planes =
      In(kX, "logits", Content::kLogits, Role::kReplaceable, kPlanes);
  all.push_back({"SoftmaxAxis",
                 {RunAxis, CAxis},
                 Options::kSoftmax,
                 {x_planes, Out(kY, "probs", kPlanes)}});
  all.push_back({"LogSoftmaxAxis",
                 {RunLogAxis, CLogAxis},
                 Options::kSoftmax,
                 {x_planes, Out(kY, "log_probs", kPlanes)},
                 scaled});
  const Operand inner_logs = Out(kResults, "logsumexp", Shape::kInner);
  all.push_back({"LogSumExpAxis",
                 {RunLogSumExpAxis, CLogSumExpAxis},
                 Options::kScale,
                 {Read(x_planes), inner_logs},
                 scaled});
  all.push_back({"SoftmaxWithLogSumExpAxis",
                 {RunAxisLse, CAxisLse},
                 Options::kSoftmax,
                 {x_planes, Out(kY, "probs", kPlanes), inner_logs},
                 scaled});
  all.push_back(
      {"SoftmaxBackwardAxis",
       {RunBackwardAxis, CBackwardAxis},
       Options::kScale,
       {In(kX, "probs", kShares, Role::kReplaceable, kPlanes),
        In(kSecond, "dprobs", Content::kLogits, Role::kReplaceable, kPlanes),
        Out(kY, "dlogits", kPlanes)},
       scaled});
  all.push_back(
      {"LogSoftmaxBackwardAxis",
       {RunLogBackwardAxis, CLogBackwardAxis},
       Options::kScale,
       {In(kX, "log_probs", Content::kLogs, Role::kReplaceable, kPlanes),
        In(kSecond, "dlog_probs", Content::kLogits, Role::kReplaceable,
           kPlanes),
        Out(kY, "dlogits", kPlanes)},
       scaled});

  Operand plane_indices = indices;
  plane_indices.shape = Shape::kTopKPlanes;
  all.push_back({"SoftmaxTopKAxis",
                 {RunTopKAxis, CTopKAxis},
                 Options::kTopK,
                 {Read(x_planes), Out(kY, "top_probs", Shape::kTopKPlanes),
                  plane_indices},
                 renormalized});

  // The losses: alone, and with all that is optional.
  const Operand targets = Read(In(kSecond, "targets", kShares));
  const OperandList results = {Optional(dlogits),
                               Optional(Out(kDivisor, "divisor", kOne))};
  const OperandList weights = {Optional(
      In(kWeights, "class_weights", kShares, kRead, Shape::kPerColumn))};
  const OperandList upstream = {
      Optional(In(kUpstream, "upstream_rows", kShares, kRead, kPerRow))};
  const Operand loss = Out(kResults, "loss", kOne);
  // Optional where there is another result.
  const OperandList losses = {Optional(Out(kResults, "losses", kPerRow))};
  Settings sum, mean, full = scaled;
  sum.reduction = 1;
  mean.reduction = 2;
  full.label_smoothing = 0.1f;
  full.z_loss = 0.01f;
  struct Losses {
    const char* names[4];
    RunFunction run[2];
    Operand shares;
  };
  const auto add_losses = [&](const Losses& l, const Operand& x,
                              const OperandList& each,
                              const OperandList& written,
                              const OperandList& class_weights,
                              const OperandList& upstreams) {
    const RunFunction f = l.run[0], c = l.run[1];
    const OperandList in = {x, l.shares};
    const OperandList one = {loss};
    all.push_back({l.names[0], {f, c}, Options::kLoss, in + each + written});
    all.push_back({l.names[1],
                   {f, c},
                   Options::kLoss,
                   in + class_weights + OperandList{Optional(loss)} + written,
                   mean});
    // Without dlogits nothing replaces the logits.
    all.push_back({l.names[2],
                   {f, c},
                   Options::kLoss,
                   OperandList{Read(x), Read(l.shares)} + one,
                   sum});
    all.push_back({l.names[3],
                   {f, c},
                   Options::kLoss,
                   in + class_weights + upstreams + each + written,
                   full});
  };
  const Losses kLosses[] = {
      {{"CrossEntropy, int64_t", "CrossEntropy, int64_t, mean",
        "CrossEntropy, int64_t, sum alone", "CrossEntropy, int64_t, all"},
       {RunLoss64, CLoss64},
       Labels(Element::kInt64)},
      {{"CrossEntropy, int32_t", "CrossEntropy, int32_t, mean",
        "CrossEntropy, int32_t, sum alone", "CrossEntropy, int32_t, all"},
       {RunLoss32, CLoss32},
       Labels(Element::kInt32)},
      {{"CrossEntropy, targets", "CrossEntropy, targets, mean",
        "CrossEntropy, targets, sum alone", "CrossEntropy, targets, all"},
       {RunLossTargets, CLossTargets},
       targets}};
  for (const auto& l : kLosses) {
    add_losses(l, logits, losses, results, weights, upstream);
  }

  // Their gradients from saved results.
  Settings with_lse = full, with_probs = full;
  with_probs.z_loss = 0.0f;
  const Operand saved_lse =
      In(kForward, "logsumexp", Content::kLogits, kRead, kPerRow);
  const struct {
    const char* names[2];
    RunFunction of_loss[2], of_probs[2];
    Operand shares;
  } kSaved[] = {{{"CrossEntropyBackward, int64_t",
                  "CrossEntropyBackwardFromProbs, int64_t"},
                 {RunSavedLoss64, CSavedLoss64},
                 {RunSavedProbs64, CSavedProbs64},
                 Labels(Element::kInt64)},
                {{"CrossEntropyBackward, int32_t",
                  "CrossEntropyBackwardFromProbs, int32_t"},
                 {RunSavedLoss32, CSavedLoss32},
                 {RunSavedProbs32, CSavedProbs32},
                 Labels(Element::kInt32)},
                {{"CrossEntropyBackward, targets",
                  "CrossEntropyBackwardFromProbs, targets"},
                 {RunSavedLossTargets, CSavedLossTargets},
                 {RunSavedProbsTargets, CSavedProbsTargets},
                 targets}};
  for (const auto& s : kSaved) {
    const OperandList rest = weights + upstream + OperandList{dlogits};
    all.push_back({s.names[0],
                   {s.of_loss[0], s.of_loss[1]},
                   Options::kLoss,
                   OperandList{logits, saved_lse, s.shares} + rest,
                   with_lse});
    all.push_back({s.names[1],
                   {s.of_probs[0], s.of_probs[1]},
                   Options::kLoss,
                   OperandList{In(kX, "probs", kShares), s.shares} + rest,
                   with_probs});
  }

  // The same along an axis.
  const Operand plane_targets =
      Read(In(kSecond, "targets", kShares, kRead, kPlanes));
  const OperandList plane_results = {Optional(Out(kY, "dlogits", kPlanes)),
                                     Optional(Out(kDivisor, "divisor", kOne))};
  const OperandList plane_weights = {
      Optional(In(kWeights, "class_weights", kShares, kRead, Shape::kPerAxis))};
  const OperandList plane_upstream = {Optional(
      In(kUpstream, "upstream_rows", kShares, kRead, Shape::kPerInner))};
  const OperandList inner_losses = {
      Optional(Out(kResults, "losses", Shape::kInner))};
  const Losses kAxisLosses[] = {
      {{"CrossEntropyAxis, int64_t", "CrossEntropyAxis, int64_t, mean",
        "CrossEntropyAxis, int64_t, sum alone",
        "CrossEntropyAxis, int64_t, all"},
       {RunAxisLoss64, CAxisLoss64},
       InnerLabels(Element::kInt64)},
      {{"CrossEntropyAxis, int32_t", "CrossEntropyAxis, int32_t, mean",
        "CrossEntropyAxis, int32_t, sum alone",
        "CrossEntropyAxis, int32_t, all"},
       {RunAxisLoss32, CAxisLoss32},
       InnerLabels(Element::kInt32)},
      {{"CrossEntropyAxis, targets", "CrossEntropyAxis, targets, mean",
        "CrossEntropyAxis, targets, sum alone",
        "CrossEntropyAxis, targets, all"},
       {RunAxisLossTargets, CAxisLossTargets},
       plane_targets}};
  for (const auto& l : kAxisLosses) {
    add_losses(l, x_planes, inner_losses, plane_results, plane_weights,
               plane_upstream);
  }

  // Attention: plain, with each mask alone, and with all.
  const Operand scores = In(kX, "scores");
  const Operand lse = OptionalInC(logsumexp);
  const Operand bias = Optional(Read(In(kBias, "bias")));
  const Operand keep = {kKeep,        "keep",         Role::kRead,
                        Shape::kRows, Element::kByte, Content::kKeep,
                        true};
  const Operand lengths = {
      kLengths,        "lengths",         Role::kRead, Shape::kPerRow,
      Element::kInt32, Content::kLengths, true};
  const Operand sinks = In(kSinks, "sinks", Content::kLogits, kRead, kPerRow);
  const OperandList masks = {bias, keep, lengths, Optional(sinks)};
  const OperandList out = {probs};
  Settings plain, every = scaled;
  plain.empty_row = 1;
  every.softcap = 5.0f;
  every.alibi_slope = 0.125f;
  every.causal = true;
  every.first_query = 3;
  every.window = 12;
  Settings affine = every;
  affine.softcap = affine.alibi_slope = 0.0f;
  Settings factor = affine;
  factor.bias_scale = 0.75f;
  const auto add = [&](const char* name, OperandList operands,
                       const Settings& settings) {
    all.push_back(
        {name, {RunAttention, CAttention}, Options::kAttention, {}, settings});
    all.back().operands = std::move(operands);
  };
  add("AttentionSoftmax", {scores, probs}, plain);
  add("AttentionSoftmax, bias", {scores, bias, probs}, plain);
  add("AttentionSoftmax, keep", {scores, keep, probs}, plain);
  add("AttentionSoftmax, bias and keep", {scores, bias, keep, probs}, plain);
  add("AttentionSoftmax, lengths", {scores, lengths, probs}, plain);
  add("AttentionSoftmax, sinks", {scores, Optional(sinks), probs}, plain);
  add("AttentionSoftmax, causal", {scores, probs}, affine);
  add("AttentionSoftmax, all but ALiBi and softcap",
      OperandList{scores} + masks + out, affine);
  add("AttentionSoftmax, all", OperandList{scores} + masks + out, every);
  add("AttentionSoftmax, factor of the bias",
      OperandList{scores, bias, lengths, probs}, factor);
  all.push_back({"AttentionSoftmaxWithLogSumExp",
                 {RunAttentionLse, CAttention},
                 Options::kAttention,
                 {scores, probs, lse},
                 plain});
  all.push_back({"AttentionSoftmaxWithLogSumExp, all",
                 {RunAttentionLse, CAttention},
                 Options::kAttention,
                 OperandList{scores} + masks + OperandList{probs, lse},
                 every});
  const OperandList dscores = {Out(kY, "dscores")};
  const RunFunction f = RunAttentionBackward, c = CAttentionBackward;
  all.push_back({"AttentionSoftmaxBackward",
                 {f, c},
                 Options::kAttention,
                 backward + dscores,
                 plain});
  const OperandList read = backward + OperandList{In(kScores, "scores")};
  all.push_back({"AttentionSoftmaxBackward, all",
                 {f, c},
                 Options::kAttention,
                 read + masks + dscores,
                 every});
  const OperandList sink = {
      sinks, In(kForward, "logsumexp", Content::kLogits, kRead, kPerRow)};
  const OperandList dsinks = {Optional(Out(kDsinks, "dsinks", kPerRow))};
  all.push_back({"AttentionSoftmaxBackward, sinks",
                 {f, c},
                 Options::kAttention,
                 backward + sink + dscores + dsinks,
                 plain});
  all.push_back(
      {"AttentionSoftmaxBackward, all and sinks",
       {f, c},
       Options::kAttention,
       read + OperandList{bias, keep, lengths} + sink + dscores + dsinks,
       every});
  AddPartOperations(all);
  return all;
}

inline const std::vector<Operation>& Operations() {
  static const std::vector<Operation> all = MakeOperations();
  return all;
}

}  // namespace operands
}  // namespace softlane

#endif  // SOFTLANE_TESTS_OPERAND_OPERATIONS_H_
