// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_SOFTMAX_AXIS_H_
#define SOFTLANE_SOFTMAX_AXIS_H_

#include "softlane/any_planes.h"
#include "softlane/options.h"
#include "softlane/planes.h"
#include "softlane/rows.h"
#include "softlane/status.h"
#include "softlane/target.h"

// Softmax and related functions along an axis that is not the last. The
// elements (o, 0, i) to (o, axis - 1, i) take the place of a row. Formula,
// special values, accuracy and bits are those of the function without "Axis"
// for the transposed tensor.
//
// Shapes: all Planes of a call have the same outer, axis and inner.
// Aliasing: the output may be the view of an input.
// Errors: kNullPointer, kBadShape, kOverlap, kBadOption, kTargetUnavailable.
// Speed: the functions do not allocate. A vector holds elements of neighbouring
// inner indices. So some lanes are idle if inner is below the number of floats
// in a vector, which is 16 with AVX-512. If inner is at most 8 and the views
// have no gaps along the axis, a vector of floats may hold elements of several
// outer indices, as long as axis * inner is at most 256.

namespace softlane {
inline namespace v1 {

/// probs[o, a, i] = exp(scale * logits[o, a, i]) /
///                  sum_k exp(scale * logits[o, k, i]): see Softmax.
Status SoftmaxAxis(const Planes<const float>& logits,
                   const Planes<float>& probs,
                   const SoftmaxOptions& options = {},
                   Target target = Target::kAuto) noexcept;

/// SoftmaxAxis of any element type: see any_planes.h.
Status SoftmaxAxis(const ConstAnyPlanes& logits, const AnyPlanes& probs,
                   const SoftmaxOptions& options = {},
                   Target target = Target::kAuto) noexcept;

/// log_probs[o, a, i] = scale * logits[o, a, i] -
///                      log(sum_k exp(scale * logits[o, k, i])): see
///                      LogSoftmax.
Status LogSoftmaxAxis(const Planes<const float>& logits,
                      const Planes<float>& log_probs,
                      const SoftmaxOptions& options = {},
                      Target target = Target::kAuto) noexcept;

/// LogSoftmaxAxis of any element type: see any_planes.h.
Status LogSoftmaxAxis(const ConstAnyPlanes& logits, const AnyPlanes& log_probs,
                      const SoftmaxOptions& options = {},
                      Target target = Target::kAuto) noexcept;

/// logsumexp[o, i] = log(sum_k exp(scale * logits[o, k, i])): see LogSumExp.
///
/// Shapes: logsumexp has logits.outer rows and logits.inner columns. Because it
/// has a stride, threads can take slices of the inner indices.
/// Aliasing: logsumexp does not overlap logits.
Status LogSumExpAxis(const Planes<const float>& logits,
                     const Rows<float>& logsumexp, float scale = 1.0f,
                     Target target = Target::kAuto) noexcept;

/// LogSumExpAxis of any element type: see any_planes.h.
template <typename = void>
Status LogSumExpAxis(const ConstAnyPlanes& logits, const Rows<float>& logsumexp,
                     float scale = 1.0f,
                     Target target = Target::kAuto) noexcept;

/// SoftmaxAxis, and in the same call LogSumExpAxis of the same logits: see
/// SoftmaxWithLogSumExp.
///
/// Shapes: logsumexp has logits.outer rows and logits.inner columns.
/// Aliasing: logsumexp overlaps neither view.
Status SoftmaxWithLogSumExpAxis(const Planes<const float>& logits,
                                const Planes<float>& probs,
                                const Rows<float>& logsumexp,
                                const SoftmaxOptions& options = {},
                                Target target = Target::kAuto) noexcept;

/// SoftmaxWithLogSumExpAxis of any element type: see any_planes.h.
Status SoftmaxWithLogSumExpAxis(const ConstAnyPlanes& logits,
                                const AnyPlanes& probs,
                                const Rows<float>& logsumexp,
                                const SoftmaxOptions& options = {},
                                Target target = Target::kAuto) noexcept;

/// dlogits[o, a, i] = scale * p_a * (dp_a - sum_k p_k * dp_k), where p_k is
/// probs[o, k, i] and dp_k is dprobs[o, k, i]: see SoftmaxBackward.
Status SoftmaxBackwardAxis(const Planes<const float>& probs,
                           const Planes<const float>& dprobs,
                           const Planes<float>& dlogits, float scale = 1.0f,
                           Target target = Target::kAuto) noexcept;

/// SoftmaxBackwardAxis of any element type: see any_planes.h.
Status SoftmaxBackwardAxis(const ConstAnyPlanes& probs,
                           const ConstAnyPlanes& dprobs,
                           const AnyPlanes& dlogits, float scale = 1.0f,
                           Target target = Target::kAuto) noexcept;

/// dlogits[o, a, i] = scale * (d_a - exp(log_probs[o, a, i]) * sum_k d_k),
/// where d_k is dlog_probs[o, k, i]: see LogSoftmaxBackward.
Status LogSoftmaxBackwardAxis(const Planes<const float>& log_probs,
                              const Planes<const float>& dlog_probs,
                              const Planes<float>& dlogits, float scale = 1.0f,
                              Target target = Target::kAuto) noexcept;

/// LogSoftmaxBackwardAxis of any element type: see any_planes.h.
Status LogSoftmaxBackwardAxis(const ConstAnyPlanes& log_probs,
                              const ConstAnyPlanes& dlog_probs,
                              const AnyPlanes& dlogits, float scale = 1.0f,
                              Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_SOFTMAX_AXIS_H_
