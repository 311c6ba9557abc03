// SPDX-License-Identifier: Apache-2.0

// Compiled for the baseline alone. It has an object file of its own, because in
// the file of its callers GCC would make a second copy for vectors of one row,
// which is not faster.
#include "kernels/sse2_rows-inl.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {

constexpr PairTable kSoftmaxPairs =
    MakePairs(internal::PowerTable(internal::kSoftmaxPowers).entries);

constexpr WideConstants kWideConstants;

void ExpVectors(const float* from, float* to, size_t vectors,
                const ScaleParts& parts, const WideRow* rows, size_t row_step) {
  const __m128d l_hi = _mm_set1_pd(parts.l_hi);
  const __m128d l_lo = _mm_set1_pd(parts.l_lo);
  for (; vectors >= kSideBySide; vectors -= kSideBySide) {
    ExpStep<kSideBySide>(from, to, l_hi, l_lo, rows, row_step);
    from += kStep;
    to += kStep;
    rows += kSideBySide * row_step;
  }
  if (vectors >= 2) {
    ExpStep<2>(from, to, l_hi, l_lo, rows, row_step);
    from += 8;
    to += 8;
    rows += 2 * row_step;
  }
  if (vectors % 2 != 0) ExpStep<1>(from, to, l_hi, l_lo, rows, row_step);
}

void CheckTies(const float* from, float* to, size_t n, const RowPlan& plan,
               const ScaleParts& parts, float lowest) {
  if (!HasTies(from, n, plan.offset, parts)) return;
  const SoftmaxExp exp = MakeExp(plan, parts, lowest);
  for (size_t i = 0; i < n; ++i) Store(exp(Load(from + i)), to + i);
}

}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2
