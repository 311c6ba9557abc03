// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_CROSS_ENTROPY_TENSOR_H_
#define SOFTLANE_CROSS_ENTROPY_TENSOR_H_

#include <cstdint>

#include "softlane/cross_entropy.h"
#include "softlane/options.h"
#include "softlane/status.h"
#include "softlane/target.h"
#include "softlane/tensor.h"

// Cross-entropy of tensors.

namespace softlane {
inline namespace v1 {

/// The cross-entropy of tensors in any layout, whose classes are along any
/// axis. For example, images [N, C, H, W] with a label per pixel have their
/// classes along axis 1. The elements along the axis take the place of a row.
/// Formulas, special values, accuracy and bits are those of CrossEntropy for
/// the transposed tensor. Its rows are in the order of the indices of the other
/// dimensions, of which the last changes fastest. Axis, element types and speed
/// are as in softmax_tensor.h.
///
///   // PyTorch's logits [N, C, H, W], labels [N, H, W] and mean.
///   CrossEntropy(logits, labels.Unsqueeze(1), loss, dlogits, 1);
///
/// Shapes: labels has the sizes of logits, but size 1 along the axis. loss has
/// the sizes of labels with kNone. With kSum and kMean, loss is a tensor of any
/// rank with one element. dlogits has the sizes of logits. divisor has one
/// element. loss and dlogits may have null data, and divisor may be null: such
/// a result is not computed.
/// options.class_weights has an element per index along the axis.
/// upstream takes the place of options.upstream_rows, which is null. upstream
/// has the sizes of labels. Null data means that options.upstream holds for all
/// rows. upstream is read only with kNone and with dlogits.
/// Threads: calls for parts give the losses of one call with kNone, and the
/// gradients of one call with kNone and kSum: see Tensor::Part.
/// Aliasing: dlogits may be the view logits, unless options.accumulate is set:
/// see softmax_tensor.h, also for outputs that interleave with other tensors.
/// No output overlaps any other operand.
/// Errors: those of CrossEntropy, those of softmax_tensor.h, and kBadOption if
/// options.upstream_rows is not null.
Status CrossEntropy(const ConstAnyTensor& logits,
                    const Tensor<const int64_t>& labels,
                    const Tensor<float>& loss, const AnyTensor& dlogits,
                    int axis, const CrossEntropyOptions& options = {},
                    float* divisor = nullptr,
                    const Tensor<const float>& upstream = {},
                    Target target = Target::kAuto) noexcept;
Status CrossEntropy(const ConstAnyTensor& logits,
                    const Tensor<const int32_t>& labels,
                    const Tensor<float>& loss, const AnyTensor& dlogits,
                    int axis, const CrossEntropyOptions& options = {},
                    float* divisor = nullptr,
                    const Tensor<const float>& upstream = {},
                    Target target = Target::kAuto) noexcept;

/// CrossEntropy of tensors with a target probability for each logit. targets
/// has the sizes and the type of logits, and overlaps no output.
Status CrossEntropy(const ConstAnyTensor& logits, const ConstAnyTensor& targets,
                    const Tensor<float>& loss, const AnyTensor& dlogits,
                    int axis, const CrossEntropyOptions& options = {},
                    float* divisor = nullptr,
                    const Tensor<const float>& upstream = {},
                    Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_CROSS_ENTROPY_TENSOR_H_
