// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_SOFTMAX_TOPK_H_
#define SOFTLANE_SOFTMAX_TOPK_H_

#include <cstddef>
#include <cstdint>

#include "softlane/any_planes.h"
#include "softlane/any_rows.h"
#include "softlane/options.h"
#include "softlane/planes.h"
#include "softlane/rows.h"
#include "softlane/status.h"
#include "softlane/target.h"

// The k largest probabilities of each row.

namespace softlane {
inline namespace v1 {

/// The k largest probabilities of each row and their columns. top_probs[r, 0]
/// to top_probs[r, k - 1] are the probabilities that Softmax gives for the k
/// largest logits of row r, with the same bits. indices[r, i] is the column of
/// top_probs[r, i]. The largest logit comes first. Among equal logits, the
/// logit in the lower column comes first.
///
/// Shapes: logits has at least k and fewer than 2^31 columns. top_probs and
/// indices have logits.rows rows and k columns. k is at most kMaxTopK, else the
/// status is kBadOption.
/// Aliasing: no view overlaps another.
/// Order: the logits give the order, because different logits may have equal
/// probabilities, such as +0 below 2^-126. If two logits differ by very little,
/// rounding may make the second probability an ULP or two larger than the
/// first.
/// options.renormalize: the k probabilities are added in double in their order,
/// and each is divided by the sum in double. +0 stays +0. Compared with the
/// softmax over the k logits, the error is less than 2 * kSoftmaxMaxUlp + 1
/// ULP.
/// Special values: if a row has NaN or +inf, all its results are NaN with the
/// index -1. So are the results of a row whose logits are all -inf. With
/// EmptyRow::kZero, the results of such a row are +0 with the indices 0 to
/// k - 1. In other rows a logit of -inf gives +0.
/// Accuracy: kSoftmaxMaxUlp without options.renormalize.
/// Speed: each row is read three times. A logit that joins the k largest takes
/// extra time, so a row in ascending order takes the longest.
/// Errors: kNullPointer, kBadShape, kOverlap, kBadOption, kTargetUnavailable.
Status SoftmaxTopK(const Rows<const float>& logits, size_t k,
                   const Rows<float>& top_probs, const Rows<int32_t>& indices,
                   const SoftmaxTopKOptions& options = {},
                   Target target = Target::kAuto) noexcept;

/// SoftmaxTopK of logits of any element type: see any_rows.h. The probabilities
/// are floats, which are not rounded to the type of the logits.
template <typename = void>
Status SoftmaxTopK(const ConstAnyRows& logits, size_t k,
                   const Rows<float>& top_probs, const Rows<int32_t>& indices,
                   const SoftmaxTopKOptions& options = {},
                   Target target = Target::kAuto) noexcept;

/// SoftmaxTopK along an axis that is not the last: the elements (o, 0, i) to
/// (o, axis - 1, i) take the place of a row. top_probs[o, a, i] is probability
/// a of this row, from 0 for the largest logit, and indices[o, a, i] is its
/// index along the axis. All bits are those of SoftmaxTopK for the transposed
/// tensor.
///
/// Shapes: top_probs and indices have outer = logits.outer, axis = k and inner
/// = logits.inner. logits.axis is at least k and less than 2^31.
/// Aliasing, special values and errors are as for SoftmaxTopK.
Status SoftmaxTopKAxis(const Planes<const float>& logits, size_t k,
                       const Planes<float>& top_probs,
                       const Planes<int32_t>& indices,
                       const SoftmaxTopKOptions& options = {},
                       Target target = Target::kAuto) noexcept;

/// SoftmaxTopKAxis of logits of any element type: see any_planes.h.
template <typename = void>
Status SoftmaxTopKAxis(const ConstAnyPlanes& logits, size_t k,
                       const Planes<float>& top_probs,
                       const Planes<int32_t>& indices,
                       const SoftmaxTopKOptions& options = {},
                       Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_SOFTMAX_TOPK_H_
