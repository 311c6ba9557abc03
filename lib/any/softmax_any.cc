// SPDX-License-Identifier: Apache-2.0
#include "any/any_check.h"
#include "any/any_softmax.h"
#include "softlane/softmax.h"

namespace softlane {
namespace {

Status RunFloats(const Rows<const float>& x, const Rows<float>& y,
                 float* logsumexp, const SoftmaxOptions& options,
                 Target target) {
  return logsumexp == nullptr
             ? Softmax(x, y, options, target)
             : SoftmaxWithLogSumExp(x, y, logsumexp, options, target);
}
constexpr internal::SoftmaxFunctions kFloats = {
    &RunFloats, &SoftmaxFromStates, StateUse::kSoftmax, &internal::RunHalfRows};

}  // namespace

inline namespace v1 {

Status Softmax(const ConstAnyRows& logits, const AnyRows& probs,
               const SoftmaxOptions& options, Target target) noexcept {
  if (!internal::IsPair(logits.type, probs.type)) return Status::kBadOption;
  if (Status s = internal::CheckAnyMap(logits, probs); s != Status::kOk) {
    return s;
  }
  return internal::RunAny(kFloats, {logits, probs, nullptr, options, target});
}

Status SoftmaxWithLogSumExp(const ConstAnyRows& logits, const AnyRows& probs,
                            float* logsumexp, const SoftmaxOptions& options,
                            Target target) noexcept {
  if (!internal::IsPair(logits.type, probs.type)) return Status::kBadOption;
  if (Status s = internal::CheckOperandsOf(
          {internal::InputBeside(logits, probs.type),
           internal::OutputBeside(probs, logits.type),
           internal::Operand(internal::WrittenVector(logsumexp, logits.rows))},
          internal::HaveSameShape(logits, probs));
      s != Status::kOk) {
    return s;
  }
  return internal::RunAny(kFloats, {logits, probs, logsumexp, options, target});
}

}  // namespace v1
}  // namespace softlane
