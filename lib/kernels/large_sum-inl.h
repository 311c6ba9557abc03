// SPDX-License-Identifier: Apache-2.0

// The sum of the exp values of a row beyond the caches, in one read, by blocks
// that stay in the first cache for their maximum and their sum.
//
// The sum starts over with every larger maximum: the octaves by which it grew
// are taken off what there is, which is exact. So the exp values are those of
// row_exp-inl.h, and the order of additions is that of the whole row.

#if defined(SOFTLANE_LIB_KERNELS_LARGE_SUM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_LARGE_SUM_INL_H_
#undef SOFTLANE_LIB_KERNELS_LARGE_SUM_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_LARGE_SUM_INL_H_
#endif

#include "arith/row_exp-inl.h"
#include "kernels/exp_sums.h"
#include "kernels/row_limits.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::kLargeBlock;
using internal::kMinLargeCols;
using internal::LargeSum;

// max_of(x, n) gives the maximum, add(plan, start, count, sum) adds the exp
// values of the block from `start` on, by this plan.
template <class Sum, class MaxOfBlock, class Add>
HWY_INLINE LargeSum SumByBlocks(const float* x, size_t n,
                                const ScaleParts& parts,
                                const MaxOfBlock& max_of, const Add& add) {
  float max = -kInfinity;
  RowPlan plan{};
  Sum sum;
  for (size_t start = 0; start < n; start += kLargeBlock) {
    const size_t count = HWY_MIN(kLargeBlock, n - start);
    const float block_max = max_of(x + start, count);
    if (start == 0 || block_max > max) {
      max = block_max;
      const RowPlan next = PlanRow(max, parts);
      if (!(IsFinite(max) && next.as_is)) {
        return {false, max, 0.0};
      }
      if (start != 0 && next.offset != plan.offset) {
        sum.Multiply(PowerOfTwo(plan.offset - next.offset));
      }
      plan = next;
    }
    add(plan, start, count, sum);
  }
  return {true, max, sum.Total()};
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_LARGE_SUM_INL_H_
