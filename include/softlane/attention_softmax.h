// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_ATTENTION_SOFTMAX_H_
#define SOFTLANE_ATTENTION_SOFTMAX_H_

#include <cstdint>

#include "softlane/rows.h"
#include "softlane/softmax.h"
#include "softlane/status.h"
#include "softlane/target.h"

namespace softlane {
inline namespace v1 {

/// What attention does to a score before softmax, and to the sum of softmax.
/// Row r of the scores belongs to a query, column c to the key at position c.
/// All is optional and applied in the order of the members. Settings and views:
/// threads can share one.
struct AttentionOptions {
  /// z = scale * score; finite and > 0.
  float scale = 1.0f;
  /// z = softcap * tanh(z / softcap), as in Gemma 2; 0 is none; finite and >=
  /// 0.
  float softcap = 0.0f;
  /// ALiBi: z = z - alibi_slope * |first_query + r - c|, the slope times the
  /// distance from the query to the key; finite. Set first_query with it: the
  /// position of the first query among the keys. A distance up to 2^24 is an
  /// exact float; a larger one is first rounded to the nearest float.
  float alibi_slope = 0.0f;
  /// z = z + bias[r, c], the additive mask. Null data: none. The shape of the
  /// scores; a stride of 0 repeats its first row.
  Rows<const float> bias = {};
  /// Where keep[r, c] is 0 the key is masked. Null data and strides as for
  /// bias.
  Rows<const uint8_t> keep = {};
  /// Keys from lengths[r] on are masked; null: none; each in [0, cols].
  const int32_t* lengths = nullptr;
  /// Masks the keys behind the query's own position, first_query + r.
  bool causal = false;
  /// The position of row 0 among the keys; any number.
  int64_t first_query = 0;
  /// Masks the keys at or before the query's position minus `window`; >= 0; 0
  /// is none. The query's position is as for causal.
  int64_t window = 0;
  /// sinks[r] is one more logit of the row that joins its sum and has no
  /// probability, as in gpt-oss; null: none. Not scaled. A sink of -inf adds
  /// nothing; NaN and +inf are as such a logit.
  const float* sinks = nullptr;
  /// What a row becomes whose keys are all masked (by -inf, too) and that has
  /// no sink: +0, or NaN.
  EmptyRow empty_row = EmptyRow::kZero;
};

/// The largest error of softcap * tanh(z / softcap) in units in the last place,
/// where z / softcap is no subnormal float.
inline constexpr double kSoftcapMaxUlp = 6.0;

/// probs[r, c] = exp(z_c) / (exp(sink) + sum_k exp(z_k)) over the keys k that
/// are not masked, z as AttentionOptions describes.
///
/// Rounding: each step to z rounds once to float (the product and sum of
/// alibi_slope together, softcap as kSoftcapMaxUlp says); of these logits the
/// probabilities have the error kSoftmaxMaxUlp. Without options the bits are
/// those of Softmax.
/// Shapes: scores and probs have the same rows and cols; probs may be the view
/// scores, and overlaps nothing else that is read.
/// Masks: a masked key has exactly +0, whatever its score. Scores and masks
/// beyond lengths, causal and window are not read. A bias of -inf masks a key
/// unless its logit so far is NaN or +inf.
/// Special values of z: a NaN or +inf of an unmasked key, or of the sink, makes
/// the row's unmasked keys NaN. A step whose result is beyond the largest float
/// gives an infinity. scale * score is such a step; Softmax has none, its scale
/// never overflows. softcap
/// bounds infinities, too: +inf becomes softcap and -inf becomes -softcap, as
/// tanh says. An unmasked key with z = -inf has exactly +0, except in such a
/// row of NaN.
/// Errors: kNullPointer, kBadShape, kOverlap, kBadOption, kTargetUnavailable.
Status AttentionSoftmax(const Rows<const float>& scores,
                        const Rows<float>& probs,
                        const AttentionOptions& options = {},
                        Target target = Target::kAuto) noexcept;

/// AttentionSoftmax, and logsumexp[r] = log(exp(sink) + sum_k exp(z_k)).
///
/// logsumexp is -inf for an empty row, NaN if an unmasked key or the sink is
/// NaN, and else +inf if one of them is +inf. Accuracy: kLogSumExpMaxError of
/// the logits z. logsumexp has scores.rows elements and overlaps nothing else.
Status AttentionSoftmaxWithLogSumExp(const Rows<const float>& scores,
                                     const Rows<float>& probs, float* logsumexp,
                                     const AttentionOptions& options = {},
                                     Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_ATTENTION_SOFTMAX_H_
