// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_TENSOR_DENSE_ROWS_H_
#define SOFTLANE_LIB_TENSOR_DENSE_ROWS_H_

#include <cstddef>

#include "softlane/any_rows.h"
#include "softlane/tensor.h"

// Tensors without gaps along their last dimension are rows. The functions of
// rows check and do such a call, because folding takes more time.

namespace softlane {
namespace internal {

/// Whether a tensor has the sizes of `whole`, has elements, and has no gaps.
bool IsDense(const TensorShape& tensor, const TensorShape& whole) noexcept;

/// Whether RowsOf() gives the rows of all tensors of a call.
template <class... Tensors>
bool AreRows(int axis, const TensorShape& first,
             const Tensors&... others) noexcept {
  return first.rank > 0 && first.rank <= kMaxRank &&
         (axis == -1 || axis == first.rank - 1) && IsDense(first, first) &&
         (IsDense(others, first) && ...);
}

template <typename Void>
BasicAnyRows<Void> RowsOf(const BasicAnyTensor<Void>& tensor) noexcept {
  size_t rows = 1;
  const int last = tensor.rank - 1;
  for (int d = 0; d < last; ++d) rows *= static_cast<size_t>(tensor.sizes[d]);
  return {tensor.data, tensor.type, rows,
          static_cast<size_t>(tensor.sizes[last])};
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_TENSOR_DENSE_ROWS_H_
