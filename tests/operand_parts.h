// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_OPERAND_PARTS_H_
#define SOFTLANE_TESTS_OPERAND_PARTS_H_

#include <vector>

#include "operand_c_runs.h"
#include "operand_runs.h"
#include "operands.h"

// The functions of rows in parts with all their operands, and how an operand is
// written.

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
inline Operand InnerLabels(Element element) {
  Operand labels = Labels(element);
  labels.shape = Shape::kInner;
  return labels;
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
  // Optional where there is a gradient.
  const OperandList losses = {Optional(Out(kResults, "losses", kPerRow))};
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

}  // namespace operands
}  // namespace softlane

#endif  // SOFTLANE_TESTS_OPERAND_PARTS_H_
