// SPDX-License-Identifier: Apache-2.0

// exp_sums.cc of the x86-64 baseline, in an object of its own: a program with
// the baseline's passes need not link those of other targets.
#include "kernels/exp_sums.h"

#include "highway.h"
// After highway.h:
#include "arith/row_exp-inl.h"
#include "kernels/exp_sums-inl.h"
#include "kernels/sse2_rows-inl.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::HoleSum;

template <bool kInDouble>
using Sum = WideSum<kInDouble>;

// Adds the exp values of n logits to a sum, which may be null for 0, and gives
// its total.
template <bool kInDouble, bool kIsWritten>
HWY_NOINLINE HoleSum AddExpValues(const float* x, float* y, size_t n,
                                  size_t hole, const RowPlan& plan,
                                  const ScaleParts& parts, float lowest,
                                  Sum<kInDouble>* result, const float*) {
  HWY_ALIGN float last[kSumBlock];
  Sum<kInDouble> sum;
  if (result != nullptr) sum = *result;
  const float of_hole = AddExpOfRow(x, y, n, hole, plan, parts, lowest, last,
                                    kInDouble, sum.lanes);
  const size_t full = n / kSumBlock * kSumBlock;
  if (kIsWritten) CopySome(last, n - full, y + full);
  if (result != nullptr) *result = sum;
  return {sum.Total(), of_hole};
}
template <bool kInDouble, bool kIsWritten>
HWY_INLINE HoleSum SumOfPlan(const float* x, float* y, size_t n, size_t hole,
                             const RowPlan& plan, const ScaleParts& parts,
                             float lowest, const float* next) {
  return AddExpValues<kInDouble, kIsWritten>(x, y, n, hole, plan, parts, lowest,
                                             nullptr, next);
}

void Multiply(double factor, double sum, size_t n, float* e) {
  MultiplyExp(e, e, n, factor, sum);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#include "kernels/block_passes-inl.h"
#endif  // SOFTLANE_SSE2
