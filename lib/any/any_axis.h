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

/// The functions in which softmax and log-softmax along an axis differ: the
/// function of rows, and the function of columns. logsumexp may be null.
struct AxisFunctions {
  Status (*rows)(const ConstAnyRows& x, const AnyRows& y, float* logsumexp,
                 const SoftmaxOptions& options, Target target);
  void (*columns)(const Planes<const float>& x, const Planes<float>& y,
                  const SoftmaxOptions& options, Target target,
                  const ColumnTypes* types, const Rows<float>* logsumexp);
};

struct AnyAxisCall {
  const ConstAnyPlanes& x;
  const AnyPlanes* y;            // null for logsumexp alone
  const Rows<float>* logsumexp;  // null if it is not wanted
  const SoftmaxOptions& options;
  Target target;
};

/// Planes of any type in the form that TypedMemory takes.
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

/// Checks a call whose types are not all float, and does it.
Status RunAnyAxis(const AxisFunctions& functions,
                  const AnyAxisCall& call) noexcept;

/// The functions in which the backward passes along an axis differ.
struct BackwardAxisFunctions {
  Status (*rows)(const ConstAnyRows& first, const ConstAnyRows& second,
                 const AnyRows& dx, float scale, Target target) noexcept;
  void (*columns)(const Planes<const float>& first,
                  const Planes<const float>& second, const Planes<float>& dx,
                  float scale, Target target, size_t cached,
                  const ColumnTypes* types);
};
Status RunAnyBackwardAxis(const BackwardAxisFunctions& functions,
                          const ConstAnyPlanes& first,
                          const ConstAnyPlanes& second, const AnyPlanes& dx,
                          float scale, Target target) noexcept;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ANY_ANY_AXIS_H_
