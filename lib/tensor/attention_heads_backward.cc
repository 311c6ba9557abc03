// SPDX-License-Identifier: Apache-2.0
#include "softlane/attention_heads_backward.h"

#include "any/any_check.h"
#include "attention_check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "softlane/attention_softmax_backward.h"
#include "tensor/head_rows.h"
#include "tensor/heads_check.h"

// The gradient of a row depends on no other row. So rows of several heads are
// done together if they form one view of rows. Otherwise each head is done by
// itself.

namespace softlane {
namespace {

using internal::HeadRow;
using internal::HeadsCall;
using internal::HeadTensor;
using internal::RowValues;

// `forward` has the probabilities and the masks that a call of rows needs. For
// the gradient of the sinks, it has the logsumexp, too.
struct Call {
  explicit Call(const AttentionHeadsOptions& options) : forward(options) {}

  HeadsCall forward;
  HeadTensor dprobs, dscores, dsinks;
};

struct Context {
  const Call& call;
  float* dsinks;  // of the rows of a run
};

void RunRows(const void* context, const HeadRow& row, size_t count,
             const AttentionOptions& options, RowValues& values) {
  const Call& call = static_cast<const Context*>(context)->call;
  const HeadsCall& forward = call.forward;
  float* const dsinks = static_cast<const Context*>(context)->dsinks;
  const bool has_dsinks = call.dsinks.data != nullptr;
  HeadRow at = row;
  for (size_t k = 0; has_dsinks && k < count; ++k) {
    values.logsumexp[k] = *at.In<const float>(forward.logsumexp);
    forward.Advance(at);
  }
  const auto rows_of = [&](const HeadTensor& tensor) {
    return internal::RowsFrom<AnyRows>(forward, tensor, row, count);
  };
  AttentionSinkGradient sink;
  if (has_dsinks) sink = {values.logsumexp, dsinks};
  internal::Done(AttentionSoftmaxBackward(
      rows_of(forward.probs), rows_of(call.dprobs), rows_of(forward.scores),
      rows_of(call.dscores), options, sink, forward.target));
  at = row;
  for (size_t k = 0; has_dsinks && k < count; ++k) {
    *at.In<float>(call.dsinks) = dsinks[k];
    forward.Advance(at);
  }
}

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunBackward(const Call& call) {
  const HeadsCall& forward = call.forward;
  RowValues::Room<internal::kHeadRows> room;
  RowValues values(forward, room);
  float dsinks[internal::kHeadRows];
  const AttentionHeadsOptions& options = forward.options;
  // The ends of rows are of type int32_t, so positions must fit.
  const bool has_positions =
      options.window != 0 || (options.causal && forward.keys > INT32_MAX);
  const HeadTensor* const tensors[] = {&forward.probs, &call.dprobs,
                                       &forward.scores, &call.dscores};
  const size_t run =
      forward.interleaves
          ? 1
          : internal::RowsOfRun(forward, tensors, 4, false, has_positions);
  const Context context = {call, dsinks};
  internal::ForRuns(forward, run, values, RunRows, &context);
}

// Checks all arguments but the target, and sets the tensors of the call.
// `scores` are the probabilities if there is no softcap.
[[gnu::noinline]] Status Prepare(const ConstAnyTensor& probs,
                                 const ConstAnyTensor& dprobs,
                                 const ConstAnyTensor& scores,
                                 const AnyTensor& dscores,
                                 const AttentionHeadsSinkGradient& sink,
                                 Call& call) {
  using internal::HasRowsOfKeys;
  using internal::TensorOperand;
  const AttentionHeadsOptions& options = call.forward.options;
  const ElementType in = probs.type, out = dscores.type;
  if (!internal::IsPair(probs, dprobs, dscores) || scores.type != in ||
      !internal::IsBiasBeside(options.bias, in, out)) {
    return Status::kBadOption;
  }
  if (!HasRowsOfKeys(probs) || !HasRowsOfKeys(dprobs) ||
      !HasRowsOfKeys(scores) || !HasRowsOfKeys(dscores)) {
    return Status::kBadShape;
  }
  const internal::HeadMasks masks(probs, options);
  if (!masks.have_rows_of_keys) return Status::kBadShape;
  const bool has_dsinks = sink.dsinks.data != nullptr;
  const bool lacks =
      options.sinks.data == nullptr || sink.logsumexp.data == nullptr;
  if (has_dsinks && lacks && internal::HasElements(sink.dsinks)) {
    return Status::kNullPointer;
  }
  const TensorOperand p = internal::InputTensor(probs, out);
  TensorOperand operands[internal::kMaxTensorOperands] = {
      p, internal::InputTensor(dprobs, out), internal::InputTensor(scores, out),
      internal::OutputTensor(dscores, in)};
  size_t count = 4;
  if (has_dsinks) {
    operands[count++] = internal::ReducedTensor(sink.dsinks);
    operands[count++] = {sink.logsumexp, sink.logsumexp.data, sizeof(float),
                         internal::Role::kRead, true};
  }
  count += masks.AddOperands(options, operands + count);
  const Status status =
      internal::CheckHeads(operands, count, options, call.forward.interleaves);
  if (status != Status::kOk || probs.sizes[3] == 0) return status;
  const auto tensor = [](const auto& view) {
    return HeadTensor(view.data, view.type, SizeOf(view.type), view);
  };
  call.forward.probs = tensor(probs);
  call.forward.scores = tensor(scores);
  call.dprobs = tensor(dprobs);
  call.dscores = tensor(dscores);
  return status;
}

}  // namespace

inline namespace v1 {

Status AttentionSoftmaxBackward(const ConstAnyTensor& probs,
                                const ConstAnyTensor& dprobs,
                                const ConstAnyTensor& scores,
                                const AnyTensor& dscores,
                                const AttentionHeadsOptions& options,
                                const AttentionHeadsSinkGradient& sink,
                                Target target) noexcept {
  const bool reads_scores = !internal::IsZero(options.softcap);
  Call call(options);
  if (Status s = Prepare(probs, dprobs, reads_scores ? scores : probs, dscores,
                         sink, call);
      s != Status::kOk) {
    return s;
  }
  HeadsCall& forward = call.forward;
  forward.target = internal::Resolve(target);
  if (forward.target == Target::kAuto) return Status::kTargetUnavailable;
  internal::SetRows(probs, forward);
  // dsinks may be a part of an empty axis, without elements.
  if (sink.dsinks.data != nullptr && internal::HasElements(sink.dsinks)) {
    constexpr ElementType kFloat = ElementType::kFloat32;
    forward.logsumexp = {sink.logsumexp.data, kFloat, sizeof(float),
                         sink.logsumexp};
    call.dsinks = {sink.dsinks.data, kFloat, sizeof(float), sink.dsinks};
  } else if (forward.keys == 0) {
    return Status::kOk;
  }
  if (forward.Rows() == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  RunBackward(call);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
