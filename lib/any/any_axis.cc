// SPDX-License-Identifier: Apache-2.0
#include "any/any_axis.h"

#include "any/any_check.h"
#include "fp_environment.h"
#include "planes_as_rows.h"

namespace softlane {
namespace internal {

Status RunAnyAxis(const AxisFunctions& functions, const ConstAnyPlanes& x,
                  const AnyPlanes& y, const SoftmaxOptions& options,
                  Target target) noexcept {
  if (AreFloats(x, y)) {
    return functions.floats(AddressOf(x), AddressOf(y), options, target);
  }
  if (!IsPair(x.type, y.type)) return Status::kBadOption;
  if (Status s = CheckAnyMap(x, y); s != Status::kOk) return s;
  if (IsRows(x) && IsRows(y)) {
    return functions.rows(AsRows(x), AsRows(y), options, target);
  }
  if (!AreGoodOptions(options.scale, options.empty_row)) {
    return Status::kBadOption;
  }
  const Target chosen = Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (IsEmpty(x)) return Status::kOk;
  const FpEnvironment environment;
  if (x.axis == 1) {
    // Each element is a row.
    for (size_t o = 0; o < x.outer; ++o) {
      Done(functions.rows(ConstAnyRows(x.At(o, 0, 0), x.type, x.inner, 1),
                          AnyRows(y.At(o, 0, 0), y.type, y.inner, 1), options,
                          chosen));
    }
    return Status::kOk;
  }
  const ColumnTypes types = {x.type, y.type, KernelsOf(kHalfPasses, chosen)};
  functions.columns(AddressOf(x), AddressOf(y), options, chosen, &types);
  return Status::kOk;
}

}  // namespace internal
}  // namespace softlane
