// SPDX-License-Identifier: Apache-2.0
#include "any/any_axis.h"
#include "any/any_check.h"
#include "softlane/log_softmax.h"
#include "softlane/softmax_axis.h"

namespace softlane {
namespace {

Status RunLogs(const ConstAnyRows& x, const AnyRows& y, float*,
               const SoftmaxOptions& options, Target target) {
  return LogSoftmax(x, y, options, target);
}
Status RunSums(const ConstAnyRows& x, const AnyRows&, float* logsumexp,
               const SoftmaxOptions& options, Target target) {
  return LogSumExp(x, logsumexp, options.scale, target);
}

}  // namespace

inline namespace v1 {

Status LogSoftmaxAxis(const ConstAnyPlanes& logits, const AnyPlanes& log_probs,
                      const SoftmaxOptions& options, Target target) noexcept {
  if (internal::AreFloats(logits, log_probs)) {
    return LogSoftmaxAxis(internal::AddressOf(logits),
                          internal::AddressOf(log_probs), options, target);
  }
  return internal::RunAnyAxis({&RunLogs, &internal::RunLogSoftmaxColumns},
                              {logits, &log_probs, nullptr, options, target});
}

template <typename>
Status LogSumExpAxis(const ConstAnyPlanes& logits, const Rows<float>& logsumexp,
                     float scale, Target target) noexcept {
  if (internal::AreFloats(logits)) {
    return LogSumExpAxis(internal::AddressOf(logits), logsumexp, scale, target);
  }
  SoftmaxOptions options;
  options.scale = scale;
  return internal::RunAnyAxis({&RunSums, &internal::RunLogSoftmaxColumns},
                              {logits, nullptr, &logsumexp, options, target});
}
template Status LogSumExpAxis(const ConstAnyPlanes&, const Rows<float>&, float,
                              Target) noexcept;

}  // namespace v1
}  // namespace softlane
