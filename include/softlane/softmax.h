// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_SOFTMAX_H_
#define SOFTLANE_SOFTMAX_H_

#include "softlane/accuracy.h"
#include "softlane/any_rows.h"
#include "softlane/options.h"
#include "softlane/rows.h"
#include "softlane/status.h"
#include "softlane/target.h"

// Softmax of rows, alone or with logsumexp.

namespace softlane {
inline namespace v1 {

/// probs[r, c] = exp(scale * logits[r, c]) / sum_k exp(scale * logits[r, k]).
///
/// Shapes: logits and probs have the same rows and cols.
/// Aliasing: probs may be the view logits.
/// Special values: if a row has NaN or +inf, the whole row of probs is NaN. A
/// logit of -inf gets +0. If all logits of a row are -inf, options.empty_row
/// gives the result. Huge finite logits neither overflow nor give NaN. A row
/// without columns writes nothing. If a row has only one finite logit, that
/// logit gets exactly 1. No probability is above 1.
/// Underflow: a probability below 2^-126 becomes +0, and a probability in
/// [2^-126, 2^-125) may become +0. No probability is subnormal.
/// Accuracy: kSoftmaxMaxUlp.
/// Same bits: a row of probs depends only on the same row of logits and on the
/// options.
/// Errors: kNullPointer, kBadShape, kOverlap, kBadOption, kTargetUnavailable.
Status Softmax(const Rows<const float>& logits, const Rows<float>& probs,
               const SoftmaxOptions& options = {},
               Target target = Target::kAuto) noexcept;

/// Softmax, and in the same call logsumexp[r] = log(sum_k exp(scale *
/// logits[r, k])).
///
/// Shapes: logsumexp has logits.rows elements.
/// Aliasing: logsumexp overlaps neither view.
/// Special values of logsumexp: NaN if the row has NaN, otherwise +inf if it
/// has +inf. If all logits of a row are -inf, or if it has no columns, the
/// result is -inf, whatever options.empty_row is.
/// Accuracy of logsumexp: kLogSumExpMaxError.
/// All else is as for Softmax; probs has the same bits.
Status SoftmaxWithLogSumExp(const Rows<const float>& logits,
                            const Rows<float>& probs, float* logsumexp,
                            const SoftmaxOptions& options = {},
                            Target target = Target::kAuto) noexcept;

/// Softmax of any element type: see any_rows.h.
Status Softmax(const ConstAnyRows& logits, const AnyRows& probs,
               const SoftmaxOptions& options = {},
               Target target = Target::kAuto) noexcept;

/// SoftmaxWithLogSumExp of any element type: see any_rows.h.
Status SoftmaxWithLogSumExp(const ConstAnyRows& logits, const AnyRows& probs,
                            float* logsumexp,
                            const SoftmaxOptions& options = {},
                            Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_SOFTMAX_H_
