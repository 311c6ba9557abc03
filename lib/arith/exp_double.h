// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ARITH_EXP_DOUBLE_H_
#define SOFTLANE_LIB_ARITH_EXP_DOUBLE_H_

#include <cstdint>
#include <limits>

#include "arith/plan.h"

// The exponential of a double, for one number of a row: plain C++ with the same
// bits on all targets.

namespace softlane {
namespace internal {

/// exp(x) to a relative error of 2^-42. 0 below exp(-708), and +inf above
/// exp(709): beyond what floats hold in a product with other floats.
inline double ExpInDouble(double x) {
  if (!(x <= 709.0)) {
    return x != x ? x : std::numeric_limits<double>::infinity();
  }
  if (x < -708.0) return 0.0;
  // 2^(j / 8).
  constexpr double kPowers[8] = {1.0,
                                 0x1.172b83c7d517bp+0,
                                 0x1.306fe0a31b715p+0,
                                 0x1.4bfdad5362a27p+0,
                                 0x1.6a09e667f3bcdp+0,
                                 0x1.8ace5422aa0dbp+0,
                                 0x1.ae89f995ad3adp+0,
                                 0x1.d5818dcfba487p+0};
  // ln(2) / 8 in two parts. The product of the first and a number of eighths is
  // exact.
  constexpr double kHigh = 0x1.62e42feep-4, kLow = 0x1.a39ef35793c76p-36;
  const double eighths = RoundToInteger(x * (8.0 * kLog2E));
  const double rest = (x - eighths * kHigh) - eighths * kLow;
  // The series up to rest^6 / 6!; |rest| is at most 0.0434.
  const double square = rest * rest;
  const double fourth = rest * (1.0 / 120.0) + (1.0 / 24.0);
  const double last = square * (1.0 / 720.0) + fourth;
  const double second = rest * (1.0 / 6.0) + 0.5;
  const double power = (1.0 + rest) + square * (second + square * last);
  const auto k = static_cast<int64_t>(eighths);
  return power * kPowers[k & 7] * PowerOfTwo(k >> 3);
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ARITH_EXP_DOUBLE_H_
