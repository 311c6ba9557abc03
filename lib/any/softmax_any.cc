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

}  // namespace

namespace internal {

const SoftmaxFunctions kSoftmax = {
    &RunRows,     &SoftmaxFromStates, StateUse::kSoftmax, false,
    &RunHalfRows, &RunHalfBatches,    &AreHalfBatches};
const SoftmaxFunctions kSoftmaxWithLogSumExp = {
    &SoftmaxWithLogSumExp, &SoftmaxFromStates, StateUse::kSoftmax, true};

}  // namespace internal

inline namespace v1 {

Status Softmax(const ConstAnyRows& logits, const AnyRows& probs,
               const SoftmaxOptions& options, Target target) noexcept {
  if (internal::AreFloats(logits, probs)) {
    return Softmax(internal::FloatsOf(logits), internal::FloatsOf(probs),
                   options, target);
  }
  return internal::RunAny(internal::kSoftmax, logits, probs, nullptr, options,
                          target);
}

Status SoftmaxWithLogSumExp(const ConstAnyRows& logits, const AnyRows& probs,
                            float* logsumexp, const SoftmaxOptions& options,
                            Target target) noexcept {
  if (internal::AreFloats(logits, probs)) {
    return SoftmaxWithLogSumExp(internal::FloatsOf(logits),
                                internal::FloatsOf(probs), logsumexp, options,
                                target);
  }
  return internal::RunAny(internal::kSoftmaxWithLogSumExp, logits, probs,
                          logsumexp, options, target);
}

}  // namespace v1
}  // namespace softlane
