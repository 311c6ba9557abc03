// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "planes_as_rows.h"
#include "schedules/columns.h"
#include "schedules/softmax_call.h"
#include "softlane/log_softmax.h"
#include "softlane/softmax_axis.h"

namespace softlane {
inline namespace v1 {

Status LogSoftmaxAxis(const Planes<const float>& logits,
                      const Planes<float>& log_probs,
                      const SoftmaxOptions& options, Target target) noexcept {
  if (Status s = internal::CheckMap(logits, log_probs); s != Status::kOk) {
    return s;
  }
  if (internal::IsRows(logits) && internal::IsRows(log_probs)) {
    return LogSoftmax(internal::AsRows(logits), internal::AsRows(log_probs),
                      options, target);
  }
  if (!internal::AreGoodOptions(options.scale, options.empty_row)) {
    return Status::kBadOption;
  }
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (internal::IsEmpty(logits)) return Status::kOk;
  if (logits.axis == 1) {
    internal::MapAxisOfOne(logits, log_probs, 0.0f,
                           internal::EmptyValue(options.empty_row, true));
    return Status::kOk;
  }
  const internal::FpEnvironment environment;
  internal::RunLogSoftmaxColumns(logits, log_probs, options, chosen);
  return Status::kOk;
}

Status LogSumExpAxis(const Planes<const float>& logits,
                     const Rows<float>& logsumexp, float scale,
                     Target target) noexcept {
  if (Status s = internal::CheckOperands(internal::HasLogsOf(logits, logsumexp),
                                         internal::Read(logits),
                                         internal::Written(logsumexp));
      s != Status::kOk) {
    return s;
  }
  if (logits.axis != 0 && internal::IsRows(logits)) {
    return internal::ForLogsOfRows(
        logsumexp, [&](size_t first, size_t count, float* logs) {
          return LogSumExp(internal::AsRows(logits).Slice(first, count), logs,
                           scale, target);
        });
  }
  if (!internal::IsFinitePositive(scale)) return Status::kBadOption;
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (logits.outer == 0 || logits.inner == 0) return Status::kOk;
  if (logits.axis == 0) {
    internal::FillMinusInfinity(logsumexp);
    return Status::kOk;
  }
  const internal::FpEnvironment environment;
  if (logits.axis == 1) {
    internal::LogSumExpOfAxisOfOne(logits, logsumexp, scale);
    return Status::kOk;
  }
  internal::RunLogSoftmaxColumns(logits, Planes<float>(),
                                 {scale, EmptyRow::kNan}, chosen, nullptr,
                                 &logsumexp);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
