// SPDX-License-Identifier: Apache-2.0
#include "kernels/jacobian.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/jacobian.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

void Jacobian(const float* p, const Rows<float>& jacobian) {
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
namespace internal {

const KernelTable<JacobianFunction> kJacobian = SOFTLANE_KERNEL_TABLE(Jacobian);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
