// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_CROSS_ENTROPY_COLUMNS_H_
#define SOFTLANE_LIB_SCHEDULES_CROSS_ENTROPY_COLUMNS_H_

#include "schedules/columns.h"
#include "schedules/cross_entropy_rows.h"
#include "softlane/planes.h"
#include "softlane/target.h"

// Cross-entropy along an axis: a row of CrossEntropyCall is a column of planes.

namespace softlane {
namespace internal {

/// The operands of a call that are planes.
struct LossPlanes {
  const Planes<const float>& x;
  const Planes<const float>* targets;  // null with labels
  const Planes<float>& dx;             // without data: no gradient
  const ColumnTypes* types;            // null if all are of floats
};

/// The views of a call of planes. If the axis has elements, they get data and
/// strides when columns have been transposed.
struct ColumnViews {
  explicit ColumnViews(const LossPlanes& planes) noexcept
      : x(nullptr, 0, planes.x.axis),
        targets(x),
        dx(planes.dx.data, 0, x.cols) {}

  void SetRows(size_t rows) { x.rows = targets.rows = dx.rows = rows; }

  Rows<const float> x, targets;
  Rows<float> dx;
};

/// Computes the losses and gradients of a call in the order (outer, inner).
void RunCrossEntropyColumns(const LossPlanes& planes, ColumnViews& views,
                            const CrossEntropyCall& call, Target target);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_CROSS_ENTROPY_COLUMNS_H_
