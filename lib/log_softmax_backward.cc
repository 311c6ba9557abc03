// SPDX-License-Identifier: Apache-2.0
#include "softlane/log_softmax_backward.h"

#include "cache_size.h"
#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/backward_passes.h"
#include "schedules/backward_planner.h"

namespace softlane {
inline namespace v1 {

Status LogSoftmaxBackward(const Rows<const float>& log_probs,
                          const Rows<const float>& dlog_probs,
                          const Rows<float>& dlogits, float scale,
                          Target target) noexcept {
  if (Status s = internal::CheckMap(log_probs, dlog_probs, dlogits);
      s != Status::kOk) {
    return s;
  }
  if (!internal::IsFinitePositive(scale)) return Status::kBadOption;
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (log_probs.cols == 0) return Status::kOk;
  const bool is_streamed = internal::StreamsGradients(
      {log_probs.rows, log_probs.cols,
       dlogits.data == log_probs.data || dlogits.data == dlog_probs.data},
      3, chosen, internal::CachedElements(log_probs.rows, log_probs.cols));
  const internal::FpEnvironment environment;
  internal::KernelsOf(internal::kLogSoftmaxBackwardRows, chosen)(
      log_probs, dlog_probs, dlogits, scale, nullptr, is_streamed);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
