// SPDX-License-Identifier: Apache-2.0
#include "any/any_axis.h"
#include "any/any_check.h"
#include "softlane/softmax.h"
#include "softlane/softmax_axis.h"

namespace softlane {
namespace {

Status RunRows(const ConstAnyRows& x, const AnyRows& y, float* logsumexp,
               const SoftmaxOptions& options, Target target) {
  return logsumexp == nullptr
             ? Softmax(x, y, options, target)
             : SoftmaxWithLogSumExp(x, y, logsumexp, options, target);
}

}  // namespace

inline namespace v1 {

Status SoftmaxAxis(const ConstAnyPlanes& logits, const AnyPlanes& probs,
                   const SoftmaxOptions& options, Target target) noexcept {
  if (internal::AreFloats(logits, probs)) {
    return SoftmaxAxis(internal::AddressOf(logits), internal::AddressOf(probs),
                       options, target);
  }
  return internal::RunAnyAxis({&RunRows, &internal::RunSoftmaxColumns},
                              {logits, &probs, nullptr, options, target});
}

Status SoftmaxWithLogSumExpAxis(const ConstAnyPlanes& logits,
                                const AnyPlanes& probs,
                                const Rows<float>& logsumexp,
                                const SoftmaxOptions& options,
                                Target target) noexcept {
  if (internal::AreFloats(logits, probs)) {
    return SoftmaxWithLogSumExpAxis(internal::AddressOf(logits),
                                    internal::AddressOf(probs), logsumexp,
                                    options, target);
  }
  return internal::RunAnyAxis({&RunRows, &internal::RunSoftmaxColumns},
                              {logits, &probs, &logsumexp, options, target});
}

}  // namespace v1
}  // namespace softlane
