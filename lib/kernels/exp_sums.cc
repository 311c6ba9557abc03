// SPDX-License-Identifier: Apache-2.0
#include "kernels/exp_sums.h"

#include "highway.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/exp_sums.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/row_exp-inl.h"
#include "arith/terms-inl.h"
#include "kernels/ahead-inl.h"
#include "kernels/exp_sums-inl.h"
#include "kernels/stream-inl.h"

#ifndef SOFTLANE_SSE2  // see sse2_exp_sums.cc
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::HoleSum;
using internal::kSumCols;

// Returns v. A loop that copies such values stays a loop. GCC would turn it
// into a `rep movs`, whose start takes longer than a block.
HWY_INLINE VF InLoop(VF v) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  __asm__("" : "+v"(v.raw));
#endif
  return v;
}

// Copies up to 64 logits with -inf, whose exp value is +0, in the hole and up
// to a whole vector.
HWY_NOINLINE void CopyWithHole(const float* x, size_t n, size_t hole,
                               float* block) {
  size_t i = 0;
  for (; n - i >= kLanes; i += kLanes) Store(InLoop(Load(x + i)), block + i);
  if (i != n) Store(LoadFirst(x + i, n - i, Set(-kInfinity)), block + i);
  float* const at = block + hole / kLanes * kLanes;
  const VF lane = Set(static_cast<float>(hole % kLanes));
  const auto is_hole = hn::Eq(hn::Iota(F32(), 0.0f), lane);
  Store(hn::IfThenElse(is_hole, Set(-kInfinity), Load(at)), at);
}

// Returns exp in such a way that the compiler takes it for an object in memory.
// Otherwise it keeps the constants in registers, of which AVX2 has too few, and
// moves results to memory: 4 % more time at 8 x 4096 on Zen 3.
HWY_INLINE const SoftmaxExp& InMemory(const SoftmaxExp& exp) {
  const SoftmaxExp* at = &exp;
#if HWY_TARGET == HWY_AVX2
  __asm__("" : "+r"(at) : "m"(exp));
#endif
  return *at;
}

// Exp values as the terms of a sum, in the form that AddBlock and AddLast take.
template <bool kIsWritten>
struct ExpTerms {
  HWY_INLINE Four operator()(size_t i) const {
    const Four result = exp(InRegisters(LoadFour(x + i, 16)));
    if constexpr (kIsWritten) StoreFour(result, y + i, 16);
    return result;
  }
  HWY_INLINE VF One(size_t i) const {
    const VF result = exp(Load(x + i));
    if constexpr (kIsWritten) Store(result, y + i);
    return result;
  }
  // -inf has the exp value +0.
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF result = exp(LoadFirst(x + i, count, Set(-kInfinity)));
    if constexpr (kIsWritten) StoreFirst(result, y + i, count);
    return result;
  }

  const SoftmaxExp& exp;
  const float* x;
  float* y;
};

// The terms of blocks that are not written, ahead: see EndAndBegin. Each block
// is in the row or, if it has the hole, in a copy. The address of element i is
// base + 4 i, so `base` may be outside of both.
template <bool kIsWritten>
struct TermsAhead {
  HWY_INLINE const SoftmaxExp& Exp() const { return exp; }
  HWY_INLINE VF Begin(size_t i) const {
    return Load(reinterpret_cast<const float*>(base + i * sizeof(float)));
  }
  HWY_INLINE void Beside(size_t) const {}
  HWY_INLINE VF End(const NarrowStage& stage) const {
    return exp.FromRestNotBelow(stage.x, stage.eighths, stage.rest);
  }
  HWY_INLINE void Put(size_t, VF) const {}

  const SoftmaxExp& exp;
  const uintptr_t& base;
};

// GCC would write the function once more for the callers that pass null.
#if HWY_COMPILER_GCC_ACTUAL
#define SOFTLANE_NOCLONE __attribute__((noclone))
#else
#define SOFTLANE_NOCLONE
#endif

