// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_OPTIONS_H_
#define SOFTLANE_OPTIONS_H_

#include <cstddef>
#include <cstdint>

#include "softlane/any_rows.h"
#include "softlane/rows.h"

// The settings of the functions. Each function's header includes them.

namespace softlane {
inline namespace v1 {

/// The result of a row whose every logit is -inf.
enum class EmptyRow : uint8_t {
  /// NaN, as the formula says (torch.softmax).
  kNan = 0,
  /// +0, as there is nothing to attend to (masked softmax, ONNX Attention).
  kZero = 1,
};

/// How a softmax is taken. The struct holds settings only, so threads can share
/// it.
struct SoftmaxOptions {
  /// 1 / temperature. Finite and > 0.
  float scale = 1.0f;
  /// The result of a row whose every logit is -inf.
  EmptyRow empty_row = EmptyRow::kNan;
};

/// The largest k of SoftmaxTopK.
inline constexpr size_t kMaxTopK = 64;

/// How the largest probabilities are taken. The struct holds settings only, so
/// threads can share it.
struct SoftmaxTopKOptions {
  /// 1 / temperature. Finite and > 0.
  float scale = 1.0f;
  /// Whether the k probabilities are divided by their sum.
  bool renormalize = false;
  /// The result of a row whose every logit is -inf.
  EmptyRow empty_row = EmptyRow::kNan;
};

/// How attention makes a logit z of each score, masks keys, and adds a sink to
/// the sum. Row r of the scores belongs to a query; column c belongs to the key
/// at position c. Every member is optional. The steps to z are applied in the
/// order of the members. The struct holds settings and views only, so threads
/// can share it.
struct AttentionOptions {
  /// z = scale * score. scale is finite and > 0.
  float scale = 1.0f;
  /// z = softcap * tanh(z / softcap), as in Gemma 2. softcap is finite and not
  /// negative; 0 means no softcap.
  float softcap = 0.0f;
  /// ALiBi: z = z - alibi_slope * |first_query + r - c|, the slope times the
  /// distance from the query to the key. alibi_slope is finite. It needs
  /// first_query, too. A distance up to 2^24 is an exact float; a larger
  /// distance is first rounded to the nearest float.
  float alibi_slope = 0.0f;
  /// The factor of the bias: ALiBi with a bias of distances. Finite and > 0.
  float bias_scale = 1.0f;
  /// The additive mask: z = z + bias_scale * bias[r, c], the product and the
  /// sum rounded once. bias has the shape of the scores. A stride of 0 repeats
  /// its first row. Null data means no bias. Its elements are floats, or of a
  /// half type: the half type of the other matrices, or either beside floats. A
  /// Rows<const float> converts to it.
  ConstAnyRows bias = {};
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

/// How the losses of the rows become the result.
enum class Reduction : uint8_t {
  kNone = 0,  ///< One loss per row.
  kSum = 1,   ///< The sum of the losses.
  kMean = 2,  ///< The sum of the losses, divided by the divisor: see
              ///< CrossEntropy.
};

/// How a cross-entropy is taken. The options of PyTorch's cross_entropy have
/// the same meaning and the same default here. The struct holds settings and
/// inputs only, so threads can share it.
struct CrossEntropyOptions {
  /// How the losses of the rows become the result.
  Reduction reduction = Reduction::kMean;
  /// A row with this label does not count: its loss and its gradient are +0,
  /// and its logits are not read. The value may lie inside [0, cols).
  /// Probability targets do not use it.
  int64_t ignore_index = -100;
  /// The share of the target that is spread evenly over all classes, in [0, 1].
  float label_smoothing = 0.0f;
  /// The weights of the classes: cols numbers, finite and >= 0. Null means that
  /// each weight is 1. Not read if there are no rows.
  const float* class_weights = nullptr;
  /// Adds z_loss * logsumexp^2 to the loss of each counted row. Finite and not
  /// negative.
  float z_loss = 0.0f;
  /// Multiplies the logits before anything else. Finite and > 0.
  float scale = 1.0f;
  /// The gradients of the rows' losses, from what the caller computes of them:
  /// an element per row. Used with kNone only. Null means that `upstream` holds
  /// for all rows. Not read without dlogits.
  const float* upstream_rows = nullptr;
  /// Of CrossEntropyAxis alone: from one outer index to the next, in elements
  /// of upstream_rows. 0 means that they have no gaps. It lets a slice of the
  /// inner indices keep the caller's array.
  size_t upstream_stride = 0;
  /// The gradient of the result, from what the caller computes of it; with
  /// kNone that of each row's loss. Used unless upstream_rows is. Not read
  /// without dlogits.
  float upstream = 1.0f;
  /// Whether the result of kMean is 0 if no row counts. Else it is NaN (0 / 0),
  /// as in PyTorch.
  bool zero_if_all_ignored = false;
  /// Whether gradients are added to the elements of dlogits, as training adds
  /// those of several losses. The sum of an element and of its gradient as a
  /// float is rounded to float once; the sum of an element of a half type is
  /// then rounded to its type. The elements of ignored rows do not change.
  /// dlogits is then not the view logits. Not read without dlogits.
  bool accumulate = false;
};

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_OPTIONS_H_
