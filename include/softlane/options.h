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

/// The result of a row whose logits are all -inf.
enum class EmptyRow : uint8_t {
  /// NaN, which is the value of the formula (torch.softmax).
  kNan = 0,
  /// Probabilities of +0, because there is nothing to attend to (masked
  /// softmax, ONNX Attention). Log-probabilities are -inf.
  kZero = 1,
};

/// The options of softmax. The struct holds settings only, so threads can share
/// it.
struct SoftmaxOptions {
  /// The factor of the logits, 1 / temperature. Finite and > 0.
  float scale = 1.0f;
  /// The result of a row whose logits are all -inf.
  EmptyRow empty_row = EmptyRow::kNan;
};

/// The largest k of SoftmaxTopK.
inline constexpr size_t kMaxTopK = 64;

/// The options of SoftmaxTopK. The struct holds settings only, so threads can
/// share it.
struct SoftmaxTopKOptions {
  /// The factor of the logits, 1 / temperature. Finite and > 0.
  float scale = 1.0f;
  /// Whether the k probabilities are divided by their sum.
  bool renormalize = false;
  /// The result of a row whose logits are all -inf.
  EmptyRow empty_row = EmptyRow::kNan;
};

/// How attention makes a logit z of each score, masks keys, and adds a sink to
/// the sum. Row r of the scores belongs to a query; column c belongs to the key
/// at position c. Every member is optional. The steps from the score to z are
/// applied in the order of the members. The struct holds settings and views
/// only, so threads can share it.
struct AttentionOptions {
  /// z = scale * score. scale is finite and > 0.
  float scale = 1.0f;
  /// z = softcap * tanh(z / softcap), as in Gemma 2. softcap is finite and not
  /// negative; 0 means no softcap.
  float softcap = 0.0f;
  /// ALiBi: z = z - alibi_slope * |first_query + r - c|, the slope times the
  /// distance from the query to the key. alibi_slope is finite. It needs
  /// first_query, too. A distance up to 2^24 is an exact float. A larger
  /// distance is rounded to the nearest float first.
  float alibi_slope = 0.0f;
  /// The factor of the bias. For example, it is the slope of ALiBi if the bias
  /// holds distances. Finite and > 0.
  float bias_scale = 1.0f;
  /// The additive mask: z = z + bias_scale * bias[r, c]. The product and the
  /// sum are rounded together, once. bias has the shape of the scores. A stride
  /// of 0 repeats its first row. Null data means no bias. The elements of the
  /// bias are floats or of a half type. If another matrix of the call has a
  /// half type, the bias has the same half type or is float. A
  /// Rows<const float> converts to this type.
  ConstAnyRows bias = {};
  /// A key is masked where keep[r, c] is 0. Shape, stride and null data are as
  /// for bias.
  Rows<const uint8_t> keep = {};
  /// Row r masks the keys from position lengths[r] on. lengths has an element
  /// in [0, cols] for each row. Null means that no key is masked by length.
  const int32_t* lengths = nullptr;
  /// Masks the keys after the query's own position, first_query + r.
  bool causal = false;
  /// The position among the keys of the query of row 0. alibi_slope, causal and
  /// window use it. Any number.
  int64_t first_query = 0;
  /// Sliding window: masks the keys at positions up to first_query + r -
  /// window. window is >= 0; 0 means no window.
  int64_t window = 0;
  /// Attention sinks, as in gpt-oss: sinks[r] is one more logit of row r. It
  /// joins the row's sum and has no probability. It is not scaled. A sink of
  /// -inf is the same as no sink. A sink of NaN or +inf acts like the same z of
  /// an unmasked key. Null means no sinks.
  const float* sinks = nullptr;
  /// The result, +0 or NaN, of an empty row. A row is empty if it has no sink
  /// and all its keys are masked. A key with z = -inf counts as masked here.
  EmptyRow empty_row = EmptyRow::kZero;
};

/// How the losses of the rows become the result.
enum class Reduction : uint8_t {
  kNone = 0,  ///< One loss per row.
  kSum = 1,   ///< The sum of the losses.
  kMean = 2,  ///< The sum of the losses, divided by the divisor: see
              ///< CrossEntropy.
};

/// The options of cross-entropy. The options of PyTorch's cross_entropy have
/// the same meaning and the same default here. The struct holds settings and
/// inputs only, so threads can share it.
struct CrossEntropyOptions {
  /// How the losses of the rows become the result.
  Reduction reduction = Reduction::kMean;
  /// A row with this label does not count: its loss and its gradient are +0,
  /// and its logits are not read. The value may lie inside [0, cols). With
  /// probability targets it is not used.
  int64_t ignore_index = -100;
  /// The fraction of the target that is spread evenly over all classes. In
  /// [0, 1].
  float label_smoothing = 0.0f;
  /// The weights of the classes: cols numbers, finite and >= 0. Null means that
  /// each weight is 1. Not read if there are no rows.
  const float* class_weights = nullptr;
  /// Adds z_loss * logsumexp^2 to the loss of each counted row. Finite and not
  /// negative.
  float z_loss = 0.0f;
  /// Multiplies the logits before anything else. Finite and > 0.
  float scale = 1.0f;
  /// upstream_rows[r] is the derivative of the caller's objective with respect
  /// to the loss of row r. Used with kNone only. Null means that `upstream`
  /// holds for all rows. Not read without dlogits.
  const float* upstream_rows = nullptr;
  /// For CrossEntropyAxis alone: the stride of upstream_rows from one outer
  /// index to the next, in elements. 0 means that upstream_rows has no gaps.
  /// With a stride, a slice of the inner indices can use the array of the whole
  /// call.
  size_t upstream_stride = 0;
  /// The derivative of the caller's objective with respect to the result. With
  /// kNone, it is the derivative with respect to each row's loss. Not used if
  /// upstream_rows is used. Not read without dlogits.
  float upstream = 1.0f;
  /// Whether the result of kMean is 0 if no row counts. If false, that result
  /// is NaN (0 / 0), as in PyTorch.
  bool zero_if_all_ignored = false;
  /// Whether gradients are added to the elements of dlogits, for example to sum
  /// the gradients of several losses. A gradient is first a float. The sum of
  /// the gradient and the element is rounded to float once. If dlogits is of a
  /// half type, this sum is then rounded to the half type. The elements of
  /// ignored rows do not change. dlogits must not be the view logits then. Not
  /// read without dlogits.
  bool accumulate = false;
};

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_OPTIONS_H_
