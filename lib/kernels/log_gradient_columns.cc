// SPDX-License-Identifier: Apache-2.0
#include "kernels/gradient_columns.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/log_gradient_columns.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "kernels/gradient_columns-inl.h"
#include "kernels/log_gradients-inl.h"
#include "kernels/sse2_log_gradients-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::GradientColumnKernels;

struct TermsOfRows {
  HWY_INLINE TermsOfRows From(size_t k) const {
    return {d + k * stride, stride};
  }
  HWY_INLINE VF Row(size_t k, size_t i) const {
    return Load(d + k * stride + i);
  }

  const float* d;
  size_t stride;
};

void Sum(const GradientRows& rows, bool is_first, bool is_last,
         ColumnSums& sums) {
  SumColumns(TermsOfRows{rows.b, rows.b_stride}, rows, is_first, is_last,
             kOverSoftmaxFactor, sums);
}

#ifdef SOFTLANE_SSE2

void Write(const GradientRows& rows, float scale, const ColumnSums& sums,
           float* to, size_t to_stride, bool) {
  const size_t n = rows.cols;
  HWY_ALIGN float p[internal::kMaxShortCols + 4];
  const float* log_p = rows.a;
  const float* d = rows.b;
  for (size_t left = rows.n;;) {
    ExpOfLogs(log_p, n, p);
    for (size_t i = 0; i < n; i += 4) {
      WideLogGradients(_mm_loadu_ps(sums.factors + i), scale)
          .Write(p + i, d + i, to + i, HWY_MIN(size_t{4}, n - i));
    }
    // A single row may have any stride, so no pointer behind it is computed.
    if (--left == 0) return;
    log_p += rows.a_stride;
    d += rows.b_stride;
    to += to_stride;
  }
}

#else

void Write(const GradientRows& rows, float scale, const ColumnSums& sums,
           float* to, size_t to_stride, bool is_streamed) {
  const VF all = Set(scale);
  const SoftmaxExp exp = ExpOfLogs();
  WriteColumns(
      [&](const auto& log_p, const auto& d, const auto& sum) HWY_ATTR {
        return Map([&](VF p, VF d, VF sum)
                       HWY_ATTR { return hn::Mul(all, Fnma(p, sum, d)); },
                   exp(log_p), d, sum);
      },
      rows, sums, to, to_stride, is_streamed);
}

#endif  // SOFTLANE_SSE2

constexpr GradientColumnKernels kKernels = {&Sum, &Write};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const GradientColumnKernels> kLogGradientColumnKernels =
    SOFTLANE_KERNEL_TABLE(kKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
