// SPDX-License-Identifier: Apache-2.0
#include "any/any_axis.h"
#include "any/any_check.h"
#include "fp_environment.h"
#include "planes_as_rows.h"
#include "softlane/softmax_axis.h"

namespace softlane {
inline namespace v1 {

Status SoftmaxBackwardAxis(const ConstAnyPlanes& probs,
                           const ConstAnyPlanes& dprobs,
                           const AnyPlanes& dlogits, float scale,
                           Target target) noexcept {
  if (probs.type != dprobs.type ||
      !internal::IsPair(probs.type, dlogits.type)) {
    return Status::kBadOption;
  }
  if (Status s = internal::CheckOperandsOf(
          {internal::InputBeside(probs, dlogits.type),
           internal::InputBeside(dprobs, dlogits.type),
           internal::OutputBeside(dlogits, probs.type)},
          internal::HaveSameShape(probs, dlogits) &&
              internal::HaveSameShape(dprobs, dlogits));
      s != Status::kOk) {
    return s;
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
