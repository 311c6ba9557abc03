// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax_jacobian.h"

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "softmax_jacobian.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// J_ij = p_i ((i == j) - p_j): -(p_i p_j) off the diagonal, which is the same
// product as -(p_j p_i), and p - p^2 by one FMA on it.

void JacobianRows(const float* p, Rows<float> jacobian) {
  const size_t n = jacobian.cols;
  for (size_t r = 0; r < n; ++r) {
    float* const to = jacobian.Row(r);
    const VF minus_p = Set(-p[r]);
    size_t i = 0;
    for (; n - i >= kLanes; i += kLanes) {
      Store(hn::Mul(minus_p, Load(p + i)), to + i);
    }
    if (i != n) {
      const VF rest = LoadFirst(p + i, n - i, Set(0.0f));
      StoreFirst(hn::Mul(minus_p, rest), to + i, n - i);
    }
    const VF diagonal = Set(p[r]);
    to[r] = hn::GetLane(Fnma(diagonal, diagonal, diagonal));
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace {

using JacobianFunction = void(const float*, Rows<float>);
constexpr internal::KernelTable<JacobianFunction> kJacobianTable =
    SOFTLANE_KERNEL_TABLE(JacobianRows);

}  // namespace

inline namespace v1 {

Status SoftmaxJacobian(const float* probs, size_t n,
                       const Rows<float>& jacobian, Target target) noexcept {
  if (Status s = internal::CheckOperands(
          jacobian.rows == n && jacobian.cols == n,
          internal::ReadVector(probs, n), internal::Written(jacobian));
      s != Status::kOk) {
    return s;
  }
  JacobianFunction* const kernel = internal::Select(kJacobianTable, target);
  if (kernel == nullptr) return Status::kTargetUnavailable;
  if (n == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  kernel(probs, jacobian);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
#endif  // HWY_ONCE
