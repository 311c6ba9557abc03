// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_CROSS_ENTROPY_AXIS_H_
#define SOFTLANE_CROSS_ENTROPY_AXIS_H_

#include <cstdint>

#include "softlane/any_planes.h"
#include "softlane/cross_entropy.h"
#include "softlane/options.h"
#include "softlane/planes.h"
#include "softlane/rows.h"
#include "softlane/status.h"
#include "softlane/target.h"

namespace softlane {
inline namespace v1 {

/// The cross-entropy of logits whose classes are along an axis that is not the
/// last: for example, of images [N, C, H, W] with a label per pixel, whose
/// planes have outer = N, axis = C and inner = H * W. The elements (o, 0, i) to
/// (o, axis - 1, i) take the place of a row, and labels[o, i] is its label.
/// Formulas, special values, accuracy and bits are those of CrossEntropy for
/// the transposed tensor, whose rows have the order (0, 0), (0, 1), ..., (1,
/// 0), ...
///
/// Shapes: labels has logits.outer rows and logits.inner columns. loss has the
/// shape of labels with kNone, else one element; or null data, which means no
/// loss. dlogits has the shape of logits or null data, which means no gradient.
/// divisor is null or one element.
/// options.class_weights has logits.axis elements. options.upstream_rows has an
/// element for each (o, i), which is upstream_rows[o * s + i], where s is
/// options.upstream_stride, or logits.inner if that is 0.
/// Threads: the losses of kNone, and the gradients of kNone and kSum, of slices
/// are those of one call. The slices of labels, loss and upstream_rows by inner
/// indices keep their strides.
/// Aliasing: dlogits may be the view logits. No output overlaps any other
/// operand.
/// Errors: those of CrossEntropy.
Status CrossEntropyAxis(const Planes<const float>& logits,
                        const Rows<const int64_t>& labels,
                        const Rows<float>& loss,
                        const Planes<float>& dlogits = {},
                        const CrossEntropyOptions& options = {},
                        float* divisor = nullptr,
                        Target target = Target::kAuto) noexcept;
Status CrossEntropyAxis(const Planes<const float>& logits,
                        const Rows<const int32_t>& labels,
                        const Rows<float>& loss,
                        const Planes<float>& dlogits = {},
                        const CrossEntropyOptions& options = {},
                        float* divisor = nullptr,
                        Target target = Target::kAuto) noexcept;

/// The same with a target probability for each logit. targets has the shape of
/// logits and overlaps no output.
Status CrossEntropyAxis(const Planes<const float>& logits,
                        const Planes<const float>& targets,
                        const Rows<float>& loss,
                        const Planes<float>& dlogits = {},
                        const CrossEntropyOptions& options = {},
                        float* divisor = nullptr,
                        Target target = Target::kAuto) noexcept;

/// CrossEntropyAxis of any element type: see any_planes.h. targets has the type
/// of logits. The type of dlogits is not read if it has null data. Losses,
/// class weights, upstream_rows and the divisor stay float.
template <typename = void>
Status CrossEntropyAxis(const ConstAnyPlanes& logits,
                        const Rows<const int64_t>& labels,
                        const Rows<float>& loss, const AnyPlanes& dlogits = {},
                        const CrossEntropyOptions& options = {},
                        float* divisor = nullptr,
                        Target target = Target::kAuto) noexcept;
template <typename = void>
Status CrossEntropyAxis(const ConstAnyPlanes& logits,
                        const Rows<const int32_t>& labels,
                        const Rows<float>& loss, const AnyPlanes& dlogits = {},
                        const CrossEntropyOptions& options = {},
                        float* divisor = nullptr,
                        Target target = Target::kAuto) noexcept;
template <typename = void>
Status CrossEntropyAxis(const ConstAnyPlanes& logits,
                        const ConstAnyPlanes& targets, const Rows<float>& loss,
                        const AnyPlanes& dlogits = {},
                        const CrossEntropyOptions& options = {},
                        float* divisor = nullptr,
                        Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_CROSS_ENTROPY_AXIS_H_
