// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_PLANES_H_
#define SOFTLANE_PLANES_H_

#include <cstddef>
#include <type_traits>

#include "softlane/rows.h"

// The view of an axis that is not the last.

namespace softlane {
namespace internal {

// The first inner index of part i of n parts: a multiple of 16, or `inner`.
constexpr size_t FirstInnerOfPart(size_t inner, size_t i, size_t n) noexcept {
  const size_t lines = inner / 16 + (inner % 16 == 0 ? 0 : 1);
  const size_t line = FirstOfPart(lines, i, n);
  return line < lines ? line * 16 : inner;
}

}  // namespace internal

inline namespace v1 {

/// A view of a tensor [outer, axis, inner] with contiguous inner elements.
/// Element (o, a, i) is `data[o * outer_stride + a * axis_stride + i]`. For
/// example, an operation along the second dimension of images [N, C, H, W] has
/// outer = N, axis = C and inner = H * W. A view is trivially copyable and owns
/// nothing. It checks nothing; the functions that take a view check it.
///
/// Strides: both strides count elements. axis_stride is at least inner.
/// outer_stride is at least the number of elements of a plane, (axis - 1) *
/// axis_stride + inner. An input may have an outer_stride of 0, which repeats
/// its first plane. The stride of a dimension with at most one index is not
/// used and may be any number. A view without elements may have any strides and
/// null data.
///
/// Aliasing: a function says which input an output may replace. For a call in
/// place, pass the same view as this input and as the output, with the same
/// data and the same strides. In all other cases, the memory from the first to
/// the last element of an output must not meet that of another operand, even if
/// no element is shared. Planes with one axis index count as rows: they may
/// also be disjoint column windows, as rows.h says.
template <typename T>
struct Planes {
  /// A view without elements.
  constexpr Planes() noexcept = default;
  /// The strides count elements from one index to the next.
  constexpr Planes(T* first, size_t num_outer, size_t num_axis,
                   size_t num_inner, size_t stride_of_outer,
                   size_t stride_of_axis) noexcept
      : data(first),
        outer(num_outer),
        axis(num_axis),
        inner(num_inner),
        outer_stride(stride_of_outer),
        axis_stride(stride_of_axis) {}
  /// A tensor without gaps: the strides are num_axis * num_inner and num_inner.
  constexpr Planes(T* first, size_t num_outer, size_t num_axis,
                   size_t num_inner) noexcept
      : Planes(first, num_outer, num_axis, num_inner, num_axis * num_inner,
               num_inner) {}

  /// `Planes<float>` converts to `Planes<const float>`.
  template <typename U, typename = std::enable_if_t<std::is_same_v<const U, T>>>
  constexpr Planes(const Planes<U>& other) noexcept  // NOLINT: implicit
      : Planes(other.data, other.outer, other.axis, other.inner,
               other.outer_stride, other.axis_stride) {}

  /// The view of outer indices [first, first + count), which must exist. To
  /// split a call over threads, give each thread a slice. The bits stay the
  /// same.
  constexpr Planes SliceOuter(size_t first, size_t count) const noexcept {
    const bool is_empty = data == nullptr || count == 0;
    return Planes(is_empty ? data : data + first * outer_stride, count, axis,
                  inner, outer_stride, axis_stride);
  }

  /// The view of inner indices [first, first + count), which must exist. Split
  /// a call over threads by inner indices if there are few outer indices.
  constexpr Planes SliceInner(size_t first, size_t count) const noexcept {
    return Planes(data == nullptr ? data : data + first, outer, axis, count,
                  outer_stride, axis_stride);
  }

  /// The view of part i of n parts of nearly the same size; i < n. If there are
  /// n outer indices or more, the parts divide the outer indices. Otherwise
  /// they divide the inner indices, and each part begins at a multiple of 16. A
  /// part may have no elements. Of n threads, thread i takes part i of each
  /// operand.
  constexpr Planes Part(size_t i, size_t n) const noexcept {
    if (outer >= n) {
      const size_t first = internal::FirstOfPart(outer, i, n);
      return SliceOuter(first, internal::FirstOfPart(outer, i + 1, n) - first);
    }
    const size_t first = internal::FirstInnerOfPart(inner, i, n);
    return SliceInner(first,
                      internal::FirstInnerOfPart(inner, i + 1, n) - first);
  }

  T* data = nullptr;        ///< Element (0, 0, 0).
  size_t outer = 0;         ///< The number of indices before the axis.
  size_t axis = 0;          ///< The number of indices along the axis.
  size_t inner = 0;         ///< The number of indices after the axis.
  size_t outer_stride = 0;  ///< From one outer index to the next, in elements.
  size_t axis_stride = 0;   ///< From one axis index to the next, in elements.
};

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_PLANES_H_
