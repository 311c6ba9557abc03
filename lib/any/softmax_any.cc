// SPDX-License-Identifier: Apache-2.0
#include "any/any_check.h"
#include "any/any_softmax.h"
#include "softlane/softmax.h"

namespace softlane {
namespace {

Status RunRows(const Rows<const float>& x, const Rows<float>& y, float*,
               const SoftmaxOptions& options, Target target) {
  return Softmax(x, y, options, target);
}
constexpr internal::SoftmaxFunctions kSoftmax = {&RunRows,
                                                 &SoftmaxFromStates,
                                                 StateUse::kSoftmax,
                                                 false,
                                                 &internal::RunHalfRows,
                                                 &internal::RunHalfBatches,
                                                 &internal::AreHalfBatches};
constexpr internal::SoftmaxFunctions kWithLogSumExp = {
    &SoftmaxWithLogSumExp, &SoftmaxFromStates, StateUse::kSoftmax, true};

}  // namespace

inline namespace v1 {

Status Softmax(const ConstAnyRows& logits, const AnyRows& probs,
               const SoftmaxOptions& options, Target target) noexcept {
  if (internal::AreFloats(logits, probs)) {
    return Softmax(internal::FloatsOf(logits), internal::FloatsOf(probs),
                   options, target);
  }
  return internal::RunAny(kSoftmax, logits, probs, nullptr, options, target);
}

Status SoftmaxWithLogSumExp(const ConstAnyRows& logits, const AnyRows& probs,
                            float* logsumexp, const SoftmaxOptions& options,
                            Target target) noexcept {
  if (internal::AreFloats(logits, probs)) {
    return SoftmaxWithLogSumExp(internal::FloatsOf(logits),
                                internal::FloatsOf(probs), logsumexp, options,
                                target);
  }
  return internal::RunAny(kWithLogSumExp, logits, probs, logsumexp, options,
                          target);
}

}  // namespace v1
}  // namespace softlane
