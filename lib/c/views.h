// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_C_VIEWS_H_
#define SOFTLANE_LIB_C_VIEWS_H_

#include <cstddef>

#include "c/convert.h"
#include "softlane/any_planes.h"
#include "softlane/any_rows.h"

// The views of the C twins: pointers, element types and strides.

namespace softlane {
namespace c {

inline ConstAnyRows In(const void* data, int type, size_t rows, size_t cols,
                       size_t stride) noexcept {
  return {data, FromInt<ElementType>(type), rows, cols, stride};
}
inline AnyRows Out(void* data, int type, size_t rows, size_t cols,
                   size_t stride) noexcept {
  return {data, FromInt<ElementType>(type), rows, cols, stride};
}

inline ConstAnyPlanes In(const void* data, int type, size_t outer, size_t axis,
                         size_t inner, size_t outer_stride,
                         size_t axis_stride) noexcept {
  return {
      data,       FromInt<ElementType>(type), outer, axis, inner, outer_stride,
      axis_stride};
}
inline AnyPlanes Out(void* data, int type, size_t outer, size_t axis,
                     size_t inner, size_t outer_stride,
                     size_t axis_stride) noexcept {
  return {
      data,       FromInt<ElementType>(type), outer, axis, inner, outer_stride,
      axis_stride};
}

}  // namespace c
}  // namespace softlane

#endif  // SOFTLANE_LIB_C_VIEWS_H_
