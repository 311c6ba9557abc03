// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_CROSS_ENTROPY_TENSOR_H_
#define SOFTLANE_CROSS_ENTROPY_TENSOR_H_

#include <cstdint>

#include "softlane/cross_entropy.h"
#include "softlane/options.h"
#include "softlane/status.h"
#include "softlane/target.h"
#include "softlane/tensor.h"

namespace softlane {
inline namespace v1 {

/// The cross-entropy of tensors in any layout, whose classes are along any
/// axis: for example, of images [N, C, H, W] with a label per pixel, along axis
/// 1. The elements along the axis take the place of a row. Formulas, special
/// values, accuracy and bits are those of CrossEntropy for the transposed
/// tensor, whose rows have the order of the other dimensions' indices, the last
/// one being the fastest. Axis, element types and speed are as in
/// softmax_tensor.h.
///
///   // PyTorch's logits [N, C, H, W], labels [N, H, W] and mean.
///   CrossEntropy(logits, labels.Unsqueeze(1), loss, dlogits, 1);
///
/// Shapes: labels has the sizes of logits, but size 1 along the axis. So has
/// loss with kNone, else it is one element of any rank, also 0; null data means
/// no loss. dlogits has the shape of logits or null data, which means no
/// gradient. divisor is null or one element.
/// options.class_weights has an element per index along the axis.
/// upstream has the shape of labels and takes the place of
/// options.upstream_rows, which is null: the gradients of the losses of kNone.
/// Null data means that options.upstream holds for all. It is not read with
/// another reduction, or without dlogits.
/// Threads: the losses of kNone, and the gradients of kNone and kSum, of parts
/// are those of one call: see Tensor::Part.
/// Aliasing: dlogits may be the view logits, unless options.accumulate is set:
/// see softmax_tensor.h, also for outputs that interleave with other tensors.
/// No output overlaps any other operand.
/// Errors: those of CrossEntropy; those of softmax_tensor.h; kBadOption for
/// options.upstream_rows.
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

/// The same with a target probability for each logit. targets has the shape and
/// type of logits, and overlaps no output.
Status CrossEntropy(const ConstAnyTensor& logits, const ConstAnyTensor& targets,
                    const Tensor<float>& loss, const AnyTensor& dlogits,
                    int axis, const CrossEntropyOptions& options = {},
                    float* divisor = nullptr,
                    const Tensor<const float>& upstream = {},
                    Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_CROSS_ENTROPY_TENSOR_H_
