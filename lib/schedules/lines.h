// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_LINES_H_
#define SOFTLANE_LIB_SCHEDULES_LINES_H_

#include <cstddef>
#include <type_traits>

#include "softlane/any_rows.h"

namespace softlane {
namespace internal {

struct LineCopies;

/// Rows of any type whose elements may have any stride. Rows convert to this
/// type. Strides of lines count modulo 2^64, so a stride may stand for a
/// negative number.
template <typename Void>
struct BasicLines : BasicAnyRows<Void> {
  constexpr BasicLines() noexcept = default;
  constexpr BasicLines(
      const BasicAnyRows<Void>& rows) noexcept  // NOLINT: by design
      : BasicAnyRows<Void>(rows) {}
  /// Lines convert to ConstLines.
  template <typename U,
            typename = std::enable_if_t<std::is_same_v<const U, Void>>>
  constexpr explicit BasicLines(const BasicLines<U>& lines) noexcept
      : BasicAnyRows<Void>(lines),
        copies(lines.copies),
        col_stride(lines.col_stride) {}

  /// Element (r, c).
  Void* At(size_t r, size_t c) const noexcept {
    using Byte = std::conditional_t<std::is_const_v<Void>, const unsigned char,
                                    unsigned char>;
    const size_t elements = r * this->stride + c * col_stride;
    return static_cast<Byte*>(this->data) +
           static_cast<ptrdiff_t>(elements * SizeOf(this->type));
  }

  /// Whether the rows must be copied, because no function takes them in place.
  bool IsCopied() const noexcept { return copies != nullptr; }

  /// The functions that copy the rows. A pointer, so that a program without
  /// tensors does not link these functions.
  const LineCopies* copies = nullptr;
  size_t col_stride = 1;  ///< From one column to the next, in elements.
};

/// Some of the lines, which have data.
template <class AnyLines>
AnyLines LinesFrom(const AnyLines& lines, size_t first, size_t count) noexcept {
  AnyLines slice = lines;
  slice.data = lines.At(first, 0);
  slice.rows = count;
  return slice;
}

using Lines = BasicLines<void>;
using ConstLines = BasicLines<const void>;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_LINES_H_
