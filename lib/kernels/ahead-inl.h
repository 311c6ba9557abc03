// SPDX-License-Identifier: Apache-2.0

// Exponentials one vector after the other, for AVX2. Each vector is begun while
// the vector before it ends.
//
// On Zen 3 no FMA starts in the cycle of a store, unless its addend is the
// result just before: 20 FMAs and 10 stores take 20 cycles, not 10. Only some
// 64 instructions can wait for their operands. So a loop is fast if it stores
// nothing but results, and if each instruction stands where its operands are
// about to be ready. Four vectors side by side have more values than registers,
// so some values are stored and loaded again. A block's sum right after the
// block would wait for the last of its terms. Here it is added in the middle of
// the next block. AVX2 on Zen 3, cycles per vector of the exp pass that also
// divides the pending row: 8.0 with four vectors side by side, 7.2 in this
// order.

#if defined(SOFTLANE_LIB_KERNELS_AHEAD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_AHEAD_INL_H_
#undef SOFTLANE_LIB_KERNELS_AHEAD_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_AHEAD_INL_H_
#endif

#include "arith/exp-inl.h"
#include "arith/sum-inl.h"
#include "arith/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The target whose passes run ahead.
constexpr bool kRunsAhead = HWY_TARGET == HWY_AVX2;

// One vector between its two stages.
struct NarrowStage {
  VF x, eighths, rest;
};
HWY_INLINE NarrowStage BeginStage(const SoftmaxExp& exp, VF x) {
  const VF eighths = exp.Whole(x);
  return {x, eighths, exp.Rest(x, eighths)};
}

// Ends the term at i, which is between the stages, after the term at `next` is
// begun. `terms` has five functions. Exp() gives the exponential. Begin(i)
// gives the argument. Beside(i) does all other work on a vector. End(stage)
// gives the term, and Put(i, term) stores it.
template <class Terms>
HWY_INLINE VF EndAndBegin(size_t i, size_t next, const Terms& terms,
                          NarrowStage& stage) {
  NarrowStage begun = BeginStage(terms.Exp(), terms.Begin(next));
  begun.rest = InOrder(begun.rest);
  terms.Beside(i);
  const VF term = InOrder(terms.End(stage));
  terms.Put(i, term);
  stage = begun;
  return term;
}

// A `before` that does nothing.
struct NothingBefore {
  HWY_INLINE void operator()(size_t) const {}
};

// AddBlocks, ahead. before(i) is called before any term of the block at i is
// begun.
template <class Terms, class Sum, class Before = NothingBefore>
HWY_INLINE void AddBlocksAhead(size_t start, size_t end, const Terms& terms,
                               Sum& sum, const Before& before = {}) {
  if (start == end) return;
  before(start);
  NarrowStage stage = BeginStage(terms.Exp(), terms.Begin(start));
  VF folded[2] = {hn::Zero(F32()), hn::Zero(F32())};
  for (; start != end; start += kSumBlock) {
    // At the end, the last vector is begun again, and the result is not used.
    const size_t next = start + (start + kSumBlock == end ? 56 : kSumBlock);
    VF a = EndAndBegin(start, start + 16, terms, stage);
    a = hn::Add(a, EndAndBegin(start + 16, start + 32, terms, stage));
    VF b = EndAndBegin(start + 32, start + 48, terms, stage);
    sum.AddFolded(folded);  // of the block before
    b = hn::Add(b, EndAndBegin(start + 48, start + 8, terms, stage));
    folded[0] = hn::Add(a, b);
    a = EndAndBegin(start + 8, start + 24, terms, stage);
    a = hn::Add(a, EndAndBegin(start + 24, start + 40, terms, stage));
    b = EndAndBegin(start + 40, start + 56, terms, stage);
    before(next);
    b = hn::Add(b, EndAndBegin(start + 56, next, terms, stage));
    folded[1] = hn::Add(a, b);
  }
  sum.AddFolded(folded);
}

// AddBlocks<true>, ahead. A block's terms are stored, and added while the terms
// of the next block are computed, because a conversion to double is cheaper
// from memory than from a register.
template <class Terms, class Sum>
HWY_INLINE void AddBlocksAheadInDouble(size_t start, size_t end,
                                       const Terms& terms, Sum& sum) {
  if (start == end) return;
  NarrowStage stage = BeginStage(terms.Exp(), terms.Begin(start));
  static constexpr float kZeros[kSumBlock] = {};
  HWY_ALIGN float blocks[2 * kSumBlock];
  float* block = blocks;
  const float* before = kZeros;
  for (; start != end; start += kSumBlock) {
    const size_t next = start + (start + kSumBlock == end ? 56 : kSumBlock);
    Store(EndAndBegin(start, start + 16, terms, stage), block);
    Store(EndAndBegin(start + 16, start + 32, terms, stage), block + 16);
    Store(EndAndBegin(start + 32, start + 48, terms, stage), block + 32);
    sum.AddStoredInDouble(0, before);
    Store(EndAndBegin(start + 48, start + 8, terms, stage), block + 48);
    Store(EndAndBegin(start + 8, start + 24, terms, stage), block + 8);
    Store(EndAndBegin(start + 24, start + 40, terms, stage), block + 24);
    sum.AddStoredInDouble(1, before);
    Store(EndAndBegin(start + 40, start + 56, terms, stage), block + 40);
    Store(EndAndBegin(start + 56, next, terms, stage), block + 56);
    before = block;
    block = block == blocks ? blocks + kSumBlock : blocks;
  }
  sum.AddStoredInDouble(0, before);
  sum.AddStoredInDouble(1, before);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_AHEAD_INL_H_
