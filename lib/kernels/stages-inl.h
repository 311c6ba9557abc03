// SPDX-License-Identifier: Apache-2.0

// Exponentials in two stages. The second stage of one block and the first stage
// of the next block are done together. A CPU can hold only so many instructions
// that wait for their operands; in this order most instructions need not wait.

#if defined(SOFTLANE_LIB_KERNELS_STAGES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_STAGES_INL_H_
#undef SOFTLANE_LIB_KERNELS_STAGES_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_STAGES_INL_H_
#endif

#include "arith/exp-inl.h"
#include "arith/sum-inl.h"
#include "arith/terms-inl.h"
#include "arith/vector-inl.h"
#include "kernels/ahead-inl.h"
#include "kernels/row_limits.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::kMinStagedCols;

// Two vectors between the stages. The stages of four vectors would need more
// registers than there are.
struct Stage {
  Two x, eighths, rest;
};
HWY_INLINE Stage BeginStage(const SoftmaxExp& exp, VF a, VF b) {
  const Two x{a, b};
  const Two eighths = exp.Whole(x);
  return {x, eighths, exp.Rest(x, eighths)};
}

// Adds the block of terms at `start`, whose four vectors are between the
// stages, and begins the next block, whose arguments are `next`. `terms` has
// three functions. Exp() gives the exponential for BeginStage. End(stage) gives
// the terms. Write(i, terms) stores the vectors of i and i + 16, and does all
// other work on them.
template <class Terms, class Sum>
HWY_INLINE void AddStagedBlock(size_t start, const Terms& terms,
                               const Four& next, Stage& lower, Stage& upper,
                               Sum& sum) {
  const Two first = terms.End(lower);
  lower = BeginStage(terms.Exp(), next.a, next.b);
  terms.Write(start, first);
  const Two second = terms.End(upper);
  upper = BeginStage(terms.Exp(), next.c, next.d);
  terms.Write(start + kSumBlock / 2, second);
  sum.template AddBlock<false>([&](size_t) HWY_ATTR {
    return Four{first.a, first.b, second.a, second.b};
  });
}

// AddBlocks in stages, if a block is four vectors. X(i) of `terms` loads the
// arguments of the block at i. ns per element of softmax with AVX-512 on Zen 5,
// in stages and by AddBlocks: 0.094 and 0.100 at 8 x 1024, 0.083 and 0.090 at 8
// x 4096.
template <class Terms, class Sum>
HWY_INLINE void AddStagedBlocks(size_t start, size_t end, const Terms& terms,
                                Sum& sum) {
  static_assert(Terms::kMayBeStaged, "with 16 lanes: a block is four vectors");
  if (start == end) return;
  const Four x = terms.X(start);
  Stage lower = BeginStage(terms.Exp(), x.a, x.b);
  Stage upper = BeginStage(terms.Exp(), x.c, x.d);
  for (; start + kSumBlock < end; start += kSumBlock) {
    // The loads stand before all stores: see PendingTerms.
    const Four next = terms.X(start + kSumBlock);
    AddStagedBlock(start, terms, next, lower, upper, sum);
  }
  const Two first = terms.End(lower);
  const Two second = terms.End(upper);
  terms.Write(start, first);
  terms.Write(start + kSumBlock / 2, second);
  sum.template AddBlock<false>([&](size_t) HWY_ATTR {
    return Four{first.a, first.b, second.a, second.b};
  });
}

// Adds the full blocks of a row. The row's first block is between the stages
// before the call. After the call, the first block of the next row is between
// the stages.
template <class Terms, class Logits>
HWY_INLINE void AddStagedRow(size_t full, const Terms& terms,
                             const Logits& next_logits, Stage& lower,
                             Stage& upper, LaneSum& sum) {
  for (size_t start = 0; start != full; start += kSumBlock) {
    const bool is_last = start + kSumBlock == full;
    const Four next = InRegisters(is_last ? next_logits.FourOf(0)
                                          : terms.X(start + kSumBlock));
    AddStagedBlock(start, terms, next, lower, upper, sum);
  }
}

// Replaces a sum for terms that are only written.
struct NoSum {
  template <bool kInDouble, class FourTerms>
  HWY_INLINE void AddBlock(const FourTerms& four) {
    for (size_t k = 0; k < LaneSum::kFoldedVectors; ++k) four(k * kLanes);
  }
  template <class V>
  HWY_INLINE void AddFolded(const V&) {}
};
// Writes the terms from `start` to n - 1, one vector at a time.
template <class Terms>
HWY_INLINE void WriteLast(size_t start, size_t n, const Terms& terms) {
  size_t i = start;
  for (; n - i >= kLanes; i += kLanes) terms.One(i);
  if (i != n) terms.First(i, n - i);
}
// Writes terms 0 to n - 1.
template <class Terms>
HWY_INLINE void WriteTerms(size_t n, const Terms& terms) {
  const size_t full = n / kSumBlock * kSumBlock;
  NoSum none;
  if constexpr (Terms::kMayBeStaged) {
    AddStagedBlocks(0, full, terms, none);
  } else if constexpr (Terms::kMayRunAhead) {
    AddBlocksAhead(0, full, terms, none);
  } else {
    AddBlocks(0, full, terms, none);
  }
  WriteLast(full, n, terms);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_STAGES_INL_H_
