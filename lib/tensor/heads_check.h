// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_TENSOR_HEADS_CHECK_H_
#define SOFTLANE_LIB_TENSOR_HEADS_CHECK_H_

#include "softlane/attention_heads.h"
#include "tensor/tensor_check.h"

// The checks of calls on all heads.

namespace softlane {
namespace internal {

/// Whether a tensor has rank 4 and, if it has elements, keys with stride 1.
bool HasRowsOfKeys(const TensorShape& shape) noexcept;

/// The tensors and values of the options of a call, as tensors with the sizes
/// of the scores. An option with null data does not count.
struct HeadMasks {
  HeadMasks(const TensorShape& scores, const AttentionHeadsOptions& options);

  /// Adds the operands that have data. Returns their number, at most 7.
  size_t AddOperands(const AttentionHeadsOptions& options,
                     TensorOperand* operands) const;

  bool have_rows_of_keys;  // both masks, if they have data
  TensorShape bias, keep;
  /// Of one element per row: the values of batch and of heads.
  TensorShape of_batch[2], of_heads[3];
};

/// Checks the `count` operands of a call, and then its options. The first
/// operand has the sizes of the scores. Sets `interleave`: see CheckTensors.
Status CheckHeads(const TensorOperand* operands, size_t count,
                  const AttentionHeadsOptions& options,
                  bool& interleave) noexcept;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_TENSOR_HEADS_CHECK_H_
