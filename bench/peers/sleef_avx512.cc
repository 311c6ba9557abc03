// SPDX-License-Identifier: Apache-2.0
#include "sleef_exp.h"

#include <immintrin.h>
#include <sleef.h>

namespace softlane {
namespace bench {

void SleefExpAvx512(const float* x, float* y, size_t n) {
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    _mm512_storeu_ps(y + i, Sleef_expf16_u10(_mm512_loadu_ps(x + i)));
  }
  const __mmask16 mask = static_cast<__mmask16>((1u << (n - i)) - 1);
  if (mask == 0) return;
  _mm512_mask_storeu_ps(y + i, mask,
                        Sleef_expf16_u10(_mm512_maskz_loadu_ps(mask, x + i)));
}

}  // namespace bench
}  // namespace softlane
