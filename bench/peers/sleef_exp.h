// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_BENCH_PEERS_SLEEF_EXP_H_
#define SOFTLANE_BENCH_PEERS_SLEEF_EXP_H_

#include <cstddef>

// SLEEF has functions of vectors, not of arrays: the loops are ours. 1.0 ULP,
// as softlane's Exp. Each loop is in a file that is compiled for its
// instruction set, so the loops take nothing but pointers and share no inline
// function.

namespace softlane {
namespace bench {

// y[i] = exp(x[i]). x and y do not overlap.
void SleefExpAvx2(const float* x, float* y, size_t n);
void SleefExpAvx512(const float* x, float* y, size_t n);

}  // namespace bench
}  // namespace softlane

#endif  // SOFTLANE_BENCH_PEERS_SLEEF_EXP_H_
