// SPDX-License-Identifier: Apache-2.0
#include "any/any_check.h"
#include "any/any_softmax.h"
#include "schedules/half_log_rows.h"
#include "softlane/log_softmax.h"

namespace softlane {
namespace {

Status RunLogs(const Rows<const float>& x, const Rows<float>& y, float*,
               const SoftmaxOptions& options, Target target) {
  return LogSoftmax(x, y, options, target);
}

Status RunSums(const Rows<const float>& x, const Rows<float>&, float* logsumexp,
               const SoftmaxOptions& options, Target target) {
  return LogSumExp(x, logsumexp, options.scale, target);
}

}  // namespace

namespace internal {

const SoftmaxFunctions kLogSoftmax = {
    &RunLogs, &LogSoftmaxFromStates, StateUse::kLogSoftmax, false,
    nullptr,  &RunHalfLogs,          &AreHalfLogs};
const SoftmaxFunctions kLogSumExp = {&RunSums, nullptr, StateUse::kLogSoftmax,
                                     true};

}  // namespace internal

inline namespace v1 {

Status LogSoftmax(const ConstAnyRows& logits, const AnyRows& log_probs,
                  const SoftmaxOptions& options, Target target) noexcept {
  if (internal::AreFloats(logits, log_probs)) {
    return LogSoftmax(internal::FloatsOf(logits), internal::FloatsOf(log_probs),
                      options, target);
  }
  return internal::RunAny(internal::kLogSoftmax, logits, log_probs, nullptr,
                          options, target);
}

template <typename>
Status LogSumExp(const ConstAnyRows& logits, float* logsumexp, float scale,
                 Target target) noexcept {
  if (internal::AreFloats(logits)) {
    return LogSumExp(internal::FloatsOf(logits), logsumexp, scale, target);
  }
  SoftmaxOptions options;
  options.scale = scale;
  return internal::RunAny(internal::kLogSumExp, logits, AnyRows(), logsumexp,
                          options, target);
}
template Status LogSumExp(const ConstAnyRows&, float*, float, Target) noexcept;

}  // namespace v1
}  // namespace softlane
