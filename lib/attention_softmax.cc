// SPDX-License-Identifier: Apache-2.0
#include "softlane/attention_softmax.h"

#include <cstdint>

#include "any/attention_rows.h"
#include "attention_check.h"
#include "attention_special.h"
#include "cache_size.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/attention_passes.h"
#include "kernels/short_rows.h"
#include "schedules/attention_short_rows.h"
#include "schedules/key_ranges.h"
#include "schedules/planner.h"
#include "schedules/softmax_batches.h"
#include "schedules/softmax_call.h"
#include "schedules/softmax_rows.h"

// Softmax of the logits z (see AttentionOptions) over the keys that a row has,
// with a sink in the sum. The schedules are those of Softmax. Short rows go in
// batches, unless there is a softcap or ALiBi, or a window, which makes rows
// begin after the first key.

namespace softlane {
namespace {

using internal::AttentionSource;
using internal::BiasRow;
using internal::KeyRanges;
using internal::kInfinity;
using internal::kNaN;
using internal::SoftmaxCall;
using internal::SoftmaxPlan;

float SpecialRow(const SoftmaxCall& call, size_t r, size_t begin, size_t n,
                 const float* z) {
  const float sink = call.Sink(r);
  const float max = call.row.max_or_nan(z, n);
  float* const to = call.y.Row(r) + begin;
  if (max == -kInfinity && sink == -kInfinity) {
    if (call.empty_row == EmptyRow::kZero) {
      internal::FillRow(to, n, 0.0f);
    } else {  // masked columns become NaN, too
      internal::FillRow(call.y.Row(r), call.x.cols, kNaN);
    }
    return -kInfinity;
  }
  const auto& source = *static_cast<const AttentionSource*>(call.source);
  internal::FillNaN(source.options, r, begin, n, z, to);
  if (!(max == max) || !(sink == sink)) return kNaN;
  return max > sink ? max : sink;
}

// Does rows that are far. One row at a time: in place, each row takes stack.
void RunFarRows(const SoftmaxCall& call, Target, size_t first, size_t count) {
  SoftmaxPlan plan = {};
  plan.schedule = internal::Schedule::kRows;
  plan.places = call.x.data == call.y.data ? internal::Places::kScratch
                                           : internal::Places::kOutput;
  plan.rows_per_call = 1;
  for (size_t r = first; r < first + count; ++r) {
    internal::RunSoftmaxRows(call, plan, r, 1);
  }
}

void RunInBatches(const SoftmaxCall& call, const SoftmaxPlan& plan,
                  Target target) {
  const auto& source = *static_cast<const AttentionSource*>(call.source);
  const AttentionOptions& options = source.options;
  const size_t cols = call.x.cols;
  alignas(64) float logits[internal::kMaxBatchCols];
  internal::RowJob job;
  job.row = job.begin = 0;
  job.n = cols;
  if (call.ranges != nullptr) {
    // The first of causal rows may have one key, which predicts little.
    constexpr size_t kMost = internal::kSmallBatchRows;
    job.row = (call.x.rows < kMost ? call.x.rows : kMost) - 1;
    job.n = call.ranges->Of(job.row).end;
  }
  job.logits = call.x.Row(job.row);
  call.logits.write_logits(call.source, job, logits);
  internal::RowSample sample = call.row.sample(logits, job.n, call.parts);
  // Where a mask is usual, so are masked elements.
  sample.has_masked |= options.keep.data != nullptr;
  const bool is_dense =
      call.ranges == nullptr && call.logsumexp == nullptr &&
      call.x.stride == cols &&
      (options.bias.data == nullptr || options.bias.stride == cols) &&
      (options.keep.data == nullptr || options.keep.stride == cols);
  internal::RunSoftmaxBatches(
      call, plan, internal::KernelsOf(internal::kAttentionBatchKernels, target),
      is_dense, sample, RunFarRows, nullptr, target);
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
  if (call.kernels.short_rows != nullptr && !has_ranges &&
      options.sinks == nullptr &&
      internal::AreShortRows(scores.rows, scores.cols)) {
    return internal::RunShortRowsOfKeys(call);
  }
  const bool may_batch = internal::AreAffine(options);
  if (may_batch && options.window == 0 && logsumexp == nullptr) {
    const SoftmaxPlan* const plan =
        internal::PlanFewRows(scores.rows, scores.cols, true, target);
    if (plan != nullptr) return RunInBatches(call, *plan, target);
  }
  internal::SoftmaxShape shape = {
      scores.rows, scores.cols,          scores.data == probs.data,
      true,        logsumexp != nullptr, internal::HasWholeLines(probs)};
  shape.is_attention = true;
  shape.has_batches = may_batch;
  shape.has_ranges = has_ranges;
  shape.has_begins = options.window != 0;
  shape.has_sinks = options.sinks != nullptr;
  shape.has_bias_rows = has_bias && options.bias.stride != 0;
  const size_t cached = internal::CachedElements(shape.rows, shape.cols);
  const SoftmaxPlan plan = internal::PlanSoftmax(shape, target, cached);
  if (plan.schedule == internal::Schedule::kBatches) {
    return RunInBatches(call, plan, target);
  }
  internal::RunSoftmaxRows(call, plan);
}

// Whether the bias is of a half type.
bool HasHalfBias(const AttentionOptions& options) {
  return options.bias.type != ElementType::kFloat32 &&
         options.bias.data != nullptr;
}

// `results` is the operand logsumexp, or no operand.
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
      // The log of the sink's exp. + 0 makes +0 of -0.
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
