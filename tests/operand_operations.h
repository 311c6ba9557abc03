// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_OPERAND_OPERATIONS_H_
#define SOFTLANE_TESTS_OPERAND_OPERATIONS_H_

#include <vector>

#include "operand_runs.h"
#include "operands.h"

// Every function of softlane with all its operands, and its C twin.

namespace softlane {
namespace operands {

inline Operand In(Id id, const char* name, Content content = Content::kLogits,
                  Role role = Role::kReplaceable, Shape shape = Shape::kRows) {
  return {id, name, role, shape, Element::kFloat, content};
}
inline Operand Out(Id id, const char* name, Shape shape = Shape::kRows) {
  return {id, name, Role::kWritten, shape};
}
inline Operand Labels(Element element) {
  return {kLabels,        "labels", Role::kRead,
          Shape::kPerRow, element,  Content::kLabels};
}
inline Operand Optional(Operand operand) {
  operand.is_optional = true;
  return operand;
}
inline Operand OptionalInC(Operand operand) {
  operand.is_optional_in_c = true;
  return operand;
}
// One that the output may not replace.
inline Operand Read(Operand operand) {
  operand.role = Role::kRead;
  return operand;
}

using OperandList = std::vector<Operand>;

inline OperandList operator+(OperandList a, const OperandList& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// The cross-entropy of rows in parts: alone, and with all that is optional.
inline void AddLossOperations(const Operand& states,
                              std::vector<Operation>& all) {
  constexpr Content kShares = Content::kShares;
  constexpr Shape kPerRow = Shape::kPerRow;
  const Operand logits = In(kX, "logits");
  Operand updated = states;
  updated.role = Role::kUpdated;
  const OperandList losses = {Out(kResults, "losses", kPerRow)};
  const OperandList optional = {
      Optional(Out(kY, "dlogits")),
      Optional(In(kWeights, "label_weights", kShares, Role::kRead, kPerRow)),
      Optional(In(kUpstream, "upstream_rows", kShares, Role::kRead, kPerRow))};
  Settings plain, full;
  plain.use = full.use = static_cast<int>(StateUse::kCrossEntropy);
  full.scale = 0.37f;
  full.first_col = 5;
  full.z_loss = 0.01f;
  plain.upstream = full.upstream = -1.5f;
  const struct {
    const char* names[3];
    RunFunction update[2], run[2];
    Operand labels;
  } kLosses[] = {
      {{"UpdateLossStates, int64_t", "CrossEntropyFromStates, int64_t",
        "CrossEntropyFromStates, int64_t, all"},
       {RunUpdateLoss64, CUpdateLoss64},
       {RunLossFromStates64, CLossFromStates64},
       Labels(Element::kInt64)},
      {{"UpdateLossStates, int32_t", "CrossEntropyFromStates, int32_t",
        "CrossEntropyFromStates, int32_t, all"},
       {RunUpdateLoss32, CUpdateLoss32},
       {RunLossFromStates32, CLossFromStates32},
       Labels(Element::kInt32)}};
  for (const auto& l : kLosses) {
    all.push_back({l.names[0],
                   {l.update[0], l.update[1]},
                   Options::kScale,
                   {Read(logits), l.labels, updated},
                   full});
    all.push_back({l.names[1],
                   {l.run[0], l.run[1]},
                   Options::kLossState,
                   OperandList{logits, l.labels, states} + losses +
                       OperandList{optional[0]},
                   plain});
    all.push_back({l.names[2],
                   {l.run[0], l.run[1]},
                   Options::kLossState,
                   OperandList{logits, l.labels, states} + losses + optional,
                   full});
  }
}

// The functions of rows in parts.
inline void AddPartOperations(std::vector<Operation>& all) {
  constexpr Shape kPerRow = Shape::kPerRow;
  constexpr Element kDouble = Element::kDouble;
  const Operand logits = In(kX, "logits"), probs = Out(kY, "probs");
  const auto states = [](Id id, const char* name, Role role) {
    return Operand{id, name, role, kPerRow, Element::kState, Content::kStates};
  };
  const Operand read = states(kStates, "states", Role::kRead);
  Settings scaled, of_log;
  scaled.scale = of_log.scale = 0.37f;
  scaled.empty_row = of_log.use = 1;
  of_log.first_col = kStateCols - 5;
  all.push_back({"UpdateStates",
                 {RunUpdate, CUpdate},
                 Options::kStates,
                 {Read(logits), states(kStates, "states", Role::kUpdated)}});
  all.push_back({"UpdateStates, of log-softmax",
                 {RunUpdate, CUpdate},
                 Options::kStates,
                 all.back().operands,
                 of_log});
  all.push_back({"MergeStates",
                 {RunMerge, CMerge},
                 Options::kNone,
                 {states(kStates, "into", Role::kUpdated),
                  states(kFrom, "from", Role::kRead)},
                 {},
                 false});
  all.push_back({"LogSumExp, of states",
                 {RunLogSumExpOfStates, CLogSumExpOfStates},
                 Options::kScale,
                 {read, Out(kResults, "logsumexp", kPerRow)},
                 of_log});
  all.push_back({"SoftmaxFromStates",
                 {RunSoftmaxFromStates, CSoftmaxFromStates},
                 Options::kSoftmax,
                 {logits, read, probs},
                 scaled});
  all.push_back({"LogSoftmaxFromStates",
                 {RunLogSoftmaxFromStates, CLogSoftmaxFromStates},
                 Options::kSoftmax,
                 {logits, read, Out(kY, "log_probs")},
                 of_log});
  AddLossOperations(read, all);
  const Operand p = In(kX, "probs", Content::kShares);
  const Operand dp = In(kSecond, "dprobs");
  all.push_back(
      {"SoftmaxBackwardDots",
       {RunDots, CDots},
       Options::kNone,
       {Read(p), Read(dp), {kDots, "dots", Role::kWritten, kPerRow, kDouble}}});
  all.push_back(
      {"SoftmaxBackwardFromDots",
       {RunFromDots, CFromDots},
       Options::kScale,
       {p,
        dp,
        {kDots, "dots", Role::kRead, kPerRow, kDouble, Content::kDots},
        Out(kY, "dlogits")},
       scaled});
}

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
  all.push_back(
      {"SoftmaxBackwardAxis",
       {RunBackwardAxis, CBackwardAxis},
       Options::kScale,
       {In(kX, "probs", kShares, Role::kReplaceable, kPlanes),
        In(kSecond, "dprobs", Content::kLogits, Role::kReplaceable, kPlanes),
        Out(kY, "dlogits", kPlanes)},
       scaled});

  // The losses: alone, and with all that is optional.
  const Operand targets = Read(In(kSecond, "targets", kShares));
  const OperandList results = {Optional(dlogits),
                               Optional(Out(kDivisor, "divisor", kOne))};
  const OperandList weights = {Optional(
      In(kWeights, "class_weights", kShares, kRead, Shape::kPerColumn))};
  const OperandList upstream = {
      Optional(In(kUpstream, "upstream_rows", kShares, kRead, kPerRow))};
  const Operand loss = Out(kResults, "loss", kOne);
  const OperandList losses = {Out(kResults, "losses", kPerRow)};
  Settings sum, mean, full = scaled;
  sum.reduction = 1;
  mean.reduction = 2;
  full.label_smoothing = 0.1f;
  full.z_loss = 0.01f;
  const struct {
    const char* names[4];
    RunFunction run[2];
    Operand shares;
  } kLosses[] = {
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
    const RunFunction f = l.run[0], c = l.run[1];
    const OperandList in = {logits, l.shares};
    const OperandList one = {loss};
    all.push_back({l.names[0], {f, c}, Options::kLoss, in + losses + results});
    all.push_back({l.names[1],
                   {f, c},
                   Options::kLoss,
                   in + weights + one + results,
                   mean});
    // Without dlogits nothing replaces the logits.
    all.push_back({l.names[2],
                   {f, c},
                   Options::kLoss,
                   OperandList{Read(logits), Read(l.shares)} + one,
                   sum});
    all.push_back({l.names[3],
                   {f, c},
                   Options::kLoss,
                   in + weights + upstream + losses + results,
                   full});
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
#ifndef SOFTLANE_TESTS_OLD_ARCHIVE  // see bits.sh
  AddPartOperations(all);
#endif
  return all;
}

inline const std::vector<Operation>& Operations() {
  static const std::vector<Operation> all = MakeOperations();
  return all;
}

}  // namespace operands
}  // namespace softlane

#endif  // SOFTLANE_TESTS_OPERAND_OPERATIONS_H_
