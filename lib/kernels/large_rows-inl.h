// SPDX-License-Identifier: Apache-2.0

// Softmax of a row beyond the caches, where what counts is bytes: two passes
// that read it, and one write past the cache. The first sums exp values without
// writing them; the second computes them anew. Three passes would move 20 bytes
// an element and more, this moves 12.

#if defined(SOFTLANE_LIB_KERNELS_LARGE_ROWS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_LARGE_ROWS_INL_H_
#undef SOFTLANE_LIB_KERNELS_LARGE_ROWS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_LARGE_ROWS_INL_H_
#endif

#include "arith/row_exp-inl.h"
#include "kernels/exp_sums-inl.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::LargeSum;

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
HWY_INLINE void WriteLargeRow(const float* x, float* y, size_t n,
                              bool is_streamed, const SoftmaxExp& exp,
                              const Probabilities& probabilities) {
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

// A row of kMinLargeCols or more. False if it needs more than this does; then
// nothing has been written.
HWY_NOINLINE bool SoftmaxLargeRow(const float* x, float* y, size_t n,
                                  float* logsumexp, const ScaleParts& parts) {
  const LargeSum row = SumOfBlocks(x, n, kNoHole, parts);
  if (!row.is_direct) return false;
  if (logsumexp != nullptr) *logsumexp = kNaN;
  if (!(row.sum == row.sum)) {
    Fill(y, n, kNaN);
    return true;
  }
  const RowPlan plan = PlanRow(row.max, parts);
  const SoftmaxExp exp = MakeExp(plan, parts);
  if (logsumexp != nullptr) {
    *logsumexp = LogSumExp(plan, exp, AsIs(), row.max, row.sum);
  }
  const Probabilities probabilities(ReciprocalOf(row.sum));
  // In place the line is in the cache already.
  const bool is_streamed = x != y && CanStream(y);
  WriteLargeRow(x, y, n, is_streamed, exp, probabilities);
  return true;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_LARGE_ROWS_INL_H_
