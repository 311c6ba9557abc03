// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_ACCURACY_H_
#define SOFTLANE_ACCURACY_H_

// The documented error bounds of the functions. Each function's header includes
// them.

namespace softlane {
inline namespace v1 {

/// The largest error of Exp in units in the last place, over all floats.
inline constexpr double kExpMaxUlp = 1.0;

/// The largest error of a probability in units in the last place. It holds for
/// every row of finite logits, every length up to 2^24 and every scale.
inline constexpr double kSoftmaxMaxUlp = 8.0;

/// The largest error of a logsumexp is this constant times max(1, |logsumexp|).
inline constexpr double kLogSumExpMaxError = 0x1p-22;

/// The largest error of a log-probability is this constant times max(1,
/// |log p|). It holds for every row of finite logits, every length up to 2^24
/// and every scale.
inline constexpr double kLogSoftmaxMaxError = 0x1p-22;

/// AttentionOptions: the largest error of softcap * tanh(z / softcap) in units
/// in the last place. It holds where z / softcap is not a subnormal float.
inline constexpr double kSoftcapMaxUlp = 6.0;

/// SoftmaxBackward: the largest error of dlogits[r, c] is this constant times
///   2^-24 * scale * |p_c| * (|dp_c| + sum_k |p_k * dp_k|).
/// Underflow adds at most
///   2^-148 * (1 + |dp_c| + sum_k |p_k * dp_k| + cols * scale * |p_c|).
inline constexpr double kSoftmaxBackwardMaxError = 8.0;

/// LogSoftmaxBackward: the largest error of dlogits[r, c] is this constant
/// times
///   2^-24 * scale * (|d_c| + p_c * sum_k |d_k|),
/// where d is row r of dlog_probs and p_c = exp(log_probs[r, c]). Underflow
/// adds at most
///   2^-124 * (1 + scale) * (1 + sum_k |d_k|).
inline constexpr double kLogSoftmaxBackwardMaxError = 8.0;

/// CrossEntropy: the largest error of a row's loss is this constant times
///   max(1, |loss|)
/// with labels and without class_weights, label_smoothing and z_loss, and times
///   2 max(1, sum_c a_c max(1, |log p_c|) + z_loss * (1 + logsumexp^2))
/// with any of these or with probability targets. Here a_c = w_c * ((1 -
/// label_smoothing) * |target_c| + label_smoothing / cols). With labels,
/// target_c is 1 for the label and 0 for other classes. a_c is q_c unless a
/// target is negative. A sum or a mean is rounded to float once more.
inline constexpr double kCrossEntropyMaxError = 0x1.4p-22;

/// CrossEntropy: the largest error of a gradient is this constant times
/// 2^-24 * |u| * scale times
///   1 - p_c for the label and p_c for other classes
/// with labels and without class_weights, label_smoothing and z_loss, and times
///   (sum_k a_k + 2 * z_loss * (1 + |logsumexp|)) * p_c + a_c
/// with any of these or with probability targets. a_c is as for
/// kCrossEntropyMaxError, and u is as in CrossEntropy. Underflow adds at most
///   2^-144 + 2^-125 * |u| * scale * (sum_k a_k + 2 * z_loss * |logsumexp|),
/// where the second term is multiplied by cols for the label.
inline constexpr double kCrossEntropyGradientMaxError = 10.0;

/// CrossEntropyBackward: the largest error of a gradient is this constant times
/// 2^-24 * |u| * scale times
///   (sum_k a_k + 2 * z_loss * |logsumexp|) * p_c + a_c,
/// where p_c is exp(scale * logits[r, c] - logsumexp[r]) for the given
/// logsumexp, or the given probability. a_c is as for kCrossEntropyMaxError,
/// and u is as in CrossEntropy. So with labels and without label_smoothing, a_c
/// is 0 for all classes but the label. Underflow adds at most
///   2^-144 + 2^-125 * |u| * scale * (sum_k a_k + 2 * z_loss * |logsumexp|).
inline constexpr double kCrossEntropyBackwardMaxError = 8.0;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_ACCURACY_H_
