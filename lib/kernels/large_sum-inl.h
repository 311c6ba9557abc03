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

#include "arith/max-inl.h"
#include "arith/row_exp-inl.h"
#include "kernels/exp_sums.h"
#include "kernels/row_limits.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::kLargeBlock;
using internal::kMinLargeCols;
using internal::LargeSum;

// Exp values that are not written. While they are computed, the next block is
// on its way: with AVX-512 on Zen 5, 0.19 -> 0.12 ns per element.
struct SummedExpValues {
  HWY_INLINE Four FourOf(size_t i) const {
    PrefetchRange<4 * kLanes>(next + PartOfBlock(i));
    return exp(LoadFour(x + i, 16));
  }
  HWY_INLINE VF One(size_t i) const { return exp(Load(x + i)); }
  HWY_INLINE VF First(size_t i, size_t count) const {
    return KeepFirst(exp(LoadFirst(x + i, count, Set(0.0f))), count);
  }

  const SoftmaxExp& exp;
  const float* x;
  const float* next;  // the block after x, or any of the row
};

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

// add(terms, start, count, sum) adds the terms of the block from `start` on.
template <class Add>
HWY_INLINE LargeSum SumLargeRow(const float* x, size_t n,
                                const ScaleParts& parts, const Add& add) {
  return SumByBlocks<LaneSum>(
      x, n, parts,
      [](const float* block, size_t count)
          HWY_ATTR { return MaxOf<IgnoreNaN>(block, count); },
      [&](const RowPlan& plan, size_t start, size_t count, LaneSum& sum)
          HWY_ATTR {
            const SoftmaxExp exp = MakeExp(plan, parts);
            const bool has_next = n - start >= 2 * kLargeBlock;
            const float* const next = x + start + (has_next ? kLargeBlock : 0);
            add(SummedExpValues{exp, x + start, next}, start, count, sum);
          });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_LARGE_SUM_INL_H_
