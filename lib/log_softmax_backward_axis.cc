// SPDX-License-Identifier: Apache-2.0
#include "cache_size.h"
#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "planes_as_rows.h"
#include "schedules/columns.h"
#include "softlane/log_softmax_backward.h"
#include "softlane/softmax_axis.h"

namespace softlane {
inline namespace v1 {

Status LogSoftmaxBackwardAxis(const Planes<const float>& log_probs,
                              const Planes<const float>& dlog_probs,
                              const Planes<float>& dlogits, float scale,
                              Target target) noexcept {
  if (Status s = internal::CheckMap(log_probs, dlog_probs, dlogits);
      s != Status::kOk) {
    return s;
  }
  if (internal::IsRows(log_probs) && internal::IsRows(dlog_probs) &&
      internal::IsRows(dlogits)) {
    return LogSoftmaxBackward(internal::AsRows(log_probs),
                              internal::AsRows(dlog_probs),
                              internal::AsRows(dlogits), scale, target);
  }
  if (!internal::IsFinitePositive(scale)) return Status::kBadOption;
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (internal::IsEmpty(log_probs)) return Status::kOk;
  const internal::FpEnvironment environment;
  internal::RunLogBackwardColumns(
      log_probs, dlog_probs, dlogits, scale, chosen,
      internal::CachedElements(log_probs.outer * log_probs.axis,
                               log_probs.inner));
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
