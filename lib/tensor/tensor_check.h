// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_TENSOR_TENSOR_CHECK_H_
#define SOFTLANE_LIB_TENSOR_TENSOR_CHECK_H_

#include <cstddef>
#include <cstdint>

#include "operand.h"
#include "softlane/status.h"
#include "softlane/tensor.h"

namespace softlane {
namespace internal {

/// The most tensors of a call.
constexpr size_t kMaxTensors = 4;

/// An operand of a call on tensors.
struct TensorOperand {
  template <class View>
  TensorOperand(const View& view, ElementType its_type, Role its_role,
                bool has_size_1) noexcept
      : shape(view),
        data(const_cast<void*>(static_cast<const void*>(view.data))),
        type(its_type),
        role(its_role),
        is_reduced(has_size_1) {}

  /// The stride of a dimension, in elements. 0 where it is not used.
  int64_t Stride(int dim) const noexcept {
    return shape.sizes[dim] > 1 ? shape.strides[dim] : 0;
  }

  const TensorShape& shape;
  void* data;
  ElementType type;
  Role role;
  bool is_reduced;  // size 1 along the axis
};

/// An input and an output of elements, beside operands of `type`: see
/// InputBeside in any_check.h.
inline TensorOperand InputTensor(const ConstAnyTensor& view,
                                 ElementType type) noexcept {
  return {view, view.type, view.type == type ? Role::kReplaced : Role::kRead,
          false};
}
inline TensorOperand OutputTensor(const AnyTensor& view,
                                  ElementType type) noexcept {
  return {view, view.type,
          view.type == type ? Role::kReplacing : Role::kWritten, false};
}
inline TensorOperand ReducedTensor(const Tensor<float>& view) noexcept {
  return {view, ElementType::kFloat32, Role::kWritten, true};
}

bool HasElements(const TensorShape& shape) noexcept;

/// Checks the operands of a call along `axis` for kNullPointer, kBadShape and
/// kOverlap. Sets `dim` to the dimension of the axis, and `interleave` to
/// whether an output and another operand have elements between each other's.
Status CheckTensors(const TensorOperand* operands, size_t count, int axis,
                    int& dim, bool& interleave) noexcept;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_TENSOR_TENSOR_CHECK_H_
