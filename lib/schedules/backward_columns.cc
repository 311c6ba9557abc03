// SPDX-License-Identifier: Apache-2.0
#include "schedules/column_gradients.h"

namespace softlane {
namespace internal {

void RunBackwardColumns(const Planes<const float>& p,
                        const Planes<const float>& dp, const Planes<float>& dx,
                        float scale, Target target, size_t cached,
                        const ColumnTypes* types) {
  RunGradientColumns(KernelsOf(kGradientColumnKernels, target), p, dp, dx,
                     scale, target, cached, types);
}

}  // namespace internal
}  // namespace softlane
