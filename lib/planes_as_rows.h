// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_PLANES_AS_ROWS_H_
#define SOFTLANE_LIB_PLANES_AS_ROWS_H_

#include "one_column.h"
#include "softlane/planes.h"
#include "softlane/rows.h"

// Planes as rows, if their axis is the last dimension.

namespace softlane {
namespace internal {

template <class View>
bool IsEmpty(const View& v) noexcept {
  return v.outer == 0 || v.axis == 0 || v.inner == 0;
}

/// Whether the axis is the last dimension, so that inner is 1.
template <class View>
bool IsRows(const View& v) noexcept {
  return v.inner == 1 && (v.axis <= 1 || v.axis_stride == 1);
}

template <typename T>
Rows<T> AsRows(const Planes<T>& v) noexcept {
  return Rows<T>(v.data, v.outer, v.axis, v.outer_stride);
}

/// MapOneColumn for planes whose axis has one element.
inline void MapAxisOfOne(const Planes<const float>& x, const Planes<float>& y,
                         float if_finite, float if_masked) noexcept {
  for (size_t o = 0; o < x.outer; ++o) {
    MapOneColumn(Rows<const float>(x.data + o * x.outer_stride, x.inner, 1),
                 Rows<float>(y.data + o * y.outer_stride, y.inner, 1),
                 if_finite, if_masked);
  }
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_PLANES_AS_ROWS_H_
