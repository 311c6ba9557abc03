// SPDX-License-Identifier: Apache-2.0
#include "softlane/cross_entropy_tensor.h"

#include "tensor/tensor_loss.h"

namespace softlane {
inline namespace v1 {

Status CrossEntropy(const ConstAnyTensor& logits,
                    const Tensor<const int64_t>& labels,
                    const Tensor<float>& loss, const AnyTensor& dlogits,
                    int axis, const CrossEntropyOptions& options,
                    float* divisor, const Tensor<const float>& upstream,
                    Target target) noexcept {
  const internal::LabelTensor all(labels);
  return internal::RunTensorLoss(
      {logits, &all, nullptr, loss, dlogits, upstream}, axis, options, divisor,
      target);
}

Status CrossEntropy(const ConstAnyTensor& logits,
                    const Tensor<const int32_t>& labels,
                    const Tensor<float>& loss, const AnyTensor& dlogits,
                    int axis, const CrossEntropyOptions& options,
                    float* divisor, const Tensor<const float>& upstream,
                    Target target) noexcept {
  const internal::LabelTensor all(labels);
  return internal::RunTensorLoss(
      {logits, &all, nullptr, loss, dlogits, upstream}, axis, options, divisor,
      target);
}

Status CrossEntropy(const ConstAnyTensor& logits, const ConstAnyTensor& targets,
                    const Tensor<float>& loss, const AnyTensor& dlogits,
                    int axis, const CrossEntropyOptions& options,
                    float* divisor, const Tensor<const float>& upstream,
                    Target target) noexcept {
  return internal::RunTensorLoss(
      {logits, nullptr, &targets, loss, dlogits, upstream}, axis, options,
      divisor, target);
}

}  // namespace v1
}  // namespace softlane
