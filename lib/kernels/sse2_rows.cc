// SPDX-License-Identifier: Apache-2.0

// Compiled for the baseline alone.
#include "kernels/sse2_rows-inl.h"

#include "arith/sse2_row_plans-inl.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

template <bool kInDouble>
HWY_INLINE void AddTo(WideLanes& lanes, const float* e, size_t vectors) {
  WideSum<kInDouble> sum(lanes);
  sum.Add(e, vectors);
  lanes = sum.lanes;
}

}  // namespace

HWY_NOINLINE void AddVectors(const float* e, size_t vectors, bool in_double,
                             WideLanes& lanes) {
  in_double ? AddTo<true>(lanes, e, vectors) : AddTo<false>(lanes, e, vectors);
}

float AddExpOfRow(const float* x, float* to, size_t n, size_t hole,
                  const RowPlan& plan, const ScaleParts& parts, float lowest,
                  float* last, bool in_double, WideLanes& result) {
  const WideRow row = WideRowOf(plan.offset, lowest);
  const bool may_have_ties = MayHaveTies(parts);
  WideLanes lanes = result;
  float of_hole = 0.0f;
  for (size_t i = 0; i < n; i += kSumBlock) {
    const size_t count = HWY_MIN(kSumBlock, n - i);
    float* const e = count == kSumBlock && to != nullptr ? to + i : last;
    HWY_ALIGN float arguments[kSumBlock];
    const float* from = x + i;
    size_t vectors = count / 4;
    if (HWY_UNLIKELY(count % 4 != 0 || (may_have_ties && from == e))) {
      vectors = CopyFilled(from, count, -kInfinity, arguments);
      from = arguments;
    }
    ExpVectors(from, e, vectors, parts, &row, 0);
    if (may_have_ties) CheckTies(from, e, count, plan, parts, lowest);
    if (HWY_UNLIKELY(hole - i < count)) {
      of_hole = e[hole - i];
      // Stores a whole vector, because a load of the vector would wait for a
      // store of one float.
      float* const with_hole = e + (hole - i) / 4 * 4;
      _mm_storeu_ps(with_hole,
                    WithoutLane(_mm_loadu_ps(with_hole), (hole - i) % 4));
    }
    if (HWY_UNLIKELY(count != kSumBlock)) {
      AddVectors(e, vectors, in_double, result = lanes);
      return of_hole;
    }
    constexpr size_t kBlock = kSumBlock / 4;
    in_double ? AddTo<true>(lanes, e, kBlock) : AddTo<false>(lanes, e, kBlock);
  }
  result = lanes;
  return of_hole;
}

void MultiplyExp(const float* e, float* to, size_t n, double factor,
                 double sum) {
  const WideProbabilities scaled(_mm_set1_pd(factor), _mm_set1_pd(sum));
  if (HWY_UNLIKELY(!scaled.AreExact())) {  // by SoftFma
    const Probabilities exact(FactorOf(factor, sum));
    for (size_t i = 0; i < n; ++i) Store(exact(Load(e + i)), to + i);
    return;
  }
  MapBy4s(e, to, n, scaled.First());
}

}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2
