// SPDX-License-Identifier: Apache-2.0

// Two sweeps of softmax in one loop: the numerators of a row, and the quotients
// of a row before it. The first keeps the multipliers busy, the second loads
// and stores.

#if defined(SOFTLANE_LIB_SOFTMAX_SWEEP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_SOFTMAX_SWEEP_INL_H_
#undef SOFTLANE_LIB_SOFTMAX_SWEEP_INL_H_
#else
#define SOFTLANE_LIB_SOFTMAX_SWEEP_INL_H_
#endif

#include <type_traits>

#include "kernels/stages-inl.h"
#include "kernels/stream-inl.h"
#include "waiting_rows-inl.h"
#include "window_numerators-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// A row's numerators and, on the way, the quotients of another row's. Without
// kHasTiny none of these is below 2^-126.
template <bool kHasTiny, class Numerators>
struct DividingNumerators {
  HWY_INLINE Four FourOf(size_t i) const {
    // All loads before all stores: 3 to 6 % less time on Zen 5.
    const Four x = InRegisters(numerators.logits.FourOf(i));
    const Four waiting = InRegisters(LoadFour(from + i, 16));
    const Four result = numerators.Of(x);
    const Four quotient = ProbabilityOf(waiting);
    StoreFour(result, numerators.y + i, 16);
    if (is_streamed) {
      next.Prefetch(PartOfBlock(i));
      StreamFour(quotient, to + i, 16);
    } else {
      StoreFour(quotient, to + i, 16);
    }
    return result;
  }
  HWY_INLINE VF One(size_t i) const {
    const VF quotient = ProbabilityOf(Load(from + i));
    is_streamed ? StreamOne(quotient, to + i) : Store(quotient, to + i);
    return numerators.One(i);
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF waiting = LoadFirst(from + i, count, Set(0.0f));
    StoreFirst(ProbabilityOf(waiting), to + i, count);
    return numerators.First(i, count);
  }

  // See AddStagedBlocks.
  static constexpr bool kMayBeStaged = Numerators::kMayBeStaged;
  HWY_INLINE Four X(size_t i) const { return numerators.X(i); }
  HWY_INLINE const SoftmaxExp& Exp() const { return numerators.Exp(); }
  HWY_INLINE Two End(const Stage& stage) const { return numerators.End(stage); }
  HWY_INLINE void Write(size_t i, const Two& result) const {
    const Two waiting = {Load(from + i), Load(from + i + 16)};
    const Two quotient = ProbabilityOf(waiting);
    numerators.Write(i, result);
    if (is_streamed) {
      if (i % kSumBlock == 0) next.Prefetch(i);
      StreamOne(quotient.a, to + i);
      StreamOne(quotient.b, to + i + 16);
    } else {
      Store(quotient.a, to + i);
      Store(quotient.b, to + i + 16);
    }
  }

  template <class V>
  HWY_INLINE V ProbabilityOf(const V& waiting) const {
    if constexpr (kHasTiny) {
      return quotients(waiting);
    } else {
      return quotients.NotTiny(waiting);
    }
  }

  const Numerators& numerators;
  const Probabilities& quotients;
  const float* const from;
  float* const to;
  const bool is_streamed;  // then `to` is aligned
  const NextRow next;
};

// What a sweep over a row gives.
struct Swept {
  double sum;
  bool is_inside;
  float max;  // kNeedsMax: the row's; kIsExact: that of the row ahead
};

// The numerators of a row whose logits row.Logits() gives. One that waits is
// divided. With kIsExact the window is, and `ahead` has as many elements. A
// function of its own, so that the constants of its loop stay in registers.
template <bool kHasMasked, bool kNeedsMax, bool kIsExact, class Row>
HWY_NOINLINE Swept SweepRow(const Row& row, size_t n, float* place,
                            const Window& window, const ScaleParts& parts,
                            Waiting& waiting, const NextRow& next,
                            const float* ahead = nullptr) {
  static_assert(!(kNeedsMax && kIsExact), "one maximum");
  const auto logits = row.Logits();
  const SoftmaxExp exp = window.Exp(parts);
  LaneWindow lanes;
  LaneMax max;
  LaneSum sum;
  using Numerators =
      WindowNumerators<kHasMasked, kNeedsMax, std::decay_t<decltype(logits)>>;
  const Numerators numerators{exp, logits, place, lanes, max};
  bool is_staged = false;  // never with a maximum ahead: see TermsAndMax
  if constexpr (!kIsExact) is_staged = n >= kMinStagedCols && row.PaysToStage();
  const auto add_blocks = [&](size_t start, size_t end,
                              const auto& terms) HWY_ATTR {
    if constexpr (std::decay_t<decltype(terms)>::kMayBeStaged) {
      if (is_staged) return AddStagedBlocks(start, end, terms, sum);
    }
    AddBlocks(start, end, terms, sum);
  };
  const size_t full = n / kSumBlock * kSumBlock;
  size_t start = 0;
  if (waiting.n != 0) {
    const Probabilities quotients(ReciprocalOf(waiting.sum));
    const size_t blocks = HWY_MIN(full, waiting.n / kSumBlock * kSumBlock);
    start = n == waiting.n ? n : blocks;
    // With a maximum ahead a quotient may be tiny: rows of all kinds.
    using Dividing = DividingNumerators<kIsExact, Numerators>;
    const Dividing dividing{numerators, quotients,           waiting.from,
                            waiting.to, waiting.is_streamed, next};
    const auto add = [&](const auto& terms) HWY_ATTR {
      add_blocks(0, blocks, terms);
      AddLast(blocks, start, terms, sum);
    };
    if constexpr (kIsExact) {
      add(TermsAndMax<Dividing>{dividing, ahead, max});
    } else {
      add(dividing);
    }
    if (start == waiting.n) {
      waiting.n = 0;
    } else {  // rows of different lengths end one after the other
      DivideFrom(start, waiting);
    }
  }
  if (start != n) {
    const auto add = [&](const auto& terms) HWY_ATTR {
      add_blocks(start, full, terms);
      AddShortLast(full, n, terms, sum);
    };
    if constexpr (kIsExact) {
      add(TermsAndMax<Numerators>{numerators, ahead, max});
    } else {
      add(numerators);
    }
  }
  constexpr bool kHasMax = kNeedsMax || kIsExact;
  return {sum.Total(), lanes.IsInside(), kHasMax ? max.Total() : 0.0f};
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_SOFTMAX_SWEEP_INL_H_
