// SPDX-License-Identifier: Apache-2.0

// Runs of rows without a pause: while the last numerators of a row end, the
// first of the next row begin. For rows of one length whose maxima one guess is
// good enough for, as all rows of most batches are.

#if defined(SOFTLANE_LIB_SOFTMAX_RUN_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_SOFTMAX_RUN_INL_H_
#undef SOFTLANE_LIB_SOFTMAX_RUN_INL_H_
#else
#define SOFTLANE_LIB_SOFTMAX_RUN_INL_H_
#endif

#include <type_traits>

#include "softmax_sweep-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

struct RunEnd {
  size_t next;   // the first row that is not done
  bool is_good;  // false if the guess was not good enough for that one
  double sum;    // of the last one done, if any
};

// Rows from r to `rows`, which all have as many elements. Ends early at a row
// that the guess is not good enough for, behind one whose sum moves the guess,
// and at one beside which tiny quotients would be due; but not at row r for
// that reason. With kHasLast rows end in a part of a block; others would pay 1
// to 2 % for it.
template <bool kHasMasked, bool kHasLast, class Source>
HWY_NOINLINE RunEnd SweepRun(const Source& source, size_t r, size_t rows,
                             const Window& window, const ScaleParts& parts,
                             WaitingRows& waiting) {
  const SoftmaxExp exp = window.Exp(parts);
  auto row = source.RowOf(r);
  const size_t n = row.n;
  const size_t full = n / kSumBlock * kSumBlock;
  double last_sum = 0.0;
  const Four x = row.Logits().FourOf(0);
  Stage lower = BeginStage(exp, x.a, x.b), upper = BeginStage(exp, x.c, x.d);
  while (true) {
    Waiting& slot = waiting.SlotOf(r);
    if (slot.n != 0 && slot.has_tiny) return {r, true, last_sum};
    float* const place = waiting.PlaceOf(r, row.to, n);
    // The last row begins again, in vain.
    const auto next = r + 1 == rows ? row : source.RowOf(r + 1);
    const auto logits = row.Logits(), next_logits = next.Logits();
    LaneWindow lanes;
    LaneMax none;
    LaneSum sum;
    using Numerators =
        WindowNumerators<kHasMasked, false, std::decay_t<decltype(logits)>>;
    const Numerators numerators{exp, logits, place, lanes, none};
    if (slot.n == 0) {
      AddStagedRow(full, numerators, next_logits, lower, upper, sum);
      if constexpr (kHasLast) AddShortLast(full, n, numerators, sum);
    } else {
      const Probabilities quotients(ReciprocalOf(slot.sum));
      const DividingNumerators<false, Numerators> dividing{
          numerators, quotients, slot.from, slot.to, false, NextRow{}};
      AddStagedRow(full, dividing, next_logits, lower, upper, sum);
      if constexpr (kHasLast) AddLast(full, n, dividing, sum);
      slot.n = 0;
    }
    const double total = sum.Total();
    const bool is_enough = !kHasMasked || total >= LeastSum(n);  // not if NaN
    if (!lanes.IsInside() || !is_enough) return {r, false, last_sum};
    slot = {place, row.to, n, total, total > kMaxSumWithoutTiny, false};
    last_sum = total;
    ++r;
    const bool is_usual = kMinUsualSum <= total && total <= kMaxUsualSum;
    if (r == rows || !is_usual) return {r, true, last_sum};
    row = next;
  }
}

template <class Source>
HWY_INLINE RunEnd SweepRun(const Source& source, size_t r, size_t rows,
                           const Window& window, const ScaleParts& parts,
                           WaitingRows& waiting, bool has_masked) {
  constexpr bool kMayMask = Source::kMayMask;
  const auto sweep = [&](auto kind) HWY_ATTR {
    constexpr bool kIsMasked = kMayMask || decltype(kind)::value;
    return source.RowOf(r).n % kSumBlock == 0
               ? SweepRun<kIsMasked, false>(source, r, rows, window, parts,
                                            waiting)
               : SweepRun<kIsMasked, true>(source, r, rows, window, parts,
                                           waiting);
  };
  return has_masked ? sweep(std::true_type()) : sweep(std::false_type());
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_SOFTMAX_RUN_INL_H_
