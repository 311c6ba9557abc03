// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax_tensor.h"

#include "softlane/softmax_axis.h"
#include "tensor/tensor_softmax.h"

namespace softlane {
namespace {

Status RunPlanes(const ConstAnyPlanes& x, const AnyPlanes& y,
                 const Rows<float>& logsumexp, const SoftmaxOptions& options,
                 Target target) {
  return logsumexp.data == nullptr
             ? SoftmaxAxis(x, y, options, target)
             : SoftmaxWithLogSumExpAxis(x, y, logsumexp, options, target);
}

}  // namespace

inline namespace v1 {

Status Softmax(const ConstAnyTensor& logits, const AnyTensor& probs, int axis,
               const SoftmaxOptions& options, Target target) noexcept {
  return internal::RunTensors({internal::kSoftmax, &RunPlanes},
                              {logits, &probs, nullptr}, axis, options, target);
}

Status SoftmaxWithLogSumExp(const ConstAnyTensor& logits,
                            const AnyTensor& probs,
                            const Tensor<float>& logsumexp, int axis,
                            const SoftmaxOptions& options,
                            Target target) noexcept {
  return internal::RunTensors({internal::kSoftmaxWithLogSumExp, &RunPlanes},
                              {logits, &probs, &logsumexp}, axis, options,
                              target);
}

}  // namespace v1
}  // namespace softlane
