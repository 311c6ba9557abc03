// SPDX-License-Identifier: Apache-2.0
// SLEEF has functions of vectors, not of arrays: the loop is ours, with AVX-512
// (this file alone is compiled for it). 1.0 ULP, as softlane's Exp.
#include <immintrin.h>
#include <sleef.h>

#include "peer.h"

namespace softlane {
namespace bench {
namespace {

bool Run(const Operands& o) {
  for (size_t r = 0; r < o.x.rows; ++r) {
    const float* x = o.x.Row(r);
    float* y = o.y.Row(r);
    size_t i = 0;
    for (; i + 16 <= o.x.cols; i += 16) {
      _mm512_storeu_ps(y + i, Sleef_expf16_u10(_mm512_loadu_ps(x + i)));
    }
    const __mmask16 mask = static_cast<__mmask16>((1u << (o.x.cols - i)) - 1);
    if (mask != 0) {
      _mm512_mask_storeu_ps(
          y + i, mask, Sleef_expf16_u10(_mm512_maskz_loadu_ps(mask, x + i)));
    }
  }
  return true;
}

}  // namespace

std::function<bool()> PrepareSleefExp(const Operands& o) {
  if (!IsAvailable(Target::kAvx512)) return nullptr;
  return [o] { return Run(o); };
}

}  // namespace bench
}  // namespace softlane
