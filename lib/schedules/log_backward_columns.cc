// SPDX-License-Identifier: Apache-2.0
#include "schedules/column_gradients.h"

namespace softlane {
namespace internal {

void RunLogBackwardColumns(const Planes<const float>& log_p,
                           const Planes<const float>& d,
                           const Planes<float>& dx, float scale, Target target,
                           size_t cached, const ColumnTypes* types) {
  RunGradientColumns(KernelsOf(kLogGradientColumnKernels, target), log_p, d, dx,
                     scale, target, cached, types);
}

}  // namespace internal
}  // namespace softlane
