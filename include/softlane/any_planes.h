// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_ANY_PLANES_H_
#define SOFTLANE_ANY_PLANES_H_

#include <cstddef>
#include <type_traits>

#include "softlane/any_rows.h"
#include "softlane/planes.h"
#include "softlane/types.h"

// Views of planes whose element type is known at run time.

namespace softlane {
inline namespace v1 {

/// Planes<T> for an element type T that is known at run time. See planes.h for
/// strides, aliasing and empty views, and any_rows.h for the types of a call. A
/// Planes<T> converts to this type.
template <typename Void>
struct BasicAnyPlanes {
  /// A view without elements.
  constexpr BasicAnyPlanes() noexcept = default;
  /// The strides count elements from one index to the next.
  constexpr BasicAnyPlanes(Void* first, ElementType element_type,
                           size_t num_outer, size_t num_axis, size_t num_inner,
                           size_t stride_of_outer,
                           size_t stride_of_axis) noexcept
      : data(first),
        outer(num_outer),
        axis(num_axis),
        inner(num_inner),
        outer_stride(stride_of_outer),
        axis_stride(stride_of_axis),
        type(element_type) {}
  /// A tensor without gaps: the strides are num_axis * num_inner and num_inner.
  constexpr BasicAnyPlanes(Void* first, ElementType element_type,
                           size_t num_outer, size_t num_axis,
                           size_t num_inner) noexcept
      : BasicAnyPlanes(first, element_type, num_outer, num_axis, num_inner,
                       num_axis * num_inner, num_inner) {}

  /// `Planes<BFloat16>` converts to AnyPlanes and ConstAnyPlanes.
  template <typename T,
            typename = std::enable_if_t<std::is_convertible_v<T*, Void*>>>
  constexpr BasicAnyPlanes(const Planes<T>& view) noexcept  // NOLINT: by design
      : BasicAnyPlanes(view.data, kElementType<T>, view.outer, view.axis,
                       view.inner, view.outer_stride, view.axis_stride) {}
  /// AnyPlanes converts to ConstAnyPlanes.
  template <typename U,
            typename = std::enable_if_t<std::is_same_v<const U, Void>>>
  constexpr BasicAnyPlanes(
      const BasicAnyPlanes<U>& view) noexcept  // NOLINT: by design
      : BasicAnyPlanes(view.data, view.type, view.outer, view.axis, view.inner,
                       view.outer_stride, view.axis_stride) {}

  /// The address of element (o, a, i).
  Void* At(size_t o, size_t a, size_t i) const noexcept {
    using Byte = std::conditional_t<std::is_const_v<Void>, const unsigned char,
                                    unsigned char>;
    return static_cast<Byte*>(data) +
           (o * outer_stride + a * axis_stride + i) * SizeOf(type);
  }

  /// As Planes<T>::SliceOuter.
  BasicAnyPlanes SliceOuter(size_t first, size_t count) const noexcept {
    const bool is_empty = data == nullptr || count == 0;
    return BasicAnyPlanes(is_empty ? data : At(first, 0, 0), type, count, axis,
                          inner, outer_stride, axis_stride);
  }
  /// As Planes<T>::SliceInner.
  BasicAnyPlanes SliceInner(size_t first, size_t count) const noexcept {
    return BasicAnyPlanes(data == nullptr ? data : At(0, 0, first), type, outer,
                          axis, count, outer_stride, axis_stride);
  }
  /// As Planes<T>::Part.
  BasicAnyPlanes Part(size_t i, size_t n) const noexcept {
    if (outer >= n) {
      const size_t first = internal::FirstOfPart(outer, i, n);
      return SliceOuter(first, internal::FirstOfPart(outer, i + 1, n) - first);
    }
    const size_t first = internal::FirstInnerOfPart(inner, i, n);
    return SliceInner(first,
                      internal::FirstInnerOfPart(inner, i + 1, n) - first);
  }

  Void* data = nullptr;     ///< Element (0, 0, 0).
  size_t outer = 0;         ///< The number of indices before the axis.
  size_t axis = 0;          ///< The number of indices along the axis.
  size_t inner = 0;         ///< The number of indices after the axis.
  size_t outer_stride = 0;  ///< From one outer index to the next, in elements.
  size_t axis_stride = 0;   ///< From one axis index to the next, in elements.
  ElementType type = ElementType::kFloat32;  ///< The type of all elements.
};

/// The view of an output.
using AnyPlanes = BasicAnyPlanes<void>;
/// The view of an input.
using ConstAnyPlanes = BasicAnyPlanes<const void>;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_ANY_PLANES_H_
