// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_TENSOR_TENSOR_SOFTMAX_H_
#define SOFTLANE_LIB_TENSOR_TENSOR_SOFTMAX_H_

#include "any/any_softmax.h"
#include "softlane/any_planes.h"
#include "softlane/softmax_tensor.h"

namespace softlane {
namespace internal {

/// The functions that do the pieces of a call.
struct TensorFunctions {
  const SoftmaxFunctions& lines;
  Status (*planes)(const ConstAnyPlanes& x, const AnyPlanes& y,
                   const Rows<float>& logsumexp, const SoftmaxOptions& options,
                   Target target);
};

/// The operands of a call. A null output does not count as an operand.
struct TensorSoftmax {
  const ConstAnyTensor& x;
  const AnyTensor* y;
  const Tensor<float>* logsumexp;
};

/// Checks a call, and does it.
Status RunTensors(const TensorFunctions& functions, const TensorSoftmax& call,
                  int axis, const SoftmaxOptions& options,
                  Target target) noexcept;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_TENSOR_TENSOR_SOFTMAX_H_
