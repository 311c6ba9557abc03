// SPDX-License-Identifier: Apache-2.0

// The sum of a row's exp values by the exponent of the row's maximum. The
// functions are external: a target has each of them once, in exp_sums.cc.

#if defined(SOFTLANE_LIB_KERNELS_EXP_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_EXP_SUMS_INL_H_
#undef SOFTLANE_LIB_KERNELS_EXP_SUMS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_EXP_SUMS_INL_H_
#endif

#include "arith/max-inl.h"
#include "arith/plan.h"
#include "arith/sse2-inl.h"
#include "arith/vector-inl.h"
#include "kernels/block_sums.h"
#include "kernels/exp_sums.h"

// The functions of far_rows.cc: AVX-512 takes those of AVX2.
#if HWY_TARGET == HWY_AVX3
#define SOFTLANE_FAR_NAMESPACE N_AVX2
#else
#define SOFTLANE_FAR_NAMESPACE HWY_NAMESPACE
#endif
namespace softlane {
namespace SOFTLANE_FAR_NAMESPACE {

// The sum of the exp values of a far row, in double from the start or not. The
// exp values are written to y, unless it is null. In the x86-64 baseline the
// row may also be direct, and then arguments below `lowest` give +0.
internal::HoleSum SumFar(const float* x, float* y, size_t n, size_t hole,
                         const internal::RowPlan& plan,
                         const internal::ScaleParts& parts, float lowest,
                         bool in_double);
// LogOfSum of a row, of the row's own plan.
double LogOfExpSum(float max, double sum, const internal::RowPlan& plan,
                   const internal::ScaleParts& parts);
// SoftmaxKernels::log_of_sum. The bits are those of the row's own plan.
double LogOfSumInRange(float max, double sum, const internal::ExpRange& range,
                       const internal::ScaleParts& parts);
// Passes for any row, which are slow and have little code. Not in the x86-64
// baseline.
extern const internal::BlockPasses kFarPasses;

}  // namespace SOFTLANE_FAR_NAMESPACE
}  // namespace softlane

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3
using SOFTLANE_FAR_NAMESPACE::kFarPasses;
using SOFTLANE_FAR_NAMESPACE::LogOfExpSum;
using SOFTLANE_FAR_NAMESPACE::LogOfSumInRange;
using SOFTLANE_FAR_NAMESPACE::SumFar;
#endif
#undef SOFTLANE_FAR_NAMESPACE

// The sum of the exp values of n logits. The hole, x[hole], is left out. There
// is no hole if `hole` is not below n.
internal::HoleSum SumExpValues(const float* x, size_t n, size_t hole,
                               const internal::RowPlan& plan,
                               const internal::ScaleParts& parts);
// SumExpValues that also writes the exp values to y, which may be x. The hole
// gets +0.
internal::HoleSum WriteExpValues(const float* x, float* y, size_t n,
                                 size_t hole, const internal::RowPlan& plan,
                                 const internal::ScaleParts& parts);
// The sum of all exp values, in double from the start.
double SumExpInDouble(const float* x, size_t n, const internal::RowPlan& plan,
                      const internal::ScaleParts& parts);
// BlockPasses::max and multiply. They are in far_rows.cc, and for AVX-512 in
// exp_sums.cc.
float MaxOfLongRow(const float* x, size_t n);
void Multiply(double factor, double sum, size_t n, float* e);

extern const internal::BlockPasses kBlockPasses;

namespace {

using internal::kNoHole;

// Of a row that is not empty.
HWY_INLINE float MaxOfLogits(const float* x, size_t n) {
#ifdef SOFTLANE_SSE2
  return MaxOf4s(x, n);
#else
  return MaxOf<IgnoreNaN>(x, n);
#endif
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_EXP_SUMS_INL_H_
