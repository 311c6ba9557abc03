// SPDX-License-Identifier: Apache-2.0
#include "softlane/exp.h"

#include "cache_size.h"
#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/exp_passes.h"
#include "schedules/exp_plan.h"

namespace softlane {
namespace {

void RunRows(const Rows<const float>& x, const Rows<float>& y, Target target,
             internal::ExpPassFunction& run) {
  // Only long rows need the size of the cache.
  run(x, y,
      x.cols >= internal::kMinStreamedExpCols &&
          internal::IsStreamedExp(x.rows, x.cols, x.data == y.data, target,
                                  internal::CachedElements(x.rows, x.cols)));
}

// Rows without a gap between them become one row.
template <typename T>
Rows<T> Joined(const Rows<T>& v) {
  return Rows<T>(v.data, 1, v.rows * v.cols);
}

void Run(const Rows<const float>& x, const Rows<float>& y, Target target,
         internal::ExpPassFunction& run) {
  if (x.rows > 1 && x.stride == x.cols && y.stride == y.cols) {
    return RunRows(Joined(x), Joined(y), target, run);
  }
  RunRows(x, y, target, run);
}

}  // namespace

inline namespace v1 {

Status Exp(const Rows<const float>& x, const Rows<float>& y,
           Target target) noexcept {
  if (Status s = internal::CheckMap(x, y); s != Status::kOk) return s;
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (x.cols == 0) return Status::kOk;
  internal::ExpPassFunction& run =
      internal::KernelsOf(internal::kExpRows, chosen);
  const internal::FpEnvironment environment;
  Run(x, y, chosen, run);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
