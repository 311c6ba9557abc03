// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_SCALED_ROWS_H_
#define SOFTLANE_LIB_SCHEDULES_SCALED_ROWS_H_

#include <cstddef>
#include <cstdint>

#include "arith/plan.h"

// Multiplies the rows of attention's accumulators by a factor per row. The
// products are doubles that are rounded to float once, so a power of two is
// exact. These rows are short and few, so plain C++ for any CPU is fast enough.

namespace softlane {
namespace internal {

/// y[i] = factor * x[i]. y may be x.
void ScaleRow(const float* x, double factor, size_t n, float* y);
/// y[i] = factor * y[i] + from_factor * x[i].
void AddScaledRow(const float* x, double from_factor, double factor, size_t n,
                  float* y);

/// The sum of exp values in double: value i goes to lane i modulo 8.
double SumInLanes(const float* e, size_t n);

/// 2^shift, or the nearest power of two that gives the same floats.
inline double PowerOfShift(int64_t shift) {
  constexpr int64_t kMost = 1000;
  return PowerOfTwo(shift < kMost ? shift : kMost);
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_SCALED_ROWS_H_
