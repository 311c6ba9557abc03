// SPDX-License-Identifier: Apache-2.0
#include "kernels/large_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/large_rows.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/row_exp-inl.h"
#include "kernels/exp_sums-inl.h"
#include "kernels/sse2_rows-inl.h"
#include "kernels/stream-inl.h"

// Softmax of a row beyond the caches, where what counts is bytes: two passes
// that read it, and one write past the cache. The first sums exp values without
// writing them; the second computes them anew. Three passes would move 20 bytes
// an element and more, this moves 12.

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

#ifdef SOFTLANE_SSE2

// Writes the probabilities: exp values by blocks, and the probabilities from
// these.
void WriteLargeRow(const float* x, float* y, size_t n, double sum,
                   const RowPlan& plan, const ScaleParts& parts) {
  constexpr size_t kPart = 16 * kSumBlock;
  HWY_ALIGN float part[kPart], block[kSumBlock];
  for (size_t i = 0; i < n; i += kPart) {
    // The pass of one row: its sum is not needed here, but costs little.
    const size_t count = HWY_MIN(kPart, n - i);
    const size_t full = count / kSumBlock * kSumBlock;
    SumExp<false>(x + i, part, count, plan, parts, block);
    DivideExp(part, y + i, full, sum);
    DivideExp(block, y + i + full, count - full, sum);
  }
}

#else

struct LargeProbs {
  HWY_INLINE Four FourOf(size_t i) const {
    return probabilities(exp(LoadFour(x + i, kLanes)));
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    return probabilities(exp(LoadFirst(x + i, count, Set(0.0f))));
  }

  const float* x;
  const SoftmaxExp& exp;
  const Probabilities& probabilities;
};

// Writes the probabilities, from the end, whose logits may still be in a cache.
// y is not read.
void WriteLargeRow(const float* x, float* y, size_t n, double sum,
                   const RowPlan& plan, const ScaleParts& parts) {
  const SoftmaxExp exp = MakeExp(plan, parts);
  const Probabilities probabilities(ReciprocalOf(sum));
  // In place the line is in the cache already.
  const bool is_streamed = x != y && CanStream(y);
  const LargeProbs probs{x, exp, probabilities};
  const AlignedRange range(y, n);
  StoreSome(probs, y, range.end, n);
  for (size_t i = range.end; i != range.begin;) {
    i -= 4 * kLanes;
    PrefetchRange<4 * kLanes>(x +
                              (i > kPrefetchAhead ? i - kPrefetchAhead : 0));
    const Four v = probs.FourOf(i);
    is_streamed ? StreamFour(v, y + i, kLanes) : StoreFour(v, y + i, kLanes);
  }
  StoreSome(probs, y, 0, range.begin);
  if (is_streamed) hwy::FlushStream();
}

#endif  // SOFTLANE_SSE2

bool SoftmaxLargeRow(const float* x, float* y, size_t n, float* logsumexp,
                     const ScaleParts& parts) {
  if (parts.unit != 1.0) return false;
  internal::BlockSums row{};
  internal::SumOfBlocks(kBlockPasses, kBlockPasses.sum, x, n, kNoHole, parts,
                        row);
  if (!row.is_direct) return false;
  const RowPlan plan = PlanRow(row.max, parts);
  const double sum = internal::TotalOfBlocks(row, plan.offset);
  if (logsumexp != nullptr) *logsumexp = kNaN;
  if (!(sum == sum)) {
    Fill(y, n, kNaN);
    return true;
  }
  if (logsumexp != nullptr) {  // + 0, since a maximum of -0 is +0
    *logsumexp =
        static_cast<float>(LogOfExpSum(row.max, sum, plan, parts) + 0.0);
  }
  WriteLargeRow(x, y, n, sum, plan, parts);
  return true;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<LargeRowFunction> kSoftmaxLargeRow =
    SOFTLANE_KERNEL_TABLE(SoftmaxLargeRow);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
