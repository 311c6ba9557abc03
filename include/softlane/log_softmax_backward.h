// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LOG_SOFTMAX_BACKWARD_H_
#define SOFTLANE_LOG_SOFTMAX_BACKWARD_H_

#include "softlane/accuracy.h"
#include "softlane/any_rows.h"
#include "softlane/rows.h"
#include "softlane/status.h"
#include "softlane/target.h"

// The gradient of log-softmax.

namespace softlane {
inline namespace v1 {

/// The gradient of the logits of `log_probs = LogSoftmax(scale * logits)` from
/// the gradient of log_probs:
///
///   dlogits[r, c] = scale * (d_c - exp(l_c) * sum_k d_k),
///
/// where l and d are row r of log_probs and dlog_probs.
///
/// Shapes: all three views have the same rows and cols.
/// Aliasing: dlogits may be the view log_probs or the view dlog_probs.
/// Arguments: scale is finite and > 0. No element of log_probs is above 0, and
/// LogSoftmax never gives such an element. For a row with an element above 0,
/// the results are unspecified.
/// Special values: NaN in log_probs makes the same element of dlogits NaN. NaN
/// in a row of dlog_probs makes the whole row of dlogits NaN. Where log_probs
/// is -inf, the result is scale * d_c. If the sum of dlog_probs is beyond the
/// largest float, results may be infinite or NaN.
/// Accuracy: kLogSoftmaxBackwardMaxError.
/// Errors: kNullPointer, kBadShape, kOverlap, kBadOption, kTargetUnavailable.
Status LogSoftmaxBackward(const Rows<const float>& log_probs,
                          const Rows<const float>& dlog_probs,
                          const Rows<float>& dlogits, float scale = 1.0f,
                          Target target = Target::kAuto) noexcept;

/// LogSoftmaxBackward of any element type: see any_rows.h. log_probs and
/// dlog_probs have the same type.
Status LogSoftmaxBackward(const ConstAnyRows& log_probs,
                          const ConstAnyRows& dlog_probs,
                          const AnyRows& dlogits, float scale = 1.0f,
                          Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_LOG_SOFTMAX_BACKWARD_H_
