// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_ROWS_H_
#define SOFTLANE_ROWS_H_

#include <cstddef>
#include <type_traits>

// The view of a matrix.

namespace softlane {
namespace internal {

// The index of the first item in part i of n parts of `size` items. The sizes
// of the parts differ by at most one.
constexpr size_t FirstOfPart(size_t size, size_t i, size_t n) noexcept {
  return size / n * i + (i < size % n ? i : size % n);
}

}  // namespace internal

inline namespace v1 {

/// The number of columns in a block. Softmax adds the exp values of a row block
/// by block. If all parts of a row begin at multiples of kStateCols, the
/// results do not depend on how the row was split: see softmax_state.h.
inline constexpr size_t kStateCols = 4096;

/// A view of a matrix whose rows are contiguous: element (r, c) is
/// `data[r * stride + c]`. A view is trivially copyable and owns nothing. It
/// checks nothing; the functions that take a view check it.
///
/// Strides: a stride counts elements. The stride of a view with at most one row
/// is not used and may be any number. An input may have a stride of 0, which
/// repeats its first row. Any other stride is at least cols. A view without
/// elements may have any stride and null data.
///
/// Aliasing: a function says which input an output may replace. For a call in
/// place, pass the same view as this input and as the output, with the same
/// data and the same stride. An output and another operand may also be disjoint
/// column windows of one buffer with equal strides. In all other cases, the
/// memory from the first to the last element of an output must not meet that of
/// another operand, even if no element is shared.
template <typename T>
struct Rows {
  /// A view without rows.
  constexpr Rows() noexcept = default;
  /// `row_stride` counts elements from one row to the next.
  constexpr Rows(T* first, size_t num_rows, size_t num_cols,
                 size_t row_stride) noexcept
      : data(first), rows(num_rows), cols(num_cols), stride(row_stride) {}
  /// Rows without a gap between them: the stride is num_cols.
  constexpr Rows(T* first, size_t num_rows, size_t num_cols) noexcept
      : Rows(first, num_rows, num_cols, num_cols) {}

  /// `Rows<float>` converts to `Rows<const float>`.
  template <typename U, typename = std::enable_if_t<std::is_same_v<const U, T>>>
  constexpr Rows(const Rows<U>& other) noexcept  // NOLINT: implicit by design
      : Rows(other.data, other.rows, other.cols, other.stride) {}

  /// The first element of row r.
  constexpr T* Row(size_t r) const noexcept { return data + r * stride; }

  /// The view of rows [first, first + count), which must exist. To split a call
  /// over threads, give each thread a slice. The bits stay the same.
  constexpr Rows Slice(size_t first, size_t count) const noexcept {
    const bool is_empty = data == nullptr || count == 0;
    return Rows(is_empty ? data : Row(first), count, cols, stride);
  }

  /// The view of part i of n parts of the columns; i < n. The part begins at
  /// column FirstColOfPart(i, n), a multiple of kStateCols, or has no columns.
  /// The sizes of the parts differ by at most kStateCols. With such parts,
  /// functions of rows in parts, such as UpdateStates, give the bits of one
  /// call.
  constexpr Rows PartOfColumns(size_t i, size_t n) const noexcept {
    const size_t first = FirstColOfPart(i, n);
    const bool is_empty = data == nullptr || rows == 0 || first == cols;
    return Rows(is_empty ? data : data + first, rows,
                FirstColOfPart(i + 1, n) - first, stride);
  }
  /// The first column of part i of n parts; i <= n. For i = n it is cols.
  constexpr size_t FirstColOfPart(size_t i, size_t n) const noexcept {
    const size_t blocks = cols / kStateCols + (cols % kStateCols != 0 ? 1 : 0);
    const size_t first = internal::FirstOfPart(blocks, i, n);
    return first == blocks ? cols : first * kStateCols;
  }

  /// The view of part i of n parts of the rows; i < n. The sizes of the parts
  /// differ by at most one row, and a part may have no rows. Of n threads,
  /// thread i takes `logits.Part(i, n)` and `probs.Part(i, n)`.
  constexpr Rows Part(size_t i, size_t n) const noexcept {
    const size_t first = internal::FirstOfPart(rows, i, n);
    return Slice(first, internal::FirstOfPart(rows, i + 1, n) - first);
  }

  T* data = nullptr;  ///< Element (0, 0).
  size_t rows = 0;    ///< The number of rows.
  size_t cols = 0;    ///< The number of elements in a row.
  size_t stride = 0;  ///< From one row to the next, in elements.
};

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_ROWS_H_
