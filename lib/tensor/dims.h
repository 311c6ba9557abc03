// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_TENSOR_DIMS_H_
#define SOFTLANE_LIB_TENSOR_DIMS_H_

#include <cstddef>

#include "tensor/tensor_check.h"

namespace softlane {
namespace internal {

/// The product of a size and a stride. It wraps only if no index reaches the
/// address.
inline ptrdiff_t Times(ptrdiff_t stride, size_t size) {
  return static_cast<ptrdiff_t>(static_cast<size_t>(stride) * size);
}

/// A dimension, and its stride in each operand, in elements.
struct Dim {
  size_t size;
  ptrdiff_t strides[kMaxTensors];
};

/// Says that no operand's strides order the dimensions.
inline constexpr size_t kNoOrder = ~size_t{0};

/// The dimensions of a call but the axis, the innermost first.
struct Dims {
  /// Inserts a dimension in the order of the key operand's strides, the
  /// smallest first. If these are equal, the last operand's strides decide.
  /// Without a key, the dimension becomes the last.
  void Insert(const Dim& dim, size_t key, size_t last) noexcept;
  /// Merges dimensions whose strides fit in all of `operands` operands.
  void Merge(size_t operands) noexcept;

  Dim all[kMaxRank - 1];
  int rank = 0;
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_TENSOR_DIMS_H_
