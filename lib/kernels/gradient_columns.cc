// SPDX-License-Identifier: Apache-2.0
#include "kernels/gradient_columns.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gradient_columns.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "kernels/gradient_columns-inl.h"
#include "kernels/softmax_backward_row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::GradientColumnKernels;

// The products p * dp.
struct ProductsOfRows {
  HWY_INLINE ProductsOfRows From(size_t k) const {
    return {p + k * p_stride, dp + k * dp_stride, p_stride, dp_stride};
  }
  HWY_INLINE VF Row(size_t k, size_t i) const {
    return hn::Mul(Load(p + k * p_stride + i), Load(dp + k * dp_stride + i));
  }

  const float* p;
  const float* dp;
  size_t p_stride, dp_stride;
};

void Sum(const GradientRows& rows, bool is_first, bool is_last,
         ColumnSums& sums) {
  SumColumns(ProductsOfRows{rows.a, rows.b, rows.a_stride, rows.b_stride}, rows,
             is_first, is_last, -0.5, sums);
}

void Write(const GradientRows& rows, float scale, const ColumnSums& sums,
           float* to, size_t to_stride, bool is_streamed) {
  const VF all = Set(scale);
  WriteColumns(
      [&](const auto& p, const auto& dp, const auto& minus_half_dot) HWY_ATTR {
        return Map([&](VF p, VF dp, VF m)
                       HWY_ATTR { return Gradient(p, dp, m, all); },
                   p, dp, minus_half_dot);
      },
      rows, sums, to, to_stride, is_streamed);
}

constexpr GradientColumnKernels kKernels = {&Sum, &Write};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const GradientColumnKernels> kGradientColumnKernels =
    SOFTLANE_KERNEL_TABLE(kKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
