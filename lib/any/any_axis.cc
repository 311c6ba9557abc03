// SPDX-License-Identifier: Apache-2.0
#include "any/any_axis.h"

#include "any/any_check.h"
#include "fp_environment.h"
#include "planes_as_rows.h"

namespace softlane {
namespace internal {
namespace {

Status Check(const AnyAxisCall& call) {
  const ConstAnyPlanes& x = call.x;
  const Rows<float>* const logs = call.logsumexp;
  if (call.y == nullptr) {
    if (!IsElementType(x.type)) return Status::kBadOption;
    return CheckOperandsOf({Operand(Read(x)), Operand(Written(*logs))},
                           HasLogsOf(x, *logs));
  }
  const AnyPlanes& y = *call.y;
  if (!IsPair(x.type, y.type)) return Status::kBadOption;
  if (logs == nullptr) return CheckAnyMap(x, y);
  return CheckOperandsOf({InputBeside(x, y.type), OutputBeside(y, x.type),
                          Operand(Written(*logs))},
                         HaveSameShape(x, y) && HasLogsOf(x, *logs));
}

Status RunRows(const AxisFunctions& functions, const AnyAxisCall& call,
               const AnyPlanes& results) {
  const ConstAnyRows x = AsRows(call.x);
  const AnyRows y = AsRows(results);
  if (call.logsumexp == nullptr) {
    return functions.rows(x, y, nullptr, call.options, call.target);
  }
  return ForLogsOfRows(
      *call.logsumexp, [&](size_t first, size_t count, float* logs) {
        return functions.rows(x.Slice(first, count), y.Slice(first, count),
                              logs, call.options, call.target);
      });
}

// Each element is a row of one column.
void RunAxisOfOne(const AxisFunctions& functions, const AnyAxisCall& call,
                  const AnyPlanes& y, Target target) {
  const ConstAnyPlanes& x = call.x;
  for (size_t o = 0; o < x.outer; ++o) {
    const AnyRows results(y.data == nullptr ? nullptr : y.At(o, 0, 0), y.type,
                          x.inner, 1);
    Done(functions.rows(
        ConstAnyRows(x.At(o, 0, 0), x.type, x.inner, 1), results,
        call.logsumexp == nullptr ? nullptr : call.logsumexp->Row(o),
        call.options, target));
  }
}

}  // namespace

Status RunAnyAxis(const AxisFunctions& functions,
                  const AnyAxisCall& call) noexcept {
  if (Status s = Check(call); s != Status::kOk) return s;
  const ConstAnyPlanes& x = call.x;
  const AnyPlanes y = call.y == nullptr ? AnyPlanes() : *call.y;
  if (x.axis != 0 && IsRows(x) && (call.y == nullptr || IsRows(y))) {
    return RunRows(functions, call, y);
  }
  if (!AreGoodOptions(call.options.scale, call.options.empty_row)) {
    return Status::kBadOption;
  }
  const Target chosen = Resolve(call.target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (x.outer == 0 || x.inner == 0) return Status::kOk;
  if (x.axis == 0) {
    if (call.logsumexp != nullptr) FillMinusInfinity(*call.logsumexp);
    return Status::kOk;
  }
  const FpEnvironment environment;
  if (x.axis == 1) {
    RunAxisOfOne(functions, call, y, chosen);
    return Status::kOk;
  }
  const ColumnTypes types = {x.type, y.type, KernelsOf(kHalfPasses, chosen)};
  functions.columns(AddressOf(x), AddressOf(y), call.options, chosen, &types,
                    call.logsumexp);
  return Status::kOk;
}

Status RunAnyBackwardAxis(const BackwardAxisFunctions& functions,
                          const ConstAnyPlanes& first,
                          const ConstAnyPlanes& second, const AnyPlanes& dx,
                          float scale, Target target) noexcept {
  if (!IsPair(first, second, dx)) return Status::kBadOption;
  if (Status s = CheckAnyMap(first, second, dx); s != Status::kOk) return s;
  if (IsRows(first) && IsRows(second) && IsRows(dx)) {
    return functions.rows(AsRows(first), AsRows(second), AsRows(dx), scale,
                          target);
  }
  if (!IsFinitePositive(scale)) return Status::kBadOption;
  const Target chosen = Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (IsEmpty(first)) return Status::kOk;
  const FpEnvironment environment;
  const ColumnTypes types = {first.type, dx.type,
                             KernelsOf(kHalfPasses, chosen)};
  functions.columns(AddressOf(first), AddressOf(second), AddressOf(dx), scale,
                    chosen, 0, &types);
  return Status::kOk;
}

}  // namespace internal
}  // namespace softlane
