// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_ATTENTION_HEADS_H_
#define SOFTLANE_ATTENTION_HEADS_H_

#include <cstddef>
#include <cstdint>

#include "softlane/accuracy.h"
#include "softlane/any_rows.h"
#include "softlane/options.h"
#include "softlane/status.h"
#include "softlane/target.h"
#include "softlane/tensor.h"

// Attention's softmax of all heads of a batch in one call. The call computes
// rows of several heads together, so many heads with few short rows do not pay
// the cost of a call each.

namespace softlane {
inline namespace v1 {

/// Values per head, or per index of the batch: value i is `data[i * stride]`. A
/// stride of 0 gives the same value for all. Null data means that there are no
/// values.
template <typename T>
struct HeadValues {
  /// No values.
  constexpr HeadValues() noexcept = default;
  /// A stride of 0 repeats the first value.
  constexpr HeadValues(const T* first, int64_t value_stride = 1) noexcept
      : data(first), stride(value_stride) {}

  /// Value i.
  constexpr T operator[](size_t i) const noexcept {
    return data[static_cast<int64_t>(i) * stride];
  }
  /// The values from `first` on.
  constexpr HeadValues From(int64_t first) const noexcept {
    return data == nullptr ? *this : HeadValues(data + first * stride, stride);
  }

  const T* data = nullptr;  ///< Value 0.
  int64_t stride = 1;       ///< From one value to the next, in elements.
};

/// How attention makes logits z of the scores [batch, heads, queries, keys] of
/// a call. Each head of each index of the batch is a matrix [queries, keys].
/// Its results are those of the function of rows with AttentionOptions, whose
/// members have the same meaning here. The struct holds settings and views
/// only, so threads can share it.
struct AttentionHeadsOptions {
  /// See AttentionOptions. For example, 1 / sqrt(dim).
  float scale = 1.0f;
  /// See AttentionOptions.
  float softcap = 0.0f;
  /// AttentionOptions::alibi_slope, a value per head. Null data means 0.
  HeadValues<float> alibi_slopes = {};
  /// AttentionOptions::bias, a tensor of rank 4 with the sizes of the scores. A
  /// size of 1 or a stride of 0 repeats it along the batch, the heads or the
  /// queries. Null data means no bias.
  ConstAnyTensor bias = {};
  /// AttentionOptions::bias_scale, a value per head. For example, they are the
  /// slopes of ALiBi if the bias holds distances. Null data means 1.
  HeadValues<float> bias_scales = {};
  /// AttentionOptions::keep. Sizes, strides and null data are as for bias.
  Tensor<const uint8_t> keep = {};
  /// All queries of index b of the batch mask the keys from position lengths[b]
  /// on. So padded columns get +0. Each length is in [0, keys]. Null data means
  /// that no key is masked by length.
  HeadValues<int32_t> lengths = {};
  /// See AttentionOptions.
  bool causal = false;
  /// The position of query 0 among the keys. The position of query q of index b
  /// of the batch is first_query + first_queries[b] + q, and it must fit
  /// int64_t.
  int64_t first_query = 0;
  /// A summand of the position of query 0, a value per index of the batch. Null
  /// data means 0.
  HeadValues<int64_t> first_queries = {};
  /// See AttentionOptions.
  int64_t window = 0;
  /// AttentionOptions::sinks, a value per head. Null data means no sinks.
  HeadValues<float> sinks = {};
  /// See AttentionOptions.
  EmptyRow empty_row = EmptyRow::kZero;

  /// The options for indices [first, first + count) of dimension `dim` of the
  /// scores. Dimension 0 is the batch, 1 the heads, and 2 the queries.
  constexpr AttentionHeadsOptions Slice(int dim, int64_t first,
                                        int64_t count) const noexcept {
    AttentionHeadsOptions slice = *this;
    if (dim < 0 || dim > 2) return slice;
    if (bias.sizes[dim] != 1) slice.bias = bias.Slice(dim, first, count);
    if (keep.sizes[dim] != 1) slice.keep = keep.Slice(dim, first, count);
    if (dim == 0) {
      slice.lengths = lengths.From(first);
      slice.first_queries = first_queries.From(first);
    } else if (dim == 1) {
      slice.alibi_slopes = alibi_slopes.From(first);
      slice.bias_scales = bias_scales.From(first);
      slice.sinks = sinks.From(first);
    } else {
      slice.first_query += first;
    }
    return slice;
  }
  /// The options for part i of n parts of a call with these scores; i < n. Of n
  /// threads, thread i takes `scores.Part(i, n, 3)`, the same part of each
  /// other tensor, and `options.Part(scores, i, n)`.
  constexpr AttentionHeadsOptions Part(const TensorShape& scores, size_t i,
                                       size_t n) const noexcept {
    const internal::TensorRange part = internal::RangeOfPart(scores, i, n, 3);
    return Slice(part.dim, part.first, part.count);
  }
};

/// AttentionSoftmax of each head: see attention_softmax.h for the formula,
/// masks, special values, accuracy and overflow. The bits are those of one call
/// per head.
///
/// Shapes: scores and probs are tensors [batch, heads, queries, keys]. The
/// stride of the keys is 1. The other strides may be any numbers: see tensor.h.
/// Types: see any_rows.h. AttentionOptions::bias says which types the bias may
/// have.
/// Masks: at keys that lengths, causal or window exclude, no element is read if
/// all matrices are of floats. With a half type, such elements may be read, but
/// they change nothing.
/// Aliasing: probs may be the view scores. probs overlaps no other operand, but
/// may interleave with it: see softmax_tensor.h. Inputs may overlap each other.
/// Errors: kNullPointer, kBadShape, kOverlap, kBadOption, kTargetUnavailable.
/// If the rank of a tensor is not 4, or the stride of its keys is not 1, the
/// status is kBadShape. It comes before all other errors but those of element
/// types.
Status AttentionSoftmax(const ConstAnyTensor& scores, const AnyTensor& probs,
                        const AttentionHeadsOptions& options = {},
                        Target target = Target::kAuto) noexcept;

/// AttentionSoftmaxWithLogSumExp of each head. logsumexp is a tensor
/// [batch, heads, queries, 1] and overlaps no other operand. All else is as for
/// AttentionSoftmax of all heads.
Status AttentionSoftmaxWithLogSumExp(const ConstAnyTensor& scores,
                                     const AnyTensor& probs,
                                     const Tensor<float>& logsumexp,
                                     const AttentionHeadsOptions& options = {},
                                     Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_ATTENTION_HEADS_H_
