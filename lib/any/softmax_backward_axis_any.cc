// SPDX-License-Identifier: Apache-2.0
#include "any/any_axis.h"
#include "any/any_check.h"
#include "fp_environment.h"
#include "planes_as_rows.h"
#include "softlane/softmax_axis.h"
#include "softlane/softmax_backward.h"

namespace softlane {
inline namespace v1 {

Status SoftmaxBackwardAxis(const ConstAnyPlanes& probs,
                           const ConstAnyPlanes& dprobs,
                           const AnyPlanes& dlogits, float scale,
                           Target target) noexcept {
  if (internal::AreFloats(probs, dprobs, dlogits)) {
    return SoftmaxBackwardAxis(internal::AddressOf(probs),
                               internal::AddressOf(dprobs),
                               internal::AddressOf(dlogits), scale, target);
  }
  if (!internal::IsPair(probs, dprobs, dlogits)) return Status::kBadOption;
  if (Status s = internal::CheckAnyMap(probs, dprobs, dlogits);
      s != Status::kOk) {
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
  const internal::ColumnTypes types = {
      probs.type, dlogits.type,
      internal::KernelsOf(internal::kHalfPasses, chosen)};
  internal::RunBackwardColumns(
      internal::AddressOf(probs), internal::AddressOf(dprobs),
      internal::AddressOf(dlogits), scale, chosen, &types);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
