// SPDX-License-Identifier: Apache-2.0

// Passes of the x86-64 baseline over one row: exp values and their sum, and
// probabilities. All objects share them: see sse2_rows.cc.

#if defined(SOFTLANE_LIB_KERNELS_SSE2_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SSE2_ROWS_INL_H_
#undef SOFTLANE_LIB_KERNELS_SSE2_ROWS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SSE2_ROWS_INL_H_
#endif

#include "arith/max-inl.h"
#include "arith/row_exp-inl.h"
#include "arith/sse2-inl.h"
#include "arith/sse2_softmax_exp-inl.h"
#include "arith/sse2_sum-inl.h"
#include "kernels/exp_sums.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {

// to = exp values of whole vectors. Vector k is of row rows[k * row_step]. `to`
// may be `from`.
void ExpVectors(const float* from, float* to, size_t vectors,
                const internal::ScaleParts& parts, const WideRow* rows,
                size_t row_step);

// Computes the exp values of arguments by SoftFma if there is a tie. Those of
// arguments below `lowest` are +0.
void CheckTies(const float* from, float* to, size_t n,
               const internal::RowPlan& plan, const internal::ScaleParts& parts,
               float lowest);

// WideSum<in_double>::Add to its lanes.
void AddVectors(const float* e, size_t vectors, bool in_double,
                WideLanes& lanes);

// Adds the exp values of n logits to the lanes of a WideSum<in_double>.
// Arguments below `lowest` give +0. If `to` is not null, the exp values of full
// blocks are written to it. The other exp values are written to `last`, which
// has room for a block, with +0 after them up to a whole vector. The exp value
// of the hole, x[hole], is returned and not added. Its place gets +0. If `hole`
// is not below n, the function returns 0.
float AddExpOfRow(const float* x, float* to, size_t n, size_t hole,
                  const internal::RowPlan& plan,
                  const internal::ScaleParts& parts, float lowest, float* last,
                  bool in_double, WideLanes& lanes);

// to = factor * e, where e are exp values of a row with this sum. `to` may be
// e. The result is +0 where e / sum is below 2^-126.
void MultiplyExp(const float* e, float* to, size_t n, double factor,
                 double sum);

namespace {

// probs = e / sum.
HWY_INLINE void DivideExp(const float* e, float* probs, size_t n, double sum) {
  MultiplyExp(e, probs, n, 1.0 / sum, sum);
}

template <bool kInDouble>
HWY_INLINE double SumExp(const float* x, float* to, size_t n,
                         const RowPlan& plan, const ScaleParts& parts,
                         float* last) {
  WideSum<kInDouble> sum;
  AddExpOfRow(x, to, n, internal::kNoHole, plan, parts,
              internal::LowestOf(plan, parts), last, kInDouble, sum.lanes);
  return sum.Total();
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_KERNELS_SSE2_ROWS_INL_H_
