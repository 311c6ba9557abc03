// SPDX-License-Identifier: Apache-2.0
#include "softlane/attention_softmax.h"

#include <cstdint>

#include "any/attention_rows.h"
#include "attention_check.h"
#include "attention_run.h"
#include "attention_special.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/attention_passes.h"
#include "schedules/attention_short_rows.h"
#include "schedules/key_ranges.h"
#include "schedules/planner.h"
#include "schedules/softmax_call.h"

// Softmax of the logits z (see AttentionOptions) over the keys that a row has,
// with a sink in the sum. The schedules are those of Softmax. Short rows are
// done in batches, except for logits that are not affine, and except with a
// window, because then rows may begin after the first key.

namespace softlane {
namespace {

using internal::AttentionSource;
using internal::BiasRow;
using internal::KeyRanges;
using internal::kInfinity;
using internal::SoftmaxCall;

void FillNaNOfRow(const void* source, size_t r, size_t begin, size_t n,
                  const float* z, float* to) {
  internal::FillNaN(static_cast<const AttentionSource*>(source)->options, r,
                    begin, n, z, to);
}
float SpecialRow(const SoftmaxCall& call, size_t r, size_t begin, size_t n,
                 const float* z) {
  return internal::SpecialAttentionRow(call, r, begin, n, z, &FillNaNOfRow);
}

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunSchedule(const Rows<const float>& scores,
                                   const Rows<float>& probs, float* logsumexp,
                                   const AttentionOptions& options,
                                   Target target) {
  const internal::LogitsKernels& plain =
      internal::KernelsOf(internal::kPlainLogitsKernels, target);
  const internal::LogitsKernels& logits =
      internal::KernelsOf(internal::LogitsKernelsFor(options), target);
  const AttentionSource source = {options, plain};
  const internal::ScaleParts& parts = internal::kUnscaled;
  const KeyRanges ranges(options, scores.cols);
  const bool has_ranges = ranges.MayBePart();
  const bool has_bias = options.bias.data != nullptr;
  const SoftmaxCall call = {
      internal::KernelsOf(internal::kRowKernels, target),
      internal::KernelsOf(internal::kSoftmaxKernels, target),
      plain,
      logits,
      &source,
      &SpecialRow,
      scores,
      probs,
      logsumexp,
      parts,
      options.empty_row,
      options.sinks,
      has_ranges ? &ranges : nullptr,
      BiasRow(options, 0),
      options.bias.stride};
  if (internal::IsOneRow(scores.rows, scores.cols)) {
    if (!has_ranges) {
      return internal::RunOneRowOfKeys(call, scores.data, 0, scores.cols,
                                       probs.data);
    }
    const internal::KeyRange keys = ranges.Of(0);
    if (keys.begin != keys.end) return internal::RunPartOfOneRow(call, keys);
  }
  const bool is_dense =
      !has_ranges && logsumexp == nullptr && scores.stride == scores.cols &&
      (!has_bias || options.bias.stride == scores.cols) &&
      (options.keep.data == nullptr || options.keep.stride == scores.cols);
  internal::RunAttentionCall(
      call,
      {internal::KernelsOf(internal::kAttentionBatchKernels, target),
       internal::AreAffine(options), scores.data == probs.data, is_dense,
       /*has_masked=*/options.keep.data != nullptr, options.window != 0,
       has_bias && options.bias.stride != 0},
      target);
}

// Whether the bias is of a half type.
bool HasHalfBias(const AttentionOptions& options) {
  return options.bias.type != ElementType::kFloat32 &&
         options.bias.data != nullptr;
}

// `results` is the operand logsumexp, or an empty operand.
template <class Results>
Status Run(const Rows<const float>& scores, const Rows<float>& probs,
           const Results& results, const AttentionOptions& options,
           Target target) {
  using internal::Optional;
  using internal::Read;
  using internal::ReadVector;
  const bool has_half_bias = HasHalfBias(options);
  if (has_half_bias && options.bias.type > ElementType::kFloat16) {
    return Status::kBadOption;
  }
  const bool shapes_agree = internal::HaveSameShape(scores, probs) &&
                            internal::MasksHaveShapeOf(scores, options);
  if (Status s = internal::CheckOperands(
          shapes_agree, internal::Replaced(scores), internal::Replacing(probs),
          results, Optional(Read(options.bias)), Optional(Read(options.keep)),
          Optional(ReadVector(options.lengths, scores.rows)),
          Optional(ReadVector(options.sinks, scores.rows)));
      s != Status::kOk) {
    return s;
  }
  if (Status s =
          internal::CheckAttentionOptions(options, scores.rows, scores.cols);
      s != Status::kOk) {
    return s;
  }
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  float* const logsumexp = results.view.data;
  if (scores.cols == 0 && logsumexp == nullptr) return Status::kOk;
  const internal::FpEnvironment environment;
  if (scores.cols == 0) {
    for (size_t r = 0; r < scores.rows; ++r) {
      // The log of the sink's exp is the sink. Adding 0 turns -0 into +0.
      logsumexp[r] =
          options.sinks == nullptr ? -kInfinity : options.sinks[r] + 0.0f;
    }
    return Status::kOk;
  }
  if (scores.rows == 0) return Status::kOk;
  if (has_half_bias) {
    internal::RunAttentionRows({scores, probs, logsumexp, options, chosen});
  } else {
    RunSchedule(scores, probs, logsumexp, options, chosen);
  }
  return Status::kOk;
}

}  // namespace

inline namespace v1 {

Status AttentionSoftmax(const Rows<const float>& scores,
                        const Rows<float>& probs,
                        const AttentionOptions& options,
                        Target target) noexcept {
  const auto none =
      internal::Optional(internal::WrittenVector<float>(nullptr, 0));
  return Run(scores, probs, none, options, target);
}

Status AttentionSoftmaxWithLogSumExp(const Rows<const float>& scores,
                                     const Rows<float>& probs, float* logsumexp,
                                     const AttentionOptions& options,
                                     Target target) noexcept {
  return Run(scores, probs, internal::WrittenVector(logsumexp, scores.rows),
             options, target);
}

}  // namespace v1
}  // namespace softlane
