// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax_axis.h"

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "planes_as_rows.h"
#include "schedules/columns.h"
#include "schedules/softmax_call.h"
#include "softlane/softmax.h"

namespace softlane {
inline namespace v1 {

Status SoftmaxAxis(const Planes<const float>& logits,
                   const Planes<float>& probs, const SoftmaxOptions& options,
                   Target target) noexcept {
  if (Status s = internal::CheckMap(logits, probs); s != Status::kOk) {
    return s;
  }
  if (internal::IsRows(logits) && internal::IsRows(probs)) {
    return Softmax(internal::AsRows(logits), internal::AsRows(probs), options,
                   target);
  }
  if (!internal::AreGoodOptions(options.scale, options.empty_row)) {
    return Status::kBadOption;
  }
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (internal::IsEmpty(logits)) return Status::kOk;
  if (logits.axis == 1) {
    internal::MapAxisOfOne(logits, probs, 1.0f,
                           internal::EmptyValue(options.empty_row, false));
    return Status::kOk;
  }
  const internal::FpEnvironment environment;
  internal::RunSoftmaxColumns(logits, probs, options, chosen);
  return Status::kOk;
}

Status SoftmaxWithLogSumExpAxis(const Planes<const float>& logits,
                                const Planes<float>& probs,
                                const Rows<float>& logsumexp,
                                const SoftmaxOptions& options,
                                Target target) noexcept {
  if (Status s = internal::CheckOperands(
          internal::HaveSameShape(logits, probs) &&
              internal::HasLogsOf(logits, logsumexp),
          internal::Replaced(logits), internal::Replacing(probs),
          internal::Written(logsumexp));
      s != Status::kOk) {
    return s;
  }
  if (logits.axis != 0 && internal::IsRows(logits) && internal::IsRows(probs)) {
    return internal::ForLogsOfRows(logsumexp, [&](size_t first, size_t count,
                                                  float* logs) {
      return SoftmaxWithLogSumExp(internal::AsRows(logits).Slice(first, count),
                                  internal::AsRows(probs).Slice(first, count),
                                  logs, options, target);
    });
  }
  if (!internal::AreGoodOptions(options.scale, options.empty_row)) {
    return Status::kBadOption;
  }
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (logits.outer == 0 || logits.inner == 0) return Status::kOk;
  if (logits.axis == 0) {
    internal::FillMinusInfinity(logsumexp);
    return Status::kOk;
  }
  const internal::FpEnvironment environment;
  if (logits.axis == 1) {
    internal::LogSumExpOfAxisOfOne(logits, logsumexp, options.scale);
    internal::MapAxisOfOne(logits, probs, 1.0f,
                           internal::EmptyValue(options.empty_row, false));
    return Status::kOk;
  }
  internal::RunSoftmaxColumns(logits, probs, options, chosen, nullptr,
                              &logsumexp);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
