// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "any/any_check.h"
#include "any/joint_chunks.h"
#include "attention_backward.h"
#include "attention_check.h"
#include "fp_environment.h"
#include "schedules/key_ranges.h"
#include "softlane/attention_softmax_backward.h"

namespace softlane {
namespace {

using internal::JointChunk;
using internal::JointChunks;
using internal::KeptRows;
using internal::Optional;
using internal::ReadVector;

// `scores` are the probabilities if there is no softcap.
struct Call {
  const ConstAnyRows& probs;
  const ConstAnyRows& dprobs;
  const ConstAnyRows& scores;
  const AnyRows& dscores;
  const AttentionOptions& options;
  const AttentionSinkGradient& sink;
};

Status Check(const Call& call) {
  const AttentionOptions& options = call.options;
  const size_t rows = call.probs.rows;
  const ElementType in = call.probs.type, out = call.dscores.type;
  if (!internal::IsPair(call.probs, call.dprobs, call.dscores) ||
      call.scores.type != in ||
      !internal::IsBiasBeside(options.bias, in, out)) {
    return Status::kBadOption;
  }
  if (Status s = internal::CheckSinkGradient(options, call.sink, rows);
      s != Status::kOk) {
    return s;
  }
  const bool has_gradient = call.sink.dsinks != nullptr;
  const bool shapes_agree =
      internal::HaveSameShape(call.probs, call.dscores) &&
      internal::HaveSameShape(call.dprobs, call.dscores) &&
      internal::HaveSameShape(call.scores, call.dscores) &&
      internal::MasksHaveShapeOf(internal::FloatsOf(call.probs), options);
  const float* const logsumexp = has_gradient ? call.sink.logsumexp : nullptr;
  using internal::Operand;
  if (Status s = internal::CheckOperandsOf(
          {internal::InputBeside(call.probs, out),
           internal::InputBeside(call.dprobs, out),
           internal::InputBeside(call.scores, out),
           internal::OutputBeside(call.dscores, in),
           Operand(Optional(internal::Read(options.bias))),
           Operand(Optional(internal::Read(options.keep))),
           Operand(Optional(ReadVector(options.lengths, rows))),
           Operand(Optional(ReadVector(options.sinks, rows))),
           Operand(Optional(ReadVector(logsumexp, rows))),
           Operand(Optional(internal::WrittenVector(call.sink.dsinks, rows)))},
          shapes_agree);
      s != Status::kOk) {
    return s;
  }
  return internal::CheckAttentionOptions(options, rows, call.probs.cols);
}

// The scores of a chunk.
const Rows<const float>& ScoresOf(const JointChunk& chunk, bool has_scores) {
  return chunk.x[has_scores ? 2 : 0];
}

void RunLongRow(const Call& call, const JointChunks& chunks,
                const internal::AttentionBackwardKernels& kernels,
                const internal::KeyRange& keys, size_t r, bool has_scores) {
  const double dot =
      chunks.Dot(r, keys.begin, keys.end, internal::DotTerms::kKeptProducts);
  chunks.ForParts(r, keys.begin, keys.end, [&](const JointChunk& chunk) {
    kernels.write_part(
        {chunk.x[0], chunk.x[1], ScoresOf(chunk, has_scores), chunk.y}, dot,
        call.options.scale, call.options.softcap);
  });
  const AnyRows& dx = call.dscores;
  const size_t bytes = SizeOf(dx.type);
  std::memset(dx.At(r, 0), 0, keys.begin * bytes);
  std::memset(dx.At(r, keys.end), 0, (dx.cols - keys.end) * bytes);
  internal::WriteSinkGradient(kernels, call.options, call.sink, r, dot);
}

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunChecked(const Call& call, bool has_scores,
                                  Target target) {
  const auto& kernels =
      internal::KernelsOf(internal::kAttentionBackwardKernels, target);
  const JointChunks chunks(call.probs, call.dprobs,
                           has_scores ? &call.scores : nullptr, call.dscores,
                           target);
  if (chunks.HoldRows()) {
    return chunks.ForRows([&](const JointChunk& chunk) {
      internal::RunAttentionBackward(
          kernels,
          {chunk.x[0], chunk.x[1], ScoresOf(chunk, has_scores), chunk.y},
          chunk.row, call.options, call.sink, false);
    });
  }
  const internal::KeyRanges ranges(call.options, call.probs.cols);
  for (size_t r = 0; r < call.probs.rows; ++r) {
    RunLongRow(call, chunks, kernels, ranges.Of(r), r, has_scores);
  }
}

}  // namespace

inline namespace v1 {

Status AttentionSoftmaxBackward(const ConstAnyRows& probs,
                                const ConstAnyRows& dprobs,
                                const ConstAnyRows& scores,
                                const AnyRows& dscores,
                                const AttentionOptions& options,
                                const AttentionSinkGradient& sink,
                                Target target) noexcept {
  // Without a softcap the scores are neither checked nor read.
  const bool reads_scores = !internal::IsZero(options.softcap);
  const ConstAnyRows& read = reads_scores ? scores : probs;
  const bool are_floats = internal::AreFloats(probs, dprobs, read, dscores);
  const Call call{probs, dprobs, read, dscores, options, sink};
  if (!are_floats) {
    if (Status s = Check(call); s != Status::kOk) return s;
  }
  if (are_floats || probs.rows == 0 || probs.cols == 0) {
    return AttentionSoftmaxBackward(
        internal::FloatsOf(probs), internal::FloatsOf(dprobs),
        internal::FloatsOf(read), internal::FloatsOf(dscores), options, sink,
        target);
  }
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  const internal::FpEnvironment environment;
  RunChecked(call, reads_scores, chosen);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
