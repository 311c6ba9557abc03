// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_TENSOR_TENSOR_GRADIENT_H_
#define SOFTLANE_LIB_TENSOR_TENSOR_GRADIENT_H_

#include "any/any_backward.h"
#include "softlane/any_planes.h"
#include "softlane/softmax_tensor.h"

namespace softlane {
namespace internal {

/// The functions that do the pieces of a call.
struct GradientFunctions {
  Status (*rows)(const ConstAnyRows& first, const ConstAnyRows& second,
                 const AnyRows& dx, float scale, Target target) noexcept;
  Status (*planes)(const ConstAnyPlanes& first, const ConstAnyPlanes& second,
                   const AnyPlanes& dx, float scale, Target target) noexcept;
  const BackwardFunctions& lines;
};

/// Checks a call, and does it.
Status RunTensorGradient(const GradientFunctions& functions,
                         const ConstAnyTensor& first,
                         const ConstAnyTensor& second, const AnyTensor& dx,
                         int axis, float scale, Target target) noexcept;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_TENSOR_TENSOR_GRADIENT_H_
