// SPDX-License-Identifier: Apache-2.0
#include "softlane/reduce.h"

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/max_rows.h"

namespace softlane {
inline namespace v1 {

Status RowMax(const Rows<const float>& x, float* max, Target target) noexcept {
  if (Status s = internal::CheckOperands(true, internal::Read(x),
                                         internal::WrittenVector(max, x.rows));
      s != Status::kOk) {
    return s;
  }
  internal::MaxRowsFunction* const run =
      internal::Select(internal::kMaxRows, target);
  if (run == nullptr) return Status::kTargetUnavailable;
  if (x.cols == 0) {
    internal::FillMinusInfinity(max, x.rows);
    return Status::kOk;
  }
  const internal::FpEnvironment environment;
  run(x, max);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
