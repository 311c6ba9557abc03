// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_BENCH_BOUND_H_
#define SOFTLANE_BENCH_BOUND_H_

#include "results.h"

// The distance of a kernel's time from the best that the machine can do. Both
// are measured in one run.

namespace softlane {
namespace bench {

// The shortest time of a copy, ns per element; 0 if none was measured.
double CopyTime(const Results& results, const Shape& shape);

// The measured limits: multiply-adds and exp values per target, and bandwidths
// per footprint.
void PrintLimits(const Plan& plan, const Results& results);

// A row per shape: per target ns per element, its bound, and the fraction of
// the bound that the kernel reaches. A copy is the fastest one.
void PrintBounds(const Plan& plan, const Results& results,
                 const Kernel& kernel);

}  // namespace bench
}  // namespace softlane

#endif  // SOFTLANE_BENCH_BOUND_H_
