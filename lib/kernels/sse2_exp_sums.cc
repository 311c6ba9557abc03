// SPDX-License-Identifier: Apache-2.0

// exp_sums.cc of the x86-64 baseline. It has an object file of its own, so that
// a program with the baseline's passes need not link the passes of other
// targets.
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
using internal::kSumCols;

// The sum of the exp values of n logits that are not far. y is null if they are
// not written. `block_sums` is as in BlockPasses.
HWY_NOINLINE HoleSum AddExpValues(bool in_double, const float* x, float* y,
                                  size_t n, size_t hole, const RowPlan& plan,
                                  const ScaleParts& parts, float lowest,
                                  double* block_sums) {
  HWY_ALIGN float last[kSumBlock];
  HoleSum total{0.0, 0.0};
  for (size_t i = 0; i < n; i += kSumCols) {
    size_t count = n;
    if (block_sums != nullptr) {
      lowest = static_cast<float>(block_sums[i / kSumCols]);
      count = HWY_MIN(kSumCols, n - i);
    }
    WideSum<true> sum;  // AddExpOfRow adds
    const float of_hole =
        AddExpOfRow(x + i, y == nullptr ? y : y + i, count, hole - i, plan,
                    parts, lowest, last, in_double, sum.lanes);
    const size_t full = count / kSumBlock * kSumBlock;
    if (y != nullptr) CopySome(last, count - full, y + i + full);
    total = {sum.Total(), total.hole + of_hole};
    if (block_sums == nullptr) break;
    block_sums[i / kSumCols] = total.others;
  }
  return total;
}
template <bool kInDouble, bool kIsWritten>
HWY_INLINE HoleSum SumDirect(const float* x, float* y, size_t n, size_t hole,
                             const RowPlan& plan, const ScaleParts& parts,
                             float lowest, const float*, double* block_sums) {
  return AddExpValues(kInDouble, x, y, n, hole, plan, parts, lowest,
                      block_sums);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#include "kernels/block_passes-inl.h"
#endif  // SOFTLANE_SSE2
