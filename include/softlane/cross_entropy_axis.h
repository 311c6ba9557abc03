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

// Cross-entropy of classes along an axis that is not the last.

namespace softlane {
inline namespace v1 {

/// The cross-entropy of logits whose classes are along an axis that is not the
/// last. For example, images [N, C, H, W] with a label per pixel are planes
/// with outer = N, axis = C and inner = H * W. The elements (o, 0, i) to (o,
/// axis - 1, i) take the place of a row, and labels[o, i] is its label.
/// Formulas, special values, accuracy and bits are those of CrossEntropy for
/// the transposed tensor, whose rows have the order (0, 0), (0, 1), ...,
/// (1, 0), ...
///
/// Shapes: labels has logits.outer rows and logits.inner columns. loss has the
/// shape of labels with kNone, and one row of one element with kSum and kMean.
/// dlogits has the shape of logits. divisor has one element. loss and dlogits
/// may have null data, and divisor may be null: such a result is not computed.
/// options.class_weights has logits.axis elements.
/// options.upstream_rows[o * s + i] is the element for labels[o, i], where s is
/// options.upstream_stride, or logits.inner if options.upstream_stride is 0.
/// Threads: calls for slices give the losses of one call with kNone, and the
/// gradients of one call with kNone and kSum. Slices by inner indices keep the
/// strides of labels, loss and upstream_rows.
/// Aliasing: dlogits may be the view logits, unless options.accumulate is set.
/// No output overlaps any other operand.
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

/// CrossEntropyAxis with a target probability for each logit: see CrossEntropy.
/// targets has the shape of logits and overlaps no output.
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
