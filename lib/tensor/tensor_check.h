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

/// The largest numbers of tensors and of vectors in a call of cross-entropy.
constexpr size_t kMaxTensors = 5, kMaxVectors = 3;
/// The largest number of operands in a call of the other functions of tensors.
constexpr size_t kMaxTensorOperands = 13;

/// An operand of a call on tensors.
struct TensorOperand {
  TensorOperand() noexcept = default;
  template <class View>
  TensorOperand(const View& view, ElementType its_type, Role its_role,
                bool has_size_1) noexcept
      : TensorOperand(view, view.data, SizeOf(its_type), its_role, has_size_1) {
    type = its_type;
  }
  /// For elements that are not floats, or for a vector.
  TensorOperand(const TensorShape& its_shape, const void* first,
                size_t element_bytes, Role its_role, bool has_size_1) noexcept
      : shape(&its_shape),
        data(const_cast<void*>(first)),
        bytes(static_cast<uint8_t>(element_bytes)),
        role(its_role),
        is_reduced(has_size_1) {}

  /// The stride of a dimension, in elements. 0 where it is not used.
  int64_t Stride(int dim) const noexcept {
    return shape->sizes[dim] > 1 ? shape->strides[dim] : 0;
  }

  const TensorShape* shape;
  void* data;
  ElementType type = ElementType::kFloat32;
  uint8_t bytes;  // of an element
  Role role;
  bool is_reduced;  // size 1 along the axis
};

/// The operands of a call along an axis: tensors, and then vectors. The size of
/// a vector is not compared with other sizes. All tensors have the same sizes,
/// except that reduced tensors have size 1 along the axis. The first tensor is
/// not reduced.
struct TensorOperands {
  const TensorOperand* all;
  size_t count;  // of the tensors
  int axis;
  size_t vectors = 0;
  bool keep_order = false;  // of the dimensions other than the axis
};

/// The operands of an input and of an output, beside operands of `type`: see
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

/// The dimension of an axis, or a negative number if the axis does not exist.
int AxisOf(const TensorShape& shape, int axis) noexcept;

/// Checks operands for kNullPointer, kBadShape and kOverlap. Sets `dim` to the
/// dimension of the axis, and `interleave` to whether an output interleaves
/// with another operand.
Status CheckTensors(const TensorOperands& operands, int& dim,
                    bool& interleave) noexcept;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_TENSOR_TENSOR_CHECK_H_
