// SPDX-License-Identifier: Apache-2.0
#include "softlane/log_softmax.h"

#include "cache_size.h"
#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/log_passes.h"
#include "one_column.h"
#include "schedules/planner.h"
#include "schedules/row_tiles.h"
#include "schedules/softmax_call.h"
#include "schedules/softmax_rows.h"

// LogSoftmax, log p = scale x - log(sum(exp(scale x))), and LogSumExp, which
// gives the subtracted logarithm. The schedules of Softmax run both: see
// kernels/log_passes.h.

namespace softlane {
namespace {

using internal::Schedule;
using internal::SoftmaxCall;

void RunSchedule(const SoftmaxCall& call, Target target) {
  internal::SoftmaxShape shape = {call.x.rows,
                                  call.x.cols,
                                  call.x.data == call.y.data,
                                  call.parts.is_usual,
                                  call.logsumexp != nullptr,
                                  internal::HasWholeLines(call.y)};
  shape.is_log = true;
  const internal::SoftmaxPlan plan = internal::PlanSoftmax(
      shape, target, internal::CachedElements(shape.rows, shape.cols));
  switch (plan.schedule) {
    case Schedule::kTiles:
      return internal::RunLogTiles(call, plan, target);
    case Schedule::kRows:
      return internal::RunSoftmaxRows(call, plan);
    default:
      return internal::RunRowByRow(call, 0, call.x.rows);
  }
}

// Not inlined: see FpEnvironment. One of log_probs and logsumexp is null.
[[gnu::noinline]] void RunChecked(const Rows<const float>& logits,
                                  const Rows<float>& log_probs,
                                  float* logsumexp,
                                  const SoftmaxOptions& options,
                                  Target target) {
  const internal::RowKernels& row =
      internal::KernelsOf(internal::kRowKernels, target);
  const internal::SoftmaxKernels& kernels =
      internal::KernelsOf(internal::kLogSoftmaxKernels, target);
  internal::ScaleParts place;
  const internal::ScaleParts& parts =
      internal::SplitScale(options.scale, place);
  const bool is_by_row =
      logsumexp == nullptr ? internal::IsLogByRow(logits.rows, logits.cols)
                           : internal::IsLogSumByRow(logits.rows, logits.cols);
  if (is_by_row && (logits.rows == 1 || kernels.short_rows == nullptr)) {
    const float empty_value = internal::EmptyValue(options.empty_row, true);
    if (logits.rows == 1) {
      return internal::RunOneRow(row, kernels, logits.data, log_probs.data,
                                 logits.cols, logsumexp, parts, empty_value);
    }
    return internal::RunRowByRow(row, kernels, logits, log_probs, 0,
                                 logits.rows, logsumexp, parts, empty_value);
  }
  // For so few rows, planning takes longer than the work.
  if (kernels.short_rows != nullptr &&
      internal::AreShortRows(logits.rows, logits.cols)) {
    return internal::RunShortRows(
        row, kernels, logits, log_probs, logsumexp, parts,
        internal::EmptyValue(options.empty_row, true));
  }
  const internal::LogitsKernels& sums =
      internal::KernelsOf(internal::kLogSumKernels, target);
  RunSchedule({row, kernels, sums, sums, nullptr, &internal::SpecialPlainRow,
               logits, log_probs, logsumexp, parts, options.empty_row, nullptr,
               nullptr, nullptr, 0, true},
              target);
}

}  // namespace

inline namespace v1 {

Status LogSoftmax(const Rows<const float>& logits, const Rows<float>& log_probs,
                  const SoftmaxOptions& options, Target target) noexcept {
  if (Status s = internal::CheckMap(logits, log_probs); s != Status::kOk) {
    return s;
  }
  if (!internal::AreGoodOptions(options.scale, options.empty_row)) {
    return Status::kBadOption;
  }
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (logits.cols == 0 || logits.rows == 0) return Status::kOk;
  if (logits.cols == 1) {
    internal::MapOneColumn(logits, log_probs, 0.0f,
                           internal::EmptyValue(options.empty_row, true));
    return Status::kOk;
  }
  const internal::FpEnvironment environment;
  const internal::SoftmaxKernels& kernels =
      internal::KernelsOf(internal::kLogSoftmaxKernels, chosen);
  if (internal::RunFewRows(kernels, logits, log_probs, nullptr,
                           options.scale)) {
    return Status::kOk;
  }
  if (internal::AreTwiceFewRows(kernels, logits, options.scale)) {
    internal::RunTwiceFewRows(kernels, logits, log_probs, nullptr, options,
                              chosen, &RunChecked);
    return Status::kOk;
  }
  RunChecked(logits, log_probs, nullptr, options, chosen);
  return Status::kOk;
}

Status LogSumExp(const Rows<const float>& logits, float* logsumexp, float scale,
                 Target target) noexcept {
  if (Status s = internal::CheckOperands(
          true, internal::Read(logits),
          internal::WrittenVector(logsumexp, logits.rows));
      s != Status::kOk) {
    return s;
  }
  if (!internal::IsFinitePositive(scale)) return Status::kBadOption;
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (logits.cols == 0) {
    internal::FillMinusInfinity(logsumexp, logits.rows);
    return Status::kOk;
  }
  if (logits.rows == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  if (logits.cols == 1) {
    internal::LogSumExpOfOneColumn(logits, logsumexp, scale);
    return Status::kOk;
  }
  const Rows<float> none(nullptr, logits.rows, logits.cols, 0);
  const internal::SoftmaxKernels& kernels =
      internal::KernelsOf(internal::kLogSoftmaxKernels, chosen);
  if (internal::RunFewRows(kernels, logits, none, logsumexp, scale)) {
    return Status::kOk;
  }
  const SoftmaxOptions options = {scale, EmptyRow::kNan};
  if (internal::AreTwiceFewRows(kernels, logits, scale)) {
    internal::RunTwiceFewRows(kernels, logits, none, logsumexp, options, chosen,
                              &RunChecked);
    return Status::kOk;
  }
  RunChecked(logits, none, logsumexp, options, chosen);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
