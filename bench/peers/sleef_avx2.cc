// SPDX-License-Identifier: Apache-2.0
#include "sleef_exp.h"

#include <immintrin.h>
#include <sleef.h>

namespace softlane {
namespace bench {

// The last vector of a row overlaps the one before it.
void SleefExpAvx2(const float* x, float* y, size_t n) {
  const auto exp = [&](size_t i) {
    _mm256_storeu_ps(y + i, Sleef_expf8_u10(_mm256_loadu_ps(x + i)));
  };
  size_t i = 0;
  for (; i + 8 <= n; i += 8) exp(i);
  if (i == n) return;
  if (n >= 8) return exp(n - 8);
  for (; i < n; ++i) y[i] = Sleef_expf_u10(x[i]);
}

}  // namespace bench
}  // namespace softlane
