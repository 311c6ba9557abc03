// SPDX-License-Identifier: Apache-2.0
#include "kernels/log_gradient_columns.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/log_gradient_columns.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/sum-inl.h"
#include "kernels/column_vectors-inl.h"
#include "kernels/log_gradients-inl.h"
#include "kernels/sse2_log_gradients-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::Tile;

// The factors of exp(log p). The sum of -0 alone is +0, as of a row's.
HWY_INLINE void FindFactors(const Tile& tile, size_t cols, float* factors) {
  for (size_t c = 0; c < cols; ++c) {
    factors[c] = static_cast<float>((tile.sums[c] + 0.0) * kOverSoftmaxFactor);
  }
}

#ifdef SOFTLANE_SSE2

void WriteGradients(float* log_p, float* d, float scale, const Tile& tile,
                    const ColumnsOut& out) {
  HWY_ALIGN float factors[internal::kMaxTileLanes + 4];
  const size_t width = tile.width;
  FindFactors(tile, width, factors);
  _mm_storeu_ps(factors + width, _mm_setzero_ps());
  ExpOfLogs(log_p, out.n * width, log_p);
  for (size_t c = 0; c < out.cols; c += 4) {
    const size_t count = HWY_MIN(4, out.cols - c);
    const WideLogGradients gradients(_mm_load_ps(factors + c), scale);
    HWY_ALIGN float last[4];
    for (size_t k = 0; k < out.n; ++k) {
      const size_t at = k * width + c;
      float* const to = out.to + k * out.stride + c;
      if (count == 4) {
        gradients.WriteFour(log_p + at, d + at, to);
        continue;
      }
      gradients.WriteFour(log_p + at, d + at, last);
      StoreSome4(to, _mm_load_ps(last), count);
    }
  }
}

#else

void WriteGradients(float* log_p, float* d, float scale, const Tile& tile,
                    const ColumnsOut& out) {
  HWY_ALIGN float factors[internal::kMaxTileLanes];
  FindFactors(tile, tile.width, factors);
  const SoftmaxExp exp = ExpOfLogs();
  WriteColumns(log_p, tile.width, out, [&](size_t i) HWY_ATTR {
    return [log_p, d, exp, sum = Load(factors + i),
            all = Set(scale)](const auto& of) HWY_ATTR {
      return Map([&](VF p, VF d)
                     HWY_ATTR { return hn::Mul(all, Fnma(p, sum, d)); },
                 exp(of(log_p)), of(d));
    };
  });
}

#endif  // SOFTLANE_SSE2

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<LogGradientColumns> kLogGradientColumns =
    SOFTLANE_KERNEL_TABLE(WriteGradients);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
