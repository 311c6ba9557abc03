// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax.h"

#include "cache_size.h"
#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "one_column.h"
#include "schedules/large_softmax.h"
#include "schedules/planner.h"
#include "schedules/row_tiles.h"
#include "schedules/softmax_batches.h"
#include "schedules/softmax_call.h"
#include "schedules/softmax_rows.h"

// p = exp(scale x) / sum(exp(scale x)).
//
// The maximum is not subtracted from x, because fl(x - max) is the dominant
// error of other implementations. Instead the maximum in octaves is rounded to
// a whole number. This number is subtracted from the exponents of the exp
// values, which is exact. Any other whole number would be exact, too, so the
// number may be predicted.
//
// Special values: -inf gives +0. The maximum may miss a NaN or +inf, but such
// an element makes its exp value NaN, and so the sum is NaN.

namespace softlane {
namespace {

using internal::Schedule;
using internal::SoftmaxCall;
using internal::SoftmaxPlan;

void RunFarRows(const SoftmaxCall& call, Target, size_t first, size_t count) {
  internal::RunRowByRow(call, first, count);
}

void RunInBatches(const SoftmaxCall& call, const SoftmaxPlan& plan,
                  Target target) {
  const internal::RowSample sample =
      call.row.sample(call.x.data, call.x.cols, call.parts);
  if (sample.is_wide && plan.if_wide == Schedule::kTiles) {
    return internal::RunSoftmaxTiles(call, target, 0, call.x.rows);
  }
  internal::RunSoftmaxBatches(
      call, plan, internal::KernelsOf(internal::kPlainBatchKernels, target),
      call.x.stride == call.x.cols && call.logsumexp == nullptr, sample,
      RunFarRows,
      plan.if_wide == Schedule::kTiles ? internal::RunSoftmaxTiles : nullptr,
      target);
}

// Each schedule is a separate function, so that a call uses only the stack of
// its schedule. This function takes the plan by reference and is not inlined,
// because a copy of the plan would wait for the stores that made it.
[[gnu::noinline]] void RunPlan(const SoftmaxCall& call, const SoftmaxPlan& plan,
                               Target target) {
  switch (plan.schedule) {
    case Schedule::kOneRow:
    case Schedule::kShortRows:  // RunRows has done the batches
      return internal::RunRowByRow(call, 0, call.x.rows);
    case Schedule::kRows:
      return internal::RunSoftmaxRows(call, plan);
    case Schedule::kBatches:
      return RunInBatches(call, plan, target);
    case Schedule::kTiles:
      return internal::RunSoftmaxTiles(call, target, 0, call.x.rows);
    case Schedule::kLargeRows:
      return internal::RunLargeRows(call, target);
  }
}

void RunSchedule(const SoftmaxCall& call, Target target) {
  const size_t rows = call.x.rows, cols = call.x.cols;
  const bool has_usual_scale = call.parts.is_usual;
  const bool has_logsumexp = call.logsumexp != nullptr;
  if (has_usual_scale && !has_logsumexp) {
    const SoftmaxPlan* const few =
        internal::PlanFewRows(rows, cols, false, target);
    if (few != nullptr) return RunPlan(call, *few, target);
  }
  const SoftmaxPlan plan = internal::PlanSoftmax(
      {rows, cols, call.x.data == call.y.data, has_usual_scale, has_logsumexp,
       internal::HasWholeLines(call.y)},
      target, internal::CachedElements(rows, cols));
  RunPlan(call, plan, target);
}

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void RunSingleRow(const Rows<const float>& logits,
                                    const Rows<float>& probs, float* logsumexp,
                                    const SoftmaxOptions& options,
                                    Target target) {
  internal::ScaleParts place;
  internal::RunOneRow(internal::KernelsOf(internal::kRowKernels, target),
                      internal::KernelsOf(internal::kSoftmaxKernels, target),
                      logits.data, probs.data, logits.cols, logsumexp,
                      internal::SplitScale(options.scale, place),
                      internal::EmptyValue(options.empty_row, false));
}
[[gnu::noinline]] void RunRows(const Rows<const float>& logits,
                               const Rows<float>& probs, float* logsumexp,
                               const SoftmaxOptions& options, Target target) {
  const internal::RowKernels& row =
      internal::KernelsOf(internal::kRowKernels, target);
  const internal::SoftmaxKernels& kernels =
      internal::KernelsOf(internal::kSoftmaxKernels, target);
  internal::ScaleParts place;
  const internal::ScaleParts& parts =
      internal::SplitScale(options.scale, place);
  // For so few rows, planning takes longer than the work.
  if (kernels.short_rows != nullptr &&
      internal::AreShortRows(logits.rows, logits.cols)) {
    return internal::RunShortRows(
        row, kernels, logits, probs, logsumexp, parts,
        internal::EmptyValue(options.empty_row, false));
  }
  const internal::LogitsKernels& plain =
      internal::KernelsOf(internal::kPlainLogitsKernels, target);
  RunSchedule({row, kernels, plain, plain, nullptr, &internal::SpecialPlainRow,
               logits, probs, logsumexp, parts, options.empty_row},
              target);
}

template <bool kHasLogSumExp>
[[gnu::always_inline]] inline Status Run(const Rows<const float>& logits,
                                         const Rows<float>& probs,
                                         float* logsumexp,
                                         const SoftmaxOptions& options,
                                         Target target) {
  if (!internal::AreGoodOptions(options.scale, options.empty_row)) {
    return Status::kBadOption;
  }
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (logits.cols == 0) {
    if (kHasLogSumExp) internal::FillMinusInfinity(logsumexp, logits.rows);
    return Status::kOk;
  }
  if (logits.rows == 0) return Status::kOk;
  if (logits.cols == 1) {
    if (kHasLogSumExp) {
      const internal::FpEnvironment environment;
      internal::LogSumExpOfOneColumn(logits, logsumexp, options.scale);
    }
    internal::MapOneColumn(logits, probs, 1.0f,
                           internal::EmptyValue(options.empty_row, false));
    return Status::kOk;
  }
  const internal::FpEnvironment environment;
  const internal::SoftmaxKernels& kernels =
      internal::KernelsOf(internal::kSoftmaxKernels, chosen);
  if (!kHasLogSumExp &&
      internal::RunFewRows(kernels, logits, probs, nullptr, options.scale)) {
    return Status::kOk;
  }
  if (internal::IsOneRow(logits.rows, logits.cols)) {
    RunSingleRow(logits, probs, logsumexp, options, chosen);
  } else if (!kHasLogSumExp &&
             internal::AreTwiceFewRows(kernels, logits, options.scale)) {
    internal::RunTwiceFewRows(kernels, logits, probs, nullptr, options, chosen,
                              &RunRows);
  } else {
    RunRows(logits, probs, logsumexp, options, chosen);
  }
  return Status::kOk;
}

}  // namespace

inline namespace v1 {

Status Softmax(const Rows<const float>& logits, const Rows<float>& probs,
               const SoftmaxOptions& options, Target target) noexcept {
  if (Status s = internal::CheckMap(logits, probs); s != Status::kOk) {
    return s;
  }
  return Run<false>(logits, probs, nullptr, options, target);
}

Status SoftmaxWithLogSumExp(const Rows<const float>& logits,
                            const Rows<float>& probs, float* logsumexp,
                            const SoftmaxOptions& options,
                            Target target) noexcept {
  if (Status s = internal::CheckOperands(
          internal::HaveSameShape(logits, probs), internal::Replaced(logits),
          internal::Replacing(probs),
          internal::WrittenVector(logsumexp, logits.rows));
      s != Status::kOk) {
    return s;
  }
  return Run<true>(logits, probs, logsumexp, options, target);
}

}  // namespace v1
}  // namespace softlane
