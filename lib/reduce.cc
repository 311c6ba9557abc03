// SPDX-License-Identifier: Apache-2.0
#include "softlane/reduce.h"

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/row_passes.h"

namespace softlane {
inline namespace v1 {

Status RowMax(const Rows<const float>& x, float* max, Target target) noexcept {
  if (Status s = internal::CheckOperands(true, internal::Read(x),
                                         internal::WrittenVector(max, x.rows));
      s != Status::kOk) {
    return s;
  }
  const internal::RowKernels* const kernels =
      internal::Select(internal::kRowKernels, target);
  if (kernels == nullptr) return Status::kTargetUnavailable;
  if (x.cols == 0) {
    internal::FillMinusInfinity(max, x.rows);
    return Status::kOk;
  }
  const internal::FpEnvironment environment;
  kernels->max_of_rows(x, max);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
