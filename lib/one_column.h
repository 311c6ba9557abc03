// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ONE_COLUMN_H_
#define SOFTLANE_LIB_ONE_COLUMN_H_

#include "softlane/rows.h"

// Rows of one column, for all targets. The probability of a finite logit is 1.

namespace softlane {
namespace internal {

/// y[r] = `if_finite` where the logit x[r] is finite, `if_masked` where it is
/// -inf, and NaN elsewhere. Only bits are compared, so the call needs no
/// FpEnvironment.
void MapOneColumn(const Rows<const float>& x, const Rows<float>& y,
                  float if_finite, float if_masked) noexcept;

/// The logsumexp of each row: scale * x, or x if x is not finite.
void LogSumExpOfOneColumn(const Rows<const float>& x, float* logsumexp,
                          float scale) noexcept;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ONE_COLUMN_H_
