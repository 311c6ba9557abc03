// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ANY_HALF_GRADIENT_ROWS_H_
#define SOFTLANE_LIB_ANY_HALF_GRADIENT_ROWS_H_

#include <cstddef>

#include "any/joint_chunks.h"
#include "kernels/half_gradients.h"
#include "schedules/lines.h"
#include "softlane/any_rows.h"
#include "softlane/target.h"

// Gradients in rows of halves that are converted in registers.

namespace softlane {
namespace internal {

struct HalfGradientsCall {
  const ConstLines& p;
  const ConstLines& dp;
  const Lines& dx;
  float scale;
  Target target;
};

/// Does the call, or gives false if such rows are done in chunks.
bool RunHalfGradientRows(const HalfGradientsCall& call,
                         const JointChunks& chunks, bool is_log);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ANY_HALF_GRADIENT_ROWS_H_
