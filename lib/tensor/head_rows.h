// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_TENSOR_HEAD_ROWS_H_
#define SOFTLANE_LIB_TENSOR_HEAD_ROWS_H_

#include <cstddef>
#include <cstdint>

#include "softlane/attention_heads.h"
#include "softlane/target.h"

// The rows of a call on all heads: their order, and their places in memory.

namespace softlane {
namespace internal {

/// The dimensions of a row's index.
enum HeadDim { kBatchDim, kHeadDim, kQueryDim, kHeadDims };

/// The rows of a tensor [batch, heads, queries, keys].
struct HeadTensor {
  HeadTensor() = default;
  /// `shape` has rank 4. A dimension of size 1 repeats its elements.
  HeadTensor(const void* first, ElementType element_type, size_t bytes,
             const TensorShape& shape);

  /// The stride of dimension d in elements.
  int64_t Elements(int d) const { return strides[d] / element_bytes; }

  unsigned char* data = nullptr;    // null: there is no such tensor
  int64_t strides[kHeadDims] = {};  // in bytes; 0 where there is one index
  int64_t element_bytes = 1;
  ElementType type = ElementType::kFloat32;
};

/// The indices of a row.
struct HeadRow {
  /// The element of column c. Null if there is no such tensor.
  template <typename T>
  T* In(const HeadTensor& tensor, size_t c = 0) const {
    if (tensor.data == nullptr) return nullptr;
    int64_t offset = static_cast<int64_t>(c) * tensor.element_bytes;
    for (int d = 0; d < kHeadDims; ++d) {
      offset += static_cast<int64_t>(at[d]) * tensor.strides[d];
    }
    return static_cast<T*>(static_cast<void*>(tensor.data + offset));
  }

  size_t at[kHeadDims];
};

/// A call with elements, whose arguments have been checked. `target` is what
/// Resolve() gave.
struct HeadsCall {
  explicit HeadsCall(const AttentionHeadsOptions& its_options)
      : options(its_options) {}

  HeadTensor scores, probs, bias, keep;
  HeadTensor logsumexp;  // of one element per row
  size_t sizes[kHeadDims] = {}, keys = 0;
  /// The dimensions from the outermost to the innermost, in the order in which
  /// rows are done. This is the order of probs in memory.
  int order[kHeadDims] = {kBatchDim, kHeadDim, kQueryDim};
  /// Whether an output interleaves with another operand.
  bool interleaves = false;
  const AttentionHeadsOptions& options;
  Target target = Target::kAuto;

  size_t Rows() const { return sizes[0] * sizes[1] * sizes[2]; }
  HeadRow RowAt(size_t r) const;
  /// The next row.
  void Advance(HeadRow& row) const;

  float AlibiSlope(const HeadRow& row) const {
    return ValueOf(options.alibi_slopes, row.at[kHeadDim], 0.0f);
  }
  float BiasScale(const HeadRow& row) const {
    return ValueOf(options.bias_scales, row.at[kHeadDim], 1.0f);
  }
  /// The position of a row's query among the keys.
  int64_t Position(const HeadRow& row) const {
    return options.first_query +
           ValueOf(options.first_queries, row.at[kBatchDim], int64_t{0}) +
           static_cast<int64_t>(row.at[kQueryDim]);
  }
  size_t Length(const HeadRow& row) const {
    if (options.lengths.data == nullptr) return keys;
    return static_cast<size_t>(options.lengths[row.at[kBatchDim]]);
  }
  bool HasAlibi() const;
  /// Whether the factors of the bias are not 1 throughout.
  bool HasBiasScales() const;

  template <typename T>
  static T ValueOf(const HeadValues<T>& values, size_t i, T otherwise) {
    return values.data == nullptr ? otherwise : values[i];
  }
};

/// Sets the sizes, and the order of the dimensions: that of the memory of the
/// probabilities, with dimensions of one index outermost.
void SetRows(const TensorShape& scores, HeadsCall& call);

/// The number of rows at a time if each row has values in an array.
constexpr size_t kHeadRows = 256;

/// The number of rows in a run. A run begins at a multiple of this number, and
/// its rows have one stride in each of the `count` tensors. Tensors without
/// data do not count. If values per head or a query's position change the
/// options, a run ends there.
size_t RowsOfRun(const HeadsCall& call, const HeadTensor* const* tensors,
                 size_t count, bool has_head_values, bool has_positions);
/// The stride of the rows of a run, in elements.
int64_t RunStride(const HeadsCall& call, const HeadTensor& tensor);

/// The values that AttentionOptions has per row, made from values per index of
/// the batch and per head.
class RowValues {
 public:
  /// Room for `rows` rows at a time.
  template <size_t rows>
  struct Room {
    int32_t ends[rows];
    float sinks[rows], logsumexp[rows];
  };
  template <size_t rows>
  RowValues(const HeadsCall& call, Room<rows>& room)
      : ends(room.ends),
        sinks(room.sinks),
        logsumexp(room.logsumexp),
        call_(call) {}

  /// Sets the ends and the sinks of `count` rows from `row` on. The ends do not
  /// mask by causality unless `has_causal`.
  void Set(HeadRow row, size_t count, bool has_causal);
  /// Writes the logsumexps of these rows.
  void WriteLogs(HeadRow row, size_t count) const;

  int32_t* const ends;
  float* const sinks;
  float* const logsumexp;

 private:
  const HeadsCall& call_;
};

/// The view of `count` rows from `row` on, which have one stride.
template <class View>
View RowsFrom(const HeadsCall& call, const HeadTensor& tensor,
              const HeadRow& row, size_t count) {
  const size_t stride =
      count == 1 ? call.keys : static_cast<size_t>(RunStride(call, tensor));
  return View(row.In<void>(tensor), tensor.type, count, call.keys, stride);
}

/// Calls function(context, row, count, options, values) for all rows. Each call
/// gets `count` rows of a run from `row` on, and their options as for a call of
/// rows.
using RunFunction = void(const void* context, const HeadRow& row, size_t count,
                         const AttentionOptions& options, RowValues& values);
void ForRuns(const HeadsCall& call, size_t run, RowValues& values,
             RunFunction& function, const void* context);

/// Does a call by functions of rows, for each matrix, or for several matrices
/// whose rows form one view.
void RunHeadsAsRows(const HeadsCall& call, size_t run);
/// Does a call with rows of several heads together, from logits that are
/// written to memory first. The call has at most kMaxWrittenKeys keys and no
/// window.
void RunWrittenHeads(const HeadsCall& call);
constexpr size_t kMaxWrittenKeys = 4096;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_TENSOR_HEAD_ROWS_H_
