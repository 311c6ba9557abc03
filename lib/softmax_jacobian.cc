// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax_jacobian.h"

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/jacobian.h"

namespace softlane {
inline namespace v1 {

Status SoftmaxJacobian(const float* probs, size_t n,
                       const Rows<float>& jacobian, Target target) noexcept {
  if (Status s = internal::CheckOperands(
          jacobian.rows == n && jacobian.cols == n,
          internal::ReadVector(probs, n), internal::Written(jacobian));
      s != Status::kOk) {
    return s;
  }
  internal::JacobianFunction* const run =
      internal::Select(internal::kJacobian, target);
  if (run == nullptr) return Status::kTargetUnavailable;
  if (n == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  run(probs, jacobian);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
