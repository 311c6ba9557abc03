// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_CROSS_ENTROPY_BACKWARD_H_
#define SOFTLANE_CROSS_ENTROPY_BACKWARD_H_

#include <cstdint>

#include "softlane/accuracy.h"
#include "softlane/any_rows.h"
#include "softlane/options.h"
#include "softlane/rows.h"
#include "softlane/status.h"
#include "softlane/target.h"

// The gradient of cross-entropy from saved results.

namespace softlane {
inline namespace v1 {

/// The gradient of CrossEntropy from the logits and the logsumexp of each row,
/// which the forward pass has saved. The exp values of a row are not summed
/// again. With
///
///   p_c = exp(scale * logits[r, c] - logsumexp[r])
///
/// and with u, q_c and the options of CrossEntropy,
///
///   dlogits[r, c] = u * scale * ((sum_k q_k + 2 * z_loss * logsumexp[r]) * p_c
///                                - q_c).
///
/// options.scale is the scale that logsumexp was computed with.
/// options.zero_if_all_ignored is not read. The logits may be some columns of
/// longer rows, with the logsumexp of the longer rows. But labels and
/// label_smoothing / cols count the given columns only, and so does the sum of
/// q_k. CrossEntropyFromStates serves rows in parts.
///
/// Shapes: logsumexp and labels have logits.rows elements; dlogits has the
/// shape of logits.
/// Aliasing: dlogits may be the view logits, unless options.accumulate is set.
/// dlogits overlaps no other operand.
/// Special values: if the logsumexp of a row is NaN or infinite, the gradient
/// of the row is NaN. Other rows follow the formula, whatever logsumexp is. A
/// p_c beyond the largest float is +inf. An ignored row has the gradient +0.
/// Accuracy: kCrossEntropyBackwardMaxError, for the given logsumexp. If
/// logsumexp has an error of d, each p_c has an additional error of d p_c.
/// LogSumExp and SoftmaxWithLogSumExp give a logsumexp with an error of up to
/// kLogSumExpMaxError. If p of the label is near 1, p - 1 has the same absolute
/// error as p. So the label's gradient is less accurate than in CrossEntropy,
/// which computes it from the other classes.
/// Errors: kBadLabel for a label that is neither in [0, cols) nor ignore_index;
/// kNullPointer, kBadShape, kOverlap, kBadOption, kTargetUnavailable.
Status CrossEntropyBackward(const Rows<const float>& logits,
                            const float* logsumexp, const int64_t* labels,
                            const Rows<float>& dlogits,
                            const CrossEntropyOptions& options = {},
                            Target target = Target::kAuto) noexcept;
Status CrossEntropyBackward(const Rows<const float>& logits,
                            const float* logsumexp, const int32_t* labels,
                            const Rows<float>& dlogits,
                            const CrossEntropyOptions& options = {},
                            Target target = Target::kAuto) noexcept;

/// CrossEntropyBackward with a target probability for each logit: see
/// CrossEntropy. targets has the shape of logits.
Status CrossEntropyBackward(const Rows<const float>& logits,
                            const float* logsumexp,
                            const Rows<const float>& targets,
                            const Rows<float>& dlogits,
                            const CrossEntropyOptions& options = {},
                            Target target = Target::kAuto) noexcept;

/// The gradient of CrossEntropy from saved probabilities, by the formula of
/// CrossEntropyBackward with p_c = probs[r, c] and without z_loss.
/// options.scale is a factor of the gradient only. A probability below 2^-126
/// counts as +0.
/// Shapes: labels has probs.rows elements. targets and dlogits have the shape
/// of probs.
///
/// Aliasing: dlogits may be the view probs, unless options.accumulate is set.
/// dlogits overlaps no other operand.
/// Special values: the formula holds for any probabilities.
/// Accuracy: kCrossEntropyBackwardMaxError, for the given probabilities. If p
/// of the label is near 1, p - 1 has few correct bits, because p was rounded to
/// its type. The error of this rounding is up to 2^-25 with float, and up to
/// 2^-9 with BFloat16.
/// Errors: kBadOption also if z_loss is not 0. Other errors are as for
/// CrossEntropyBackward.
Status CrossEntropyBackwardFromProbs(const Rows<const float>& probs,
                                     const int64_t* labels,
                                     const Rows<float>& dlogits,
                                     const CrossEntropyOptions& options = {},
                                     Target target = Target::kAuto) noexcept;
Status CrossEntropyBackwardFromProbs(const Rows<const float>& probs,
                                     const int32_t* labels,
                                     const Rows<float>& dlogits,
                                     const CrossEntropyOptions& options = {},
                                     Target target = Target::kAuto) noexcept;
Status CrossEntropyBackwardFromProbs(const Rows<const float>& probs,
                                     const Rows<const float>& targets,
                                     const Rows<float>& dlogits,
                                     const CrossEntropyOptions& options = {},
                                     Target target = Target::kAuto) noexcept;

/// CrossEntropyBackward and CrossEntropyBackwardFromProbs of any element type:
/// see any_rows.h. logsumexp stays float.
template <typename = void>
Status CrossEntropyBackward(const ConstAnyRows& logits, const float* logsumexp,
                            const int64_t* labels, const AnyRows& dlogits,
                            const CrossEntropyOptions& options = {},
                            Target target = Target::kAuto) noexcept;
template <typename = void>
Status CrossEntropyBackward(const ConstAnyRows& logits, const float* logsumexp,
                            const int32_t* labels, const AnyRows& dlogits,
                            const CrossEntropyOptions& options = {},
                            Target target = Target::kAuto) noexcept;
template <typename = void>
Status CrossEntropyBackward(const ConstAnyRows& logits, const float* logsumexp,
                            const ConstAnyRows& targets, const AnyRows& dlogits,
                            const CrossEntropyOptions& options = {},
                            Target target = Target::kAuto) noexcept;
template <typename = void>
Status CrossEntropyBackwardFromProbs(const ConstAnyRows& probs,
                                     const int64_t* labels,
                                     const AnyRows& dlogits,
                                     const CrossEntropyOptions& options = {},
                                     Target target = Target::kAuto) noexcept;
template <typename = void>
Status CrossEntropyBackwardFromProbs(const ConstAnyRows& probs,
                                     const int32_t* labels,
                                     const AnyRows& dlogits,
                                     const CrossEntropyOptions& options = {},
                                     Target target = Target::kAuto) noexcept;
template <typename = void>
Status CrossEntropyBackwardFromProbs(const ConstAnyRows& probs,
                                     const ConstAnyRows& targets,
                                     const AnyRows& dlogits,
                                     const CrossEntropyOptions& options = {},
                                     Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_CROSS_ENTROPY_BACKWARD_H_
