// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_SOFTMAX_H_
#define SOFTLANE_SOFTMAX_H_

#include <cstdint>

#include "softlane/rows.h"
#include "softlane/status.h"
#include "softlane/target.h"

namespace softlane {
inline namespace v1 {

/// What the softmax of a row is whose every logit is -inf.
enum class EmptyRow : uint8_t {
  /// NaN, as the formula says (torch.softmax).
  kNan = 0,
  /// +0: nothing to attend to (masked softmax, ONNX Attention).
  kZero = 1,
};

/// How a softmax is taken. Settings only: threads can share one.
struct SoftmaxOptions {
  /// 1 / temperature; finite and > 0.
  float scale = 1.0f;
  /// What a row of -inf only becomes.
  EmptyRow empty_row = EmptyRow::kNan;
};

/// The largest error of a probability in units in the last place, for every row
/// of finite logits, every length up to 2^24 and every scale.
inline constexpr double kSoftmaxMaxUlp = 8.0;

/// The largest error of a logsumexp is this times max(1, |logsumexp|).
inline constexpr double kLogSumExpMaxError = 0x1p-22;

/// probs[r, c] = exp(scale * logits[r, c]) / sum_k exp(scale * logits[r, k]).
///
/// Shapes: logits and probs have the same rows and cols. probs may be the view
/// logits.
/// Special values: a row with NaN or +inf becomes NaN throughout; -inf becomes
/// +0; options.empty_row says what a row of -inf only becomes. Huge finite
/// logits neither overflow nor give NaN. No probability is above 1; a
/// probability below 2^-126 is +0 (in [2^-126, 2^-125) it may be), so none is
/// subnormal. A single finite logit gets exactly 1. Accuracy: kSoftmaxMaxUlp.
/// Same bits: a row of probs depends on that row of logits and the options
/// only. Errors: kNullPointer, kBadShape, kOverlap, kBadOption,
/// kTargetUnavailable.
Status Softmax(const Rows<const float>& logits, const Rows<float>& probs,
               const SoftmaxOptions& options = {},
               Target target = Target::kAuto) noexcept;

/// Softmax, and logsumexp[r] = log(sum_k exp(scale * logits[r, k])).
///
/// Shapes: logsumexp has logits.rows elements and overlaps neither view.
/// Special values of logsumexp: NaN if the row holds NaN, else +inf if it holds
/// +inf; -inf for a row of -inf only and for a row without columns, whatever
/// options.empty_row says.
/// Accuracy of logsumexp: kLogSumExpMaxError.
/// All else is as for Softmax; probs has the same bits.
Status SoftmaxWithLogSumExp(const Rows<const float>& logits,
                            const Rows<float>& probs, float* logsumexp,
                            const SoftmaxOptions& options = {},
                            Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_SOFTMAX_H_
