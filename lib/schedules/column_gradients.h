// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_COLUMN_GRADIENTS_H_
#define SOFTLANE_LIB_SCHEDULES_COLUMN_GRADIENTS_H_

#include "kernels/gradient_columns.h"
#include "schedules/columns.h"

namespace softlane {
namespace internal {

/// A backward function along an axis, by its kernels. `a` and `b` are as in
/// GradientRows. `types` is null if all planes are of floats. For `cached` see
/// PlanSoftmax.
void RunGradientColumns(const GradientColumnKernels& kernels,
                        const Planes<const float>& a,
                        const Planes<const float>& b, const Planes<float>& dx,
                        float scale, Target target, size_t cached,
                        const ColumnTypes* types);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_COLUMN_GRADIENTS_H_
