// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_SOFTMAX_TENSOR_H_
#define SOFTLANE_SOFTMAX_TENSOR_H_

#include "softlane/options.h"
#include "softlane/status.h"
#include "softlane/target.h"
#include "softlane/tensor.h"

// Softmax and related functions along any axis of tensors in any layout. The
// elements along the axis take the place of a row. Formula, special values,
// accuracy and bits are those of the function of rows for the transposed
// tensor. any_rows.h says which element types go together.
//
// Axis: a number in [0, rank), or a negative number, where -1 is the last
// dimension. A tensor of rank 0 has one axis with one element, and its number
// is 0 or -1.
// Shapes: all tensors of a call have the same rank and the same sizes, except
// that a tensor of logsumexps has size 1 along the axis. A size may be 0. If a
// dimension other than the axis has size 0, nothing is written. If only the
// axis has size 0, each logsumexp is -inf.
// Aliasing: an output may be the view of an input of the same type, with the
// same data and, where a size is above 1, the same strides. An output may also
// interleave with another tensor of the same sizes, as two slices of one tensor
// do. This needs strides with equally many bytes in each dimension, and no byte
// may be shared. In all other cases, the memory from the first to the last
// element of an output must not meet that of another operand. Inputs may
// overlap each other and themselves.
// Errors: kNullPointer; kBadShape, also for a rank above kMaxRank, a negative
// size, an axis out of range, and sizes or strides beyond the address space;
// kOverlap, also for an output whose strides do not nest: see tensor.h;
// kBadOption, kTargetUnavailable.
// Speed: neighbouring dimensions are merged where their strides allow it. If
// one dimension then has stride 1 in all tensors and the other strides are
// positive, the elements are read and written where they stand. Otherwise
// chunks of rows are copied to a buffer on the stack. The functions do not
// allocate.

namespace softlane {
inline namespace v1 {

/// probs = exp(scale * logits) / sum(exp(scale * logits)): see Softmax.
Status Softmax(const ConstAnyTensor& logits, const AnyTensor& probs, int axis,
               const SoftmaxOptions& options = {},
               Target target = Target::kAuto) noexcept;

/// Softmax, and in the same call logsumexp = log(sum(exp(scale * logits))): see
/// SoftmaxWithLogSumExp.
Status SoftmaxWithLogSumExp(const ConstAnyTensor& logits,
                            const AnyTensor& probs,
                            const Tensor<float>& logsumexp, int axis,
                            const SoftmaxOptions& options = {},
                            Target target = Target::kAuto) noexcept;

/// log_probs = scale * logits - log(sum(exp(scale * logits))): see LogSoftmax.
Status LogSoftmax(const ConstAnyTensor& logits, const AnyTensor& log_probs,
                  int axis, const SoftmaxOptions& options = {},
                  Target target = Target::kAuto) noexcept;

/// logsumexp = log(sum(exp(scale * logits))): see LogSumExp.
Status LogSumExp(const ConstAnyTensor& logits, const Tensor<float>& logsumexp,
                 int axis, float scale = 1.0f,
                 Target target = Target::kAuto) noexcept;

/// dlogits = scale * probs * (dprobs - sum(probs * dprobs)): see
/// SoftmaxBackward.
Status SoftmaxBackward(const ConstAnyTensor& probs,
                       const ConstAnyTensor& dprobs, const AnyTensor& dlogits,
                       int axis, float scale = 1.0f,
                       Target target = Target::kAuto) noexcept;

/// dlogits = scale * (dlog_probs - exp(log_probs) * sum(dlog_probs)): see
/// LogSoftmaxBackward.
Status LogSoftmaxBackward(const ConstAnyTensor& log_probs,
                          const ConstAnyTensor& dlog_probs,
                          const AnyTensor& dlogits, int axis,
                          float scale = 1.0f,
                          Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_SOFTMAX_TENSOR_H_
