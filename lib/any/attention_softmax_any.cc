// SPDX-License-Identifier: Apache-2.0
#include "any/any_check.h"
#include "any/attention_long_rows.h"
#include "attention_check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "softlane/attention_softmax.h"

namespace softlane {
namespace {

using internal::Operand;

// Without keys, the logsumexp is that of the sink alone.
Status RunWithoutKeys(const internal::AnyAttention& call) {
  if (call.logsumexp == nullptr) return Status::kOk;
  AttentionOptions options = call.options;
  options.bias = {};
  const size_t rows = call.scores.rows;
  return AttentionSoftmaxWithLogSumExp(Rows<const float>(nullptr, rows, 0),
                                       Rows<float>(nullptr, rows, 0),
                                       call.logsumexp, options, call.target);
}

// `results` is the operand logsumexp, or an empty operand.
Status Run(const internal::AnyAttention& call, const Operand& results) {
  using internal::Optional;
  using internal::Read;
  using internal::ReadVector;
  const ConstAnyRows& scores = call.scores;
  const AttentionOptions& options = call.options;
  const size_t rows = scores.rows;
  const ElementType in = scores.type, out = call.probs.type;
  if (!internal::IsPair(in, out) ||
      !internal::IsBiasBeside(options.bias, in, out)) {
    return Status::kBadOption;
  }
  if (Status s = internal::CheckOperandsOf(
          {internal::InputBeside(scores, out),
           internal::OutputBeside(call.probs, in), results,
           Operand(Optional(Read(options.bias))),
           Operand(Optional(Read(options.keep))),
           Operand(Optional(ReadVector(options.lengths, rows))),
           Operand(Optional(ReadVector(options.sinks, rows)))},
          internal::HaveSameShape(scores, call.probs) &&
              internal::MasksHaveShapeOf(scores, options));
      s != Status::kOk) {
    return s;
  }
  if (Status s = internal::CheckAttentionOptions(options, rows, scores.cols);
      s != Status::kOk) {
    return s;
  }
  const Target chosen = internal::Resolve(call.target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (rows == 0) return Status::kOk;
  if (scores.cols == 0) return RunWithoutKeys(call);
  const internal::FpEnvironment environment;
  const internal::AnyAttention checked = {scores, call.probs, call.logsumexp,
                                          options, chosen};
  if (scores.cols > internal::kMaxAttentionCols &&
      internal::IsHalf(call.probs.type)) {
    internal::RunLongAttention(checked);
  } else {
    internal::RunAttentionRows(checked);
  }
  return Status::kOk;
}

}  // namespace

inline namespace v1 {

Status AttentionSoftmax(const ConstAnyRows& scores, const AnyRows& probs,
                        const AttentionOptions& options,
                        Target target) noexcept {
  if (internal::AreFloats(scores, probs)) {
    return AttentionSoftmax(internal::FloatsOf(scores),
                            internal::FloatsOf(probs), options, target);
  }
  return Run(
      {scores, probs, nullptr, options, target},
      Operand(internal::Optional(internal::WrittenVector<float>(nullptr, 0))));
}

Status AttentionSoftmaxWithLogSumExp(const ConstAnyRows& scores,
                                     const AnyRows& probs, float* logsumexp,
                                     const AttentionOptions& options,
                                     Target target) noexcept {
  if (internal::AreFloats(scores, probs)) {
    return AttentionSoftmaxWithLogSumExp(internal::FloatsOf(scores),
                                         internal::FloatsOf(probs), logsumexp,
                                         options, target);
  }
  return Run({scores, probs, logsumexp, options, target},
             Operand(internal::WrittenVector(logsumexp, scores.rows)));
}

}  // namespace v1
}  // namespace softlane
