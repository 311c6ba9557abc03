// SPDX-License-Identifier: Apache-2.0
#include "any/any_axis.h"
#include "any/any_check.h"
#include "fp_environment.h"
#include "softlane/softmax_topk.h"
#include "topk_axis.h"

namespace softlane {
inline namespace v1 {

template <typename>
Status SoftmaxTopKAxis(const ConstAnyPlanes& logits, size_t k,
                       const Planes<float>& top_probs,
                       const Planes<int32_t>& indices,
                       const SoftmaxTopKOptions& options,
                       Target target) noexcept {
  if (!internal::IsElementType(logits.type)) return Status::kBadOption;
  const Planes<const float> x = internal::AddressOf(logits);
  if (internal::AreFloats(logits)) {
    return SoftmaxTopKAxis(x, k, top_probs, indices, options, target);
  }
  const internal::TopKAxis call = {x, k, top_probs, indices, options};
  if (Status s = call.Check(internal::Operand(internal::Read(logits)));
      s != Status::kOk) {
    return s;
  }
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  const internal::FpEnvironment environment;
  const internal::ColumnTypes types = {
      logits.type, ElementType::kFloat32,
      internal::KernelsOf(internal::kHalfPasses, chosen)};
  call.Run(&types, chosen);
  return Status::kOk;
}
template Status SoftmaxTopKAxis(const ConstAnyPlanes&, size_t,
                                const Planes<float>&, const Planes<int32_t>&,
                                const SoftmaxTopKOptions&, Target) noexcept;

}  // namespace v1
}  // namespace softlane
