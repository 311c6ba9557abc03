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

namespace softlane {
inline namespace v1 {

/// The gradient of CrossEntropy from what the forward pass has saved: the
/// logits, and the logsumexp of each row. The row is not summed again. With
///
///   p_c = exp(scale * logits[r, c] - logsumexp[r])
///
/// and with u, q_c and the options of CrossEntropy,
///
///   dlogits[r, c] = u * scale * ((sum_k q_k + 2 * z_loss * logsumexp[r]) * p_c
///                                - q_c).
///
/// options.scale is that of logsumexp. The logits need not be whole rows: for a
/// part of a row's classes, logsumexp is that of the whole row.
/// options.zero_if_all_ignored is not read.
///
/// Shapes: logsumexp and labels have logits.rows elements; dlogits has the
/// shape of logits.
/// Aliasing: dlogits may be the view logits, unless options.accumulate is set.
/// dlogits overlaps no other operand.
/// Special values: a row whose logsumexp is NaN or infinite has NaN for its
/// gradient. Other rows follow the formula, whatever logsumexp is; a p_c beyond
/// the largest float is +inf. An ignored row has the gradient +0.
/// Accuracy: kCrossEntropyBackwardMaxError, for the logsumexp that is given. If
/// it errs by d, each p_c errs by d p_c: the logsumexp of LogSumExp and of
/// SoftmaxWithLogSumExp errs by up to 2^-22 max(1, |logsumexp|). Where p of the
/// label is near 1, p - 1 errs by as much, and so the label's gradient loses
/// the accuracy that it has in CrossEntropy, which computes it from the other
/// classes.
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

/// The same with a target probability per class and row: see CrossEntropy.
Status CrossEntropyBackward(const Rows<const float>& logits,
                            const float* logsumexp,
                            const Rows<const float>& targets,
                            const Rows<float>& dlogits,
                            const CrossEntropyOptions& options = {},
                            Target target = Target::kAuto) noexcept;

/// The gradient from saved probabilities, p_c = probs[r, c]. scale counts as a
/// factor of the gradient. A probability below 2^-126 counts as +0.
///
/// Aliasing: dlogits may be the view probs, unless options.accumulate is set.
/// dlogits overlaps no other operand.
/// Special values: the formula holds for any probabilities.
/// Accuracy: kCrossEntropyBackwardMaxError, for the probabilities that are
/// given. A p of the label near 1 has been rounded to its type, so p - 1 has
/// few bits: half a unit of 2^-24 is lost with floats, of 2^-8 with bfloat16.
/// Errors: kBadOption also if z_loss is not 0; else as above.
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

/// The same of any element type: see any_rows.h. logsumexp stays float.
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