// The sum of the exp values of a row that is not far. y is null if they are not
// written. The block with the hole is read from a copy. Brings the elements
// from `next` on into the cache, unless it is null. `block_sums` is as in
// BlockPasses.
template <bool kInDouble, bool kIsWritten>
SOFTLANE_NOCLONE HWY_NOINLINE HoleSum SumDirect(const float* x, float* y,
                                                size_t n, size_t hole,
                                                const RowPlan& plan,
                                                const ScaleParts& parts,
                                                float lowest, const float* next,
                                                double* block_sums) {
  if (kInDouble) hole = kNoHole;  // has none: less code
  SoftmaxExp exp = MakeExp(plan, parts, lowest);
  const float of_hole = hole < n ? hn::GetLane(exp(Set(x[hole]))) : 0.0f;
  LaneSum sum;
  const size_t full = n / kSumBlock * kSumBlock;
  HWY_ALIGN float copy[kSumBlock], last[kSumBlock];
  size_t with_hole = n;
  if (hole < full) {
    with_hole = hole / kSumBlock * kSumBlock;
    CopyWithHole(x + with_hole, kSumBlock, hole % kSumBlock, copy);
  }
  const SoftmaxExp& exp_of_block = kInDouble ? exp : InMemory(exp);
  // The column at which the next block of kSumCols columns begins.
  size_t begin = block_sums == nullptr ? ~size_t{0} : 0;
  for (size_t i = 0;;) {
    if (HWY_UNLIKELY(i == begin) && i != n) {
      if (i != 0) {
        *block_sums++ = sum.Total();
        sum = LaneSum();
      }
      exp.SetLowestArgument(Set(static_cast<float>(*block_sums)));
      begin += kSumCols;
    }
    if (i == full) break;
    // On Zen 3, running ahead with stores takes 4 to 10 % more time at 64 to
    // 256 columns, and at most 2 % less time beyond. In double it takes 15 %
    // more time at 64 columns, and 12 % less at 1000, but a call of one row
    // gains nothing.
    if constexpr (kRunsAhead && !kInDouble && !kIsWritten) {
      const SoftmaxExp own = exp;  // GCC knows what is in a copy
      const uintptr_t row = reinterpret_cast<uintptr_t>(x);
      const uintptr_t in_copy =
          reinterpret_cast<uintptr_t>(copy) - with_hole * sizeof(float);
      uintptr_t base = row;
      const TermsAhead<kIsWritten> terms{own, base};
      const size_t end = HWY_MIN(begin, full);
      AddBlocksAhead(i, end, terms, sum, [&](size_t k) HWY_ATTR {
        if (next != nullptr) PrefetchRange<kSumBlock>(next + k);
        // Without a branch, because the row would wait for it.
        base = k - with_hole < kSumBlock ? in_copy : row;
      });
      i = end;
      continue;
    }
    const float* from = x + i;
    size_t end =
        HWY_MIN(begin, i < with_hole ? HWY_MIN(with_hole, full) : full);
    if (i == with_hole) {
      from = copy;
      end = i + kSumBlock;
    }
    // GCC would write the loop once for each case.
    end = Unknown(end);
    for (; i < end; i += kSumBlock, from += kSumBlock) {
      if (next != nullptr) PrefetchRange<kSumBlock>(next + i);
      sum.template AddBlock<kInDouble>(
          ExpTerms<kIsWritten>{exp_of_block, from, kIsWritten ? y + i : y});
    }
  }
  if (full != n) {
    const size_t count = n - full;
    const float* from = x + full;
    if (hole - full < count) {
      CopyWithHole(from, count, hole - full, last);
      from = last;
    }
    const ExpTerms<kIsWritten> terms{exp, from, kIsWritten ? y + full : y};
    AddLast<kInDouble>(0, count, terms, sum);
  }
  return {sum.Total(), of_hole};
}

}  // namespace

#if HWY_TARGET == HWY_AVX3
float MaxOfLongRow(const float* x, size_t n) { return MaxOfLogits(x, n); }

void Multiply(double factor, double sum, size_t n, float* e) {
  Replace(e, n, Probabilities(FactorOf(factor, sum)));
}
#endif

}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#include "kernels/block_passes-inl.h"
#endif  // SOFTLANE_SSE2
