// SPDX-License-Identifier: Apache-2.0
#include "any/any_axis.h"
#include "any/any_check.h"
#include "axis_loss.h"
#include "fp_environment.h"
#include "softlane/cross_entropy_axis.h"

namespace softlane {
namespace internal {
namespace {

// `labels` is null if there are targets.
Status RunAny(const ConstAnyPlanes& x, const ColumnLabels* labels,
              const ConstAnyPlanes* targets, const Rows<float>& loss,
              const AnyPlanes& dx, const CrossEntropyOptions& options,
              float* divisor, Target target) {
  const bool has_gradient = dx.data != nullptr;
  const ElementType out = has_gradient ? dx.type : x.type;
  if (!IsPair(x.type, out) || (targets != nullptr && targets->type != x.type)) {
    return Status::kBadOption;
  }
  const bool are_floats = AreFloats(x) && out == ElementType::kFloat32;
  const Planes<const float> logits = AddressOf(x);
  const Planes<const float> probs =
      targets == nullptr ? logits : AddressOf(*targets);
  const Planes<float> dlogits = AddressOf(dx);
  const Target chosen = Resolve(target);
  // The checks use the types only, so the passes of any target do.
  const ColumnTypes types = {
      x.type, out,
      KernelsOf(kHalfPasses,
                chosen == Target::kAuto ? Target::kBaseline : chosen)};
  const LossPlanes planes = {logits, targets == nullptr ? nullptr : &probs,
                             dlogits, are_floats ? nullptr : &types};
  AxisLoss call(planes, labels, loss, options, divisor);
  if (Status s = call.Check(
          options.accumulate ? Operand(Read(x)) : InputBeside(x, out),
          labels == nullptr ? Operand(Read(*targets)) : labels->operand,
          has_gradient ? OutputBeside(dx, x.type)
                       : Operand(Optional(Written(dx))));
      s != Status::kOk) {
    return s;
  }
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  const FpEnvironment environment;
  call.Run(chosen);
  return Status::kOk;
}

}  // namespace
}  // namespace internal

inline namespace v1 {

template <typename>
Status CrossEntropyAxis(const ConstAnyPlanes& logits,
                        const Rows<const int64_t>& labels,
                        const Rows<float>& loss, const AnyPlanes& dlogits,
                        const CrossEntropyOptions& options, float* divisor,
                        Target target) noexcept {
  const internal::ColumnLabels all(labels);
  return internal::RunAny(logits, &all, nullptr, loss, dlogits, options,
                          divisor, target);
}
template <typename>
Status CrossEntropyAxis(const ConstAnyPlanes& logits,
                        const Rows<const int32_t>& labels,
                        const Rows<float>& loss, const AnyPlanes& dlogits,
                        const CrossEntropyOptions& options, float* divisor,
                        Target target) noexcept {
  const internal::ColumnLabels all(labels);
  return internal::RunAny(logits, &all, nullptr, loss, dlogits, options,
                          divisor, target);
}
template <typename>
Status CrossEntropyAxis(const ConstAnyPlanes& logits,
                        const ConstAnyPlanes& targets, const Rows<float>& loss,
                        const AnyPlanes& dlogits,
                        const CrossEntropyOptions& options, float* divisor,
                        Target target) noexcept {
  return internal::RunAny(logits, nullptr, &targets, loss, dlogits, options,
                          divisor, target);
}
template Status CrossEntropyAxis(const ConstAnyPlanes&,
                                 const Rows<const int64_t>&, const Rows<float>&,
                                 const AnyPlanes&, const CrossEntropyOptions&,
                                 float*, Target) noexcept;
template Status CrossEntropyAxis(const ConstAnyPlanes&,
                                 const Rows<const int32_t>&, const Rows<float>&,
                                 const AnyPlanes&, const CrossEntropyOptions&,
                                 float*, Target) noexcept;
template Status CrossEntropyAxis(const ConstAnyPlanes&, const ConstAnyPlanes&,
                                 const Rows<float>&, const AnyPlanes&,
                                 const CrossEntropyOptions&, float*,
                                 Target) noexcept;

}  // namespace v1
}  // namespace softlane
