// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_BENCH_TABLES_H_
#define SOFTLANE_BENCH_TABLES_H_

#include "results.h"

namespace softlane {
namespace bench {

// A row per shape: ns per element, GB/s and the speed-up over naive.
void PrintKernel(const Plan& plan, const Results& results,
                 const Kernel& kernel);

// The time of half types, and over that of floats.
void PrintTypes(const Plan& plan, const Results& results, const Kernel& kernel);

// The time of small calls.
void PrintSmallCalls(const Plan& plan, const Results& results);

// Whether an element costs the same in many rows as in few.
void PrintManyRows(const Plan& plan, const Results& results);

// For times.gp: per series a data set of columns and ns per element. The series
// are memcpy, and per kernel the naive loop, the targets, and "peer", the
// fastest peer. Of shapes with the same columns the first is written. False if
// the file cannot be written.
bool WritePlotData(const Plan& plan, const Results& results, const char* path);

// The fastest peer's time over softlane's, per target: a table per kernel, a
// summary of all kernels, and for ratios.gp data sets of columns and ratio.
void PrintRatios(const Plan& plan, const Results& results,
                 const Kernel& kernel);
void PrintRatioSummary(const Plan& plan, const Results& results);
bool WriteRatioData(const Plan& plan, const Results& results, const char* path);

}  // namespace bench
}  // namespace softlane

#endif  // SOFTLANE_BENCH_TABLES_H_
