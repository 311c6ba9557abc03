// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_BENCH_THREADS_H_
#define SOFTLANE_BENCH_THREADS_H_

#include <cstddef>

#include "results.h"

// softlane_bench --threads=N: softmax of one long row, and of a few, whose
// columns are split over 1 and N threads, beside one call and beside copies of
// the same size by the same threads.

namespace softlane {
namespace bench {

void RegisterThreads(size_t threads);

void PrintThreads(const Results& results, size_t threads);

}  // namespace bench
}  // namespace softlane

#endif  // SOFTLANE_BENCH_THREADS_H_
