// SPDX-License-Identifier: Apache-2.0
#include "cache_size.h"
#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "planes_as_rows.h"
#include "schedules/columns.h"
#include "softlane/softmax_axis.h"
#include "softlane/softmax_backward.h"

namespace softlane {
inline namespace v1 {

Status SoftmaxBackwardAxis(const Planes<const float>& probs,
                           const Planes<const float>& dprobs,
                           const Planes<float>& dlogits, float scale,
                           Target target) noexcept {
  if (Status s = internal::CheckMap(probs, dprobs, dlogits); s != Status::kOk) {
    return s;
  }
  if (internal::IsRows(probs) && internal::IsRows(dprobs) &&
      internal::IsRows(dlogits)) {
    return SoftmaxBackward(internal::AsRows(probs), internal::AsRows(dprobs),
                           internal::AsRows(dlogits), scale, target);
  }
  if (!internal::IsFinitePositive(scale)) return Status::kBadOption;
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (internal::IsEmpty(probs)) return Status::kOk;
  const internal::FpEnvironment environment;
  internal::RunBackwardColumns(
      probs, dprobs, dlogits, scale, chosen,
      internal::CachedElements(probs.outer * probs.axis, probs.inner));
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
