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

// Attention's softmax of all heads of a batch in one call. Rows of several
// heads are done together, so many short rows take the time of a long call.

namespace softlane {
inline namespace v1 {

/// Adjacent values in memory, or a single value for all: element i is
/// `data[i * stride]`. Null data means that there are none.
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
/// a call. Each head of each index of the batch is a matrix [queries, keys],
/// whose results are those of the function of rows with AttentionOptions. A
/// member that is not described here is that of AttentionOptions. The struct
/// holds settings and views only, so threads can share it.
struct AttentionHeadsOptions {
  /// 1 / sqrt(dim), for example.
  float scale = 1.0f;
  /// See AttentionOptions.
  float softcap = 0.0f;
  /// AttentionOptions::alibi_slope, a value per head. Null data means 0.
  HeadValues<float> alibi_slopes = {};
  /// AttentionOptions::bias, a tensor of rank 4 with the sizes of the scores. A
  /// size of 1 or a stride of 0 repeats it along the batch, the heads or the
  /// queries. Null data means no bias.
  ConstAnyTensor bias = {};
  /// AttentionOptions::bias_scale, a value per head: ALiBi as a bias of
  /// distances, for example. Null data means 1.
  HeadValues<float> bias_scales = {};
  /// AttentionOptions::keep. Sizes, strides and null data are as for bias.
  Tensor<const uint8_t> keep = {};
  /// All queries mask the keys from position lengths[b] on, a value per index
  /// of the batch in [0, keys]. So padded columns get +0. Null data means all
  /// keys.
  HeadValues<int32_t> lengths = {};
  /// See AttentionOptions.
  bool causal = false;
  /// The position of query 0 among the keys. The position of query q of index b
  /// of the batch is first_query + first_queries[b] + q, which must be a number
  /// of type int64_t.
  int64_t first_query = 0;
  /// A value per index of the batch. Null data means 0.
  HeadValues<int64_t> first_queries = {};
  /// See AttentionOptions.
  int64_t window = 0;
  /// AttentionOptions::sinks, a value per head. Null data means no sinks.
  HeadValues<float> sinks = {};
  /// See AttentionOptions.
  EmptyRow empty_row = EmptyRow::kZero;

  /// The options of indices [first, first + count) of dimension `dim` of the
  /// scores: 0 is the batch, 1 are the heads, 2 are the queries.
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
  /// The options of part i of n parts of a call with such scores; i < n. Of n
  /// threads, thread i takes `scores.Part(i, n, 3)`, the same part of each
  /// other tensor, and `options.Part(scores, i, n)`.
  constexpr AttentionHeadsOptions Part(const TensorShape& scores, size_t i,
                                       size_t n) const noexcept {
    const internal::TensorRange part = internal::RangeOfPart(scores, i, n, 3);
    return Slice(part.dim, part.first, part.count);
  }
};

/// AttentionSoftmax of each head: see attention_softmax.h for the formula,
/// masks, special values, accuracy and overflow. The bits are those of a call
/// per head.
///
/// Shapes: scores and probs are tensors [batch, heads, queries, keys]. The keys
/// of a query have stride 1; the other strides may be any numbers: see
/// tensor.h.
/// Types: see any_rows.h. options.bias is float, or of a half type, which is
/// that of scores or probs if one of them is of a half type. Scores and masks
/// that lengths, causal and window exclude are not read, unless a matrix is of
/// a half type; then they may be read, but change nothing.
/// Aliasing: probs may be the view scores. It overlaps no other operand, but
/// may interleave with it: see softmax_tensor.h. Inputs may overlap.
/// Errors: kNullPointer, kBadShape, kOverlap, kBadOption, kTargetUnavailable. A
/// tensor whose rank is not 4, or whose keys do not have stride 1, is
/// kBadShape, and is found before all other errors but those of types.
Status AttentionSoftmax(const ConstAnyTensor& scores, const AnyTensor& probs,
                        const AttentionHeadsOptions& options = {},
                        Target target = Target::kAuto) noexcept;

/// The same, and logsumexp, a tensor [batch, heads, queries, 1], as
/// AttentionSoftmaxWithLogSumExp. It overlaps no other operand.
Status AttentionSoftmaxWithLogSumExp(const ConstAnyTensor& scores,
                                     const AnyTensor& probs,
                                     const Tensor<float>& logsumexp,
                                     const AttentionHeadsOptions& options = {},
                                     Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_ATTENTION_HEADS_H_
