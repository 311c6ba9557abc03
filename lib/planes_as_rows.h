// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_PLANES_AS_ROWS_H_
#define SOFTLANE_LIB_PLANES_AS_ROWS_H_

#include "softlane/planes.h"
#include "softlane/rows.h"

// Planes as rows, if their axis is the last dimension.

namespace softlane {
namespace internal {

template <typename T>
bool IsEmpty(const Planes<T>& v) noexcept {
  return v.outer == 0 || v.axis == 0 || v.inner == 0;
}

/// Whether the axis is the last dimension, so that inner is 1.
template <typename T>
bool IsRows(const Planes<T>& v) noexcept {
  return v.inner == 1 && (v.axis <= 1 || v.axis_stride == 1);
}

template <typename T>
Rows<T> AsRows(const Planes<T>& v) noexcept {
  return Rows<T>(v.data, v.outer, v.axis, v.outer_stride);
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_PLANES_AS_ROWS_H_
