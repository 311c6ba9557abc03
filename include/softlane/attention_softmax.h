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

/// How attention makes a logit z of each score, masks keys, and adds a sink to
/// the sum. Row r of the scores belongs to a query; column c belongs to the key
/// at position c. Every member is optional. The steps to z are applied in the
/// order of the members. The struct holds settings and views only, so threads
/// can share it.
struct AttentionOptions {
  /// z = scale * score. scale is finite and > 0.
  float scale = 1.0f;
  /// z = softcap * tanh(z / softcap), as in Gemma 2. softcap is finite and >=
  /// 0; 0 means no softcap.
  float softcap = 0.0f;
  /// ALiBi: z = z - alibi_slope * |first_query + r - c|, the slope times the
  /// distance from the query to the key. alibi_slope is finite. It needs
  /// first_query, too. A distance up to 2^24 is an exact float; a larger
  /// distance is first rounded to the nearest float.
  float alibi_slope = 0.0f;
  /// The additive mask: z = z + bias[r, c]. bias has the shape of the scores. A
  /// stride of 0 repeats its first row. Null data means no bias.
  Rows<const float> bias = {};
  /// A key is masked where keep[r, c] is 0. Shape, stride and null data are as
  /// for bias.
  Rows<const uint8_t> keep = {};
  /// Row r masks the keys from position lengths[r] on. There is a length in
  /// [0, cols] for each row. Null means all keys.
  const int32_t* lengths = nullptr;
  /// Masks the keys after the query's own position, first_query + r.
  bool causal = false;
  /// The position of the query of row 0 among the keys, for alibi_slope, causal
  /// and window. Any number.
  int64_t first_query = 0;
  /// Sliding window: masks the keys at positions up to first_query + r -
  /// window. window is >= 0; 0 means no window.
  int64_t window = 0;
  /// Attention sinks, as in gpt-oss: sinks[r] is one more logit of row r. It
  /// joins the row's sum and has no probability. It is not scaled. A sink of
  /// -inf is the same as no sink. A sink of NaN or +inf acts as such a logit
  /// does. Null means no sinks.
  const float* sinks = nullptr;
  /// The result, +0 or NaN, of a row without a sink whose keys are all masked.
  /// A key with z = -inf is masked in this sense.
  EmptyRow empty_row = EmptyRow::kZero;
};

/// The largest error of softcap * tanh(z / softcap) in units in the last place.
/// It holds where z / softcap is not a subnormal float.
inline constexpr double kSoftcapMaxUlp = 6.0;

/// probs[r, c] = exp(z_c) / (exp(sink) + sum_k exp(z_k)). The sum is over the
/// keys k that are not masked. AttentionOptions says what z is.
///
/// Accuracy: each step to z rounds once to float. The product and the sum of
/// alibi_slope round together; softcap has the error kSoftcapMaxUlp. For the
/// logits z that result, the probabilities have the error kSoftmaxMaxUlp.
/// Without options the bits are those of Softmax.
/// Shapes: scores and probs have the same rows and cols.
/// Aliasing: probs may be the view scores. It overlaps nothing else that is
/// read.
/// Masks: a masked key gets exactly +0, whatever its score is, unless empty_row
/// makes the whole row NaN. Scores and masks that lengths, causal and window
/// exclude are not read. A bias of -inf masks a key unless the key's logit
/// before the bias is NaN or +inf.
/// Special values: if the sink or the z of an unmasked key is NaN or +inf, the
/// unmasked keys of the row get NaN. In other rows an unmasked key with z =
/// -inf gets exactly +0. Overflow: a step to z whose result is beyond the
/// largest float gives an infinity. Therefore scale * score may overflow here,
/// unlike in Softmax. softcap bounds infinities, too: it makes +inf softcap and
/// -inf -softcap. Errors: kNullPointer, kBadShape, kOverlap, kBadOption,
/// kTargetUnavailable.
Status AttentionSoftmax(const Rows<const float>& scores,
                        const Rows<float>& probs,
                        const AttentionOptions& options = {},
                        Target target = Target::kAuto) noexcept;

/// AttentionSoftmax, and logsumexp[r] = log(exp(sink) + sum_k exp(z_k)).
///
/// Special values of logsumexp: -inf for an empty row; NaN if the sink or the z
/// of an unmasked key is NaN; else +inf if one of them is +inf.
/// Accuracy of logsumexp: kLogSumExpMaxError, for the logits z.
/// Shapes: logsumexp has scores.rows elements and overlaps no other operand.
/// All else is as for AttentionSoftmax; probs has the same bits.
Status AttentionSoftmaxWithLogSumExp(const Rows<const float>& scores,
                                     const Rows<float>& probs, float* logsumexp,
                                     const AttentionOptions& options = {},
                                     Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_ATTENTION_SOFTMAX_H_
