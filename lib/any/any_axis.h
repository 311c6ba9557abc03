// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ANY_ANY_AXIS_H_
#define SOFTLANE_LIB_ANY_ANY_AXIS_H_

#include "schedules/columns.h"
#include "softlane/any_planes.h"
#include "softlane/any_rows.h"
#include "softlane/options.h"
#include "softlane/status.h"
#include "softlane/target.h"

namespace softlane {
namespace internal {

/// What softmax and log-softmax along an axis differ in: the function of
/// floats, that of rows, and that of columns.
struct AxisFunctions {
  Status (*floats)(const Planes<const float>& x, const Planes<float>& y,
                   const SoftmaxOptions& options, Target target) noexcept;
  Status (*rows)(const ConstAnyRows& x, const AnyRows& y,
                 const SoftmaxOptions& options, Target target) noexcept;
  void (*columns)(const Planes<const float>& x, const Planes<float>& y,
                  const SoftmaxOptions& options, Target target,
                  const ColumnTypes* types);
};

/// Planes as TypedMemory takes them.
inline Planes<const float> AddressOf(const ConstAnyPlanes& v) noexcept {
  return {static_cast<const float*>(v.data),
          v.outer,
          v.axis,
          v.inner,
          v.outer_stride,
          v.axis_stride};
}
inline Planes<float> AddressOf(const AnyPlanes& v) noexcept {
  return {static_cast<float*>(v.data),
          v.outer,
          v.axis,
          v.inner,
          v.outer_stride,
          v.axis_stride};
}
/// Planes as rows: see planes_as_rows.h.
template <typename Void>
BasicAnyRows<Void> AsRows(const BasicAnyPlanes<Void>& v) noexcept {
  return BasicAnyRows<Void>(v.data, v.type, v.outer, v.axis, v.outer_stride);
}

/// Checks a call, and does it.
Status RunAnyAxis(const AxisFunctions& functions, const ConstAnyPlanes& x,
                  const AnyPlanes& y, const SoftmaxOptions& options,
                  Target target) noexcept;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ANY_ANY_AXIS_H_
