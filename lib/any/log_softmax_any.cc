// SPDX-License-Identifier: Apache-2.0
#include "any/any_check.h"
#include "any/any_softmax.h"
#include "softlane/log_softmax.h"

namespace softlane {
namespace {

Status RunLogs(const Rows<const float>& x, const Rows<float>& y, float*,
               const SoftmaxOptions& options, Target target) {
  return LogSoftmax(x, y, options, target);
}
constexpr internal::SoftmaxFunctions kLogs = {&RunLogs, &LogSoftmaxFromStates,
                                              StateUse::kLogSoftmax};

Status RunSums(const Rows<const float>& x, const Rows<float>&, float* logsumexp,
               const SoftmaxOptions& options, Target target) {
  return LogSumExp(x, logsumexp, options.scale, target);
}
constexpr internal::SoftmaxFunctions kSums = {&RunSums, nullptr,
                                              StateUse::kLogSoftmax};

}  // namespace

inline namespace v1 {

Status LogSoftmax(const ConstAnyRows& logits, const AnyRows& log_probs,
                  const SoftmaxOptions& options, Target target) noexcept {
  if (!internal::IsPair(logits.type, log_probs.type)) return Status::kBadOption;
  if (Status s = internal::CheckAnyMap(logits, log_probs); s != Status::kOk) {
    return s;
  }
  return internal::RunAny(kLogs, {logits, log_probs, nullptr, options, target});
}

template <typename>
Status LogSumExp(const ConstAnyRows& logits, float* logsumexp, float scale,
                 Target target) noexcept {
  if (!internal::IsElementType(logits.type)) return Status::kBadOption;
  if (Status s = internal::CheckOperandsOf(
          {internal::Operand(internal::Read(logits)),
           internal::Operand(internal::WrittenVector(logsumexp, logits.rows))},
          true);
      s != Status::kOk) {
    return s;
  }
  SoftmaxOptions options;
  options.scale = scale;
  return internal::RunAny(kSums,
                          {logits, AnyRows(), logsumexp, options, target});
}
template Status LogSumExp(const ConstAnyRows&, float*, float, Target) noexcept;

}  // namespace v1
}  // namespace softlane
