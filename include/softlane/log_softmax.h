// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LOG_SOFTMAX_H_
#define SOFTLANE_LOG_SOFTMAX_H_

#include "softlane/rows.h"
#include "softlane/softmax.h"
#include "softlane/status.h"
#include "softlane/target.h"

namespace softlane {
inline namespace v1 {

/// The largest error of a log-probability is this times max(1, |log p|), for
/// every row of finite logits, every length up to 2^24 and every scale.
inline constexpr double kLogSoftmaxMaxError = 0x1p-22;

/// log_probs[r, c] = scale * logits[r, c] - log(sum_k exp(scale * logits[r,
/// k])).
///
/// Shapes: logits and log_probs have the same rows and cols. log_probs may be
/// the view logits.
/// Special values: a row with NaN or +inf becomes NaN throughout; -inf stays
/// -inf; a row of -inf only becomes NaN, or with EmptyRow::kZero stays -inf.
/// Huge finite logits give -inf only below the lowest float. A single finite
/// logit gets exactly +0; none is above 0. Accuracy: kLogSoftmaxMaxError.
/// Errors: kNullPointer, kBadShape, kOverlap, kBadOption, kTargetUnavailable.
Status LogSoftmax(const Rows<const float>& logits, const Rows<float>& log_probs,
                  const SoftmaxOptions& options = {},
                  Target target = Target::kAuto) noexcept;

/// logsumexp[r] = log(sum_k exp(scale * logits[r, k])), scale > 0 and finite.
///
/// Shapes: logsumexp has logits.rows elements and does not overlap logits.
/// Special values: NaN if the row holds NaN, else +inf if it holds +inf; -inf
/// for a row of -inf only and for a row without columns. A row with one finite
/// logit gives that, scaled. Accuracy: kLogSumExpMaxError.
/// Errors: kNullPointer, kBadShape, kOverlap, kBadOption, kTargetUnavailable.
Status LogSumExp(const Rows<const float>& logits, float* logsumexp,
                 float scale = 1.0f, Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_LOG_SOFTMAX_H_
