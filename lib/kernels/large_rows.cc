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

// Beyond the caches, the time depends on the bytes that are moved. Two passes
// read the row, and the second writes past the caches: 12 bytes per element.
// Three passes would move 20 bytes or more.

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

#ifdef SOFTLANE_SSE2

// Exp values by blocks, and the products from these.
void WriteLargeRow(const float* x, float* y, size_t n, double factor,
                   double sum, const RowPlan& plan, const ScaleParts& parts,
                   bool) {
  constexpr size_t kPart = 16 * kSumBlock;
  HWY_ALIGN float part[kPart], block[kSumBlock];
  for (size_t i = 0; i < n; i += kPart) {
    // The pass of one row also gives the sum, which is not needed here but
    // costs little.
    const size_t count = HWY_MIN(kPart, n - i);
    const size_t full = count / kSumBlock * kSumBlock;
    SumExp<false>(x + i, part, count, plan, parts, block);
    MultiplyExp(part, y + i, full, factor, sum);
    MultiplyExp(block, y + i + full, count - full, factor, sum);
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

// Begins at the end, because the logits at the end may still be in a cache.
// y is not read.
void WriteLargeRow(const float* x, float* y, size_t n, double factor,
                   double sum, const RowPlan& plan, const ScaleParts& parts,
                   bool may_stream) {
  SoftmaxExp exp = MakeExp(plan, parts);
  exp.KeepConstants();
  const Probabilities probabilities(FactorOf(factor, sum));
  // In place the line is in the cache already. Half a line a store takes
  // longer: streamed and not, AVX2 on Zen 5, 0.46 and 0.38 at 1 x 4194304, 0.49
  // and 0.41 at 1 x 8388608.
  const bool is_streamed =
      HWY_TARGET != HWY_AVX2 && may_stream && x != y && CanStream(y);
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

constexpr internal::LargeRowKernels kKernels = {&kBlockPasses, &WriteLargeRow};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const LargeRowKernels> kLargeRowKernels =
    SOFTLANE_KERNEL_TABLE(kKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
