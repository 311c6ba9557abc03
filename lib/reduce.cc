// SPDX-License-Identifier: Apache-2.0
#include "softlane/reduce.h"

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "reduce.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/max-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// max[r] = max_c x[r, c]. One pass: a read per element. NaN is looked for apart
// from the maximum, which drops it or not depending on the target.
void MaxRows(const Rows<const float>& x, float* max) {
  for (size_t r = 0; r < x.rows; ++r) {
    // -0 + 0 is +0; all other values stay.
    max[r] = MaxOf<LaneNaN>(x.Row(r), x.cols) + 0.0f;
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace {

using MaxFunction = void(const Rows<const float>&, float*);
constexpr internal::KernelTable<MaxFunction> kMaxTable =
    SOFTLANE_KERNEL_TABLE(MaxRows);

}  // namespace

inline namespace v1 {

Status RowMax(const Rows<const float>& x, float* max, Target target) noexcept {
  if (Status s = internal::CheckOperands(true, internal::Read(x),
                                         internal::WrittenVector(max, x.rows));
      s != Status::kOk) {
    return s;
  }
  MaxFunction* const kernel = internal::Select(kMaxTable, target);
  if (kernel == nullptr) return Status::kTargetUnavailable;
  if (x.cols == 0) {
    internal::FillMinusInfinity(max, x.rows);
    return Status::kOk;
  }
  const internal::FpEnvironment environment;
  kernel(x, max);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
#endif  // HWY_ONCE
