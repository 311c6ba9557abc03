// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_BENCH_CASES_H_
#define SOFTLANE_BENCH_CASES_H_

#include "results.h"

namespace softlane {
namespace bench {

// Registers the cases of the plan, the machine's limits among them: all are
// timed in one interleaved run.
void RegisterCases(const Plan& plan);

}  // namespace bench
}  // namespace softlane

#endif  // SOFTLANE_BENCH_CASES_H_
