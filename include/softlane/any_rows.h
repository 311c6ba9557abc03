// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_ANY_ROWS_H_
#define SOFTLANE_ANY_ROWS_H_

#include <cstddef>
#include <type_traits>

#include "softlane/rows.h"
#include "softlane/types.h"

// Views whose element type is known at run time. A function that takes such
// views has the name and the contract of the function of floats.
// Results: each result is the result of the function of floats for the inputs
// widened to float, rounded once to the type of the output, to nearest even. A
// result with a magnitude of 65520 or more becomes an infinity as Float16, for
// example a log-probability below -65520. logsumexp, losses, dot products and
// the probabilities of SoftmaxTopK keep their types.
//
// Pairs: all inputs of one call have the same type. An output has the type of
// the inputs, or the output is float, or the inputs are float. BFloat16 and
// Float16 do not go together in one call.
//
// Errors: those of the function of floats. Another pair of types, or a value
// that is no ElementType, is kBadOption. This error comes before all others.
//
// Aliasing: for views of the same type, aliasing is as for floats. An output
// cannot replace an input of another type. But an output and an operand of
// another type may be disjoint column windows of one buffer, if their strides
// have equally many bytes.
//
// Overloads: a call whose arguments fit both functions, such as views in
// braces, calls the function of floats. For this reason some functions of any
// element type are templates.
//
//   BFloat16 logits[64 * 1000];
//   float probs[64 * 1000];
//   Status status = Softmax(Rows<const BFloat16>(logits, 64, 1000),
//                           Rows<float>(probs, 64, 1000));

namespace softlane {
inline namespace v1 {

/// The size of an element of this type, in bytes.
constexpr size_t SizeOf(ElementType type) noexcept {
  return type == ElementType::kFloat32 ? 4 : 2;
}

/// Rows<T> for an element type T that is known at run time. See rows.h for
/// strides, aliasing and empty views. A Rows<T> converts to this type.
template <typename Void>
struct BasicAnyRows {
  /// A view without rows.
  constexpr BasicAnyRows() noexcept = default;
  /// `row_stride` counts elements from one row to the next.
  constexpr BasicAnyRows(Void* first, ElementType element_type, size_t num_rows,
                         size_t num_cols, size_t row_stride) noexcept
      : data(first),
        rows(num_rows),
        cols(num_cols),
        stride(row_stride),
        type(element_type) {}
  /// Rows without a gap between them: the stride is num_cols.
  constexpr BasicAnyRows(Void* first, ElementType element_type, size_t num_rows,
                         size_t num_cols) noexcept
      : BasicAnyRows(first, element_type, num_rows, num_cols, num_cols) {}

  /// `Rows<BFloat16>` converts to AnyRows and ConstAnyRows.
  template <typename T,
            typename = std::enable_if_t<std::is_convertible_v<T*, Void*>>>
  constexpr BasicAnyRows(const Rows<T>& view) noexcept  // NOLINT: by design
      : BasicAnyRows(view.data, kElementType<T>, view.rows, view.cols,
                     view.stride) {}
  /// AnyRows converts to ConstAnyRows.
  template <typename U,
            typename = std::enable_if_t<std::is_same_v<const U, Void>>>
  constexpr BasicAnyRows(
      const BasicAnyRows<U>& view) noexcept  // NOLINT: by design
      : BasicAnyRows(view.data, view.type, view.rows, view.cols, view.stride) {}

  /// The address of element (r, c).
  Void* At(size_t r, size_t c) const noexcept {
    using Byte = std::conditional_t<std::is_const_v<Void>, const unsigned char,
                                    unsigned char>;
    return static_cast<Byte*>(data) + (r * stride + c) * SizeOf(type);
  }

  /// As Rows<T>::Slice.
  BasicAnyRows Slice(size_t first, size_t count) const noexcept {
    const bool is_empty = data == nullptr || count == 0;
    return BasicAnyRows(is_empty ? data : At(first, 0), type, count, cols,
                        stride);
  }
  /// As Rows<T>::Part.
  BasicAnyRows Part(size_t i, size_t n) const noexcept {
    const size_t first = internal::FirstOfPart(rows, i, n);
    return Slice(first, internal::FirstOfPart(rows, i + 1, n) - first);
  }
  /// As Rows<T>::PartOfColumns.
  BasicAnyRows PartOfColumns(size_t i, size_t n) const noexcept {
    const size_t first = FirstColOfPart(i, n);
    const bool is_empty = data == nullptr || rows == 0 || first == cols;
    return BasicAnyRows(is_empty ? data : At(0, first), type, rows,
                        FirstColOfPart(i + 1, n) - first, stride);
  }
  /// As Rows<T>::FirstColOfPart.
  constexpr size_t FirstColOfPart(size_t i, size_t n) const noexcept {
    return Rows<const float>(nullptr, rows, cols, stride).FirstColOfPart(i, n);
  }

  Void* data = nullptr;                      ///< Element (0, 0).
  size_t rows = 0;                           ///< The number of rows.
  size_t cols = 0;                           ///< The elements per row.
  size_t stride = 0;                         ///< From row to row, in elements.
  ElementType type = ElementType::kFloat32;  ///< The type of all elements.
};

/// The view of an output.
using AnyRows = BasicAnyRows<void>;
/// The view of an input.
using ConstAnyRows = BasicAnyRows<const void>;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_ANY_ROWS_H_
