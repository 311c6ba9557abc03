// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_TENSOR_TENSOR_LOSS_H_
#define SOFTLANE_LIB_TENSOR_TENSOR_LOSS_H_

#include <cstddef>
#include <cstdint>

#include "schedules/labels.h"
#include "softlane/options.h"
#include "softlane/status.h"
#include "softlane/target.h"
#include "softlane/tensor.h"

namespace softlane {
namespace internal {

/// Labels of either type.
struct LabelTensor {
  template <typename Label>
  explicit LabelTensor(const Tensor<const Label>& view) noexcept
      : shape(view), data(view.data), bytes(sizeof(Label)) {}

  /// The labels from `label` on.
  Labels From(const void* label) const noexcept {
    return bytes == sizeof(int64_t)
               ? Labels(static_cast<const int64_t*>(label))
               : Labels(static_cast<const int32_t*>(label));
  }

  const TensorShape& shape;
  const void* data;
  size_t bytes;  // of a label
};

/// The operands of a call that are tensors.
struct LossTensors {
  const ConstAnyTensor& x;
  const LabelTensor* labels;      // null with targets
  const ConstAnyTensor* targets;  // null with labels
  const Tensor<float>& loss;      // without data: no loss
  const AnyTensor& dx;            // without data: no gradient
  const Tensor<const float>& upstream;
};

/// Checks a call, and does it.
Status RunTensorLoss(const LossTensors& tensors, int axis,
                     const CrossEntropyOptions& options, float* divisor,
                     Target target) noexcept;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_TENSOR_TENSOR_LOSS_H_
