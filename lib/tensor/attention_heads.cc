// SPDX-License-Identifier: Apache-2.0
#include "softlane/attention_heads.h"

#include "any/any_check.h"
#include "arith/plan.h"
#include "attention_check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/half_passes.h"
#include "tensor/head_rows.h"
#include "tensor/heads_check.h"

// Rows of several matrices are done together if they form one view of rows with
// the same options. For other rows that are short or of a half type, the logits
// are written to memory first. All other matrices are large, and each is done
// by itself.

namespace softlane {
namespace {

using internal::HeadsCall;
using internal::HeadTensor;
using internal::IsHalf;

// From this number of elements on, a matrix or several may be done by itself.
constexpr size_t kLargeRun = 128 * 128;

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunHeads(const HeadsCall& call) {
  const AttentionHeadsOptions& options = call.options;
  const bool has_halves = IsHalf(call.scores.type) || IsHalf(call.probs.type) ||
                          IsHalf(call.bias.type);
  const bool has_alibi = call.HasAlibi(), has_scales = call.HasBiasScales();
  // The ends of rows are of type int32_t, so positions must fit.
  const bool has_positions = has_alibi || options.window != 0 ||
                             (options.causal && call.keys > INT32_MAX);
  const HeadTensor* const inputs[] = {&call.scores, &call.probs, &call.bias,
                                      &call.keep};
  const size_t run =
      call.interleaves
          ? 1
          : internal::RowsOfRun(call, inputs, 4, has_scales, has_positions);
  const bool is_written =
      options.window == 0 && call.keys <= internal::kMaxWrittenKeys;
  const bool is_affine = !has_alibi && options.softcap == 0.0f;
  // Longer rows are not done in batches but one after the other, and then
  // logits of several heads cost more than a call per head: 0.33 and 0.20 ns
  // per element at 20 heads of 64 x 256 with a bias of float16.
  constexpr size_t kMaxBatchedKeys = 255;
  const bool is_large =
      run * call.keys >= kLargeRun &&
      ((is_affine && !has_halves) || call.keys > kMaxBatchedKeys);
  const bool is_whole =
      call.Rows() == 1 || (run == call.Rows() && is_affine && !has_halves);
  if (!is_written || is_whole || is_large) {
    internal::RunHeadsAsRows(call, run);
  } else {
    internal::RunWrittenHeads(call);
  }
}

// Without keys, the logsumexp is that of the sink alone.
[[gnu::noinline]] void RunWithoutKeys(const HeadsCall& call) {
  internal::HeadRow row = {};
  for (size_t r = call.Rows(); r != 0; --r) {
    const float sink = HeadsCall::ValueOf(
        call.options.sinks, row.at[internal::kHeadDim], -internal::kInfinity);
    *row.In<float>(call.logsumexp) = sink + 0.0f;  // +0 for -0
    call.Advance(row);
  }
}

// Checks all arguments but the target, and sets the tensors of the call. Not
// inlined: its operands would grow the stack frame of the passes.
[[gnu::noinline]] Status Prepare(const ConstAnyTensor& scores,
                                 const AnyTensor& probs,
                                 const Tensor<float>* logsumexp,
                                 HeadsCall& call) {
  const AttentionHeadsOptions& options = call.options;
  const ElementType in = scores.type, out = probs.type;
  const ConstAnyTensor& bias = options.bias;
  if (!internal::IsPair(in, out) || !internal::IsBiasBeside(bias, in, out)) {
    return Status::kBadOption;
  }
  if (!internal::HasRowsOfKeys(scores) || !internal::HasRowsOfKeys(probs)) {
    return Status::kBadShape;
  }
  const internal::HeadMasks masks(scores, options);
  if (!masks.have_rows_of_keys) return Status::kBadShape;
  internal::TensorOperand operands[internal::kMaxTensorOperands] = {
      internal::InputTensor(scores, out), internal::OutputTensor(probs, in)};
  size_t count = 2;
  if (logsumexp != nullptr) {
    operands[count++] = internal::ReducedTensor(*logsumexp);
  }
  count += masks.AddOperands(options, operands + count);
  const Status status =
      internal::CheckHeads(operands, count, options, call.interleaves);
  call.scores = {scores.data, in, SizeOf(in), scores};
  call.probs = {probs.data, out, SizeOf(out), probs};
  call.bias = {bias.data, bias.type, SizeOf(bias.type), masks.bias};
  call.keep = {options.keep.data, ElementType::kFloat32, 1, masks.keep};
  if (logsumexp != nullptr) {
    call.logsumexp = {logsumexp->data, ElementType::kFloat32, sizeof(float),
                      *logsumexp};
  }
  return status;
}

Status Run(const ConstAnyTensor& scores, const AnyTensor& probs,
           const Tensor<float>* logsumexp, const AttentionHeadsOptions& options,
           Target target) {
  HeadsCall call(options);
  if (Status s = Prepare(scores, probs, logsumexp, call); s != Status::kOk) {
    return s;
  }
  call.target = internal::Resolve(target);
  if (call.target == Target::kAuto) return Status::kTargetUnavailable;
  internal::SetRows(scores, call);
  if (call.Rows() == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  if (call.keys == 0) {
    // logsumexp may also be a part of an empty axis, without elements.
    if (logsumexp != nullptr && internal::HasElements(*logsumexp)) {
      RunWithoutKeys(call);
    }
    return Status::kOk;
  }
  RunHeads(call);
  return Status::kOk;
}

}  // namespace

inline namespace v1 {

Status AttentionSoftmax(const ConstAnyTensor& scores, const AnyTensor& probs,
                        const AttentionHeadsOptions& options,
                        Target target) noexcept {
  return Run(scores, probs, nullptr, options, target);
}

Status AttentionSoftmaxWithLogSumExp(const ConstAnyTensor& scores,
                                     const AnyTensor& probs,
                                     const Tensor<float>& logsumexp,
                                     const AttentionHeadsOptions& options,
                                     Target target) noexcept {
  return Run(scores, probs, &logsumexp, options, target);
}

}  // namespace v1
}  // namespace softlane
