// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LOG_SOFTMAX_H_
#define SOFTLANE_LOG_SOFTMAX_H_

#include "softlane/accuracy.h"
#include "softlane/any_rows.h"
#include "softlane/options.h"
#include "softlane/rows.h"
#include "softlane/status.h"
#include "softlane/target.h"

// Log-softmax and logsumexp of rows.

namespace softlane {
inline namespace v1 {

/// The logarithm of softmax:
///
///   log_probs[r, c] = scale * logits[r, c] -
///                     log(sum_k exp(scale * logits[r, k])).
///
/// Shapes: logits and log_probs have the same rows and cols.
/// Aliasing: log_probs may be the view logits.
/// Special values: if a row has NaN or +inf, the whole row of log_probs is NaN.
/// A logit of -inf stays -inf. If all logits of a row are -inf, the row becomes
/// NaN with EmptyRow::kNan and stays -inf with EmptyRow::kZero. With finite
/// logits, the result is -inf only where the log-probability is below the
/// lowest float. If a row has only one finite logit, that logit gets exactly
/// +0. No log-probability is above 0.
/// Accuracy: kLogSoftmaxMaxError.
/// Errors: kNullPointer, kBadShape, kOverlap, kBadOption, kTargetUnavailable.
Status LogSoftmax(const Rows<const float>& logits, const Rows<float>& log_probs,
                  const SoftmaxOptions& options = {},
                  Target target = Target::kAuto) noexcept;

/// logsumexp[r] = log(sum_k exp(scale * logits[r, k])).
///
/// Shapes: logsumexp has logits.rows elements.
/// Aliasing: logsumexp does not overlap logits.
/// Arguments: scale is finite and > 0.
/// Special values: NaN if the row has NaN, otherwise +inf if it has +inf. If
/// all logits of a row are -inf, or if it has no columns, the result is -inf.
/// If a row has only one finite logit, the result is scale times that logit.
/// Accuracy: kLogSumExpMaxError.
/// Errors: kNullPointer, kBadShape, kOverlap, kBadOption, kTargetUnavailable.
Status LogSumExp(const Rows<const float>& logits, float* logsumexp,
                 float scale = 1.0f, Target target = Target::kAuto) noexcept;

/// LogSoftmax of any element type: see any_rows.h.
Status LogSoftmax(const ConstAnyRows& logits, const AnyRows& log_probs,
                  const SoftmaxOptions& options = {},
                  Target target = Target::kAuto) noexcept;

/// LogSumExp of any element type: see any_rows.h.
template <typename = void>
Status LogSumExp(const ConstAnyRows& logits, float* logsumexp,
                 float scale = 1.0f, Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_LOG_SOFTMAX_H_
