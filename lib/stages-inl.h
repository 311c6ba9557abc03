// SPDX-License-Identifier: Apache-2.0

// Exponentials in two stages: while those of one block end, those of the next
// begin. A CPU keeps only so many instructions that wait for their operands;
// so most of those it is given need not wait.

#if defined(SOFTLANE_LIB_STAGES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_STAGES_INL_H_
#undef SOFTLANE_LIB_STAGES_INL_H_
#else
#define SOFTLANE_LIB_STAGES_INL_H_
#endif

#include "sum-inl.h"
#include "vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Shorter rows have more to do in their first and last block. With AVX-512 on
// Zen 5, ns per element so and not: 0.161 and 0.157 at 64 x 200, 0.152 and
// 0.152 at 8 x 300.
constexpr size_t kMinStagedCols = 256;

// As AddBlocks, where a block is four vectors. X(i) loads the arguments of the
// block at i. Begin, the first stage, sets what the second needs; End, the
// second, gives the terms; Write(i, terms) stores those of i and i + 16, and
// does what else is done beside them. Two vectors at a time: the stages of four
// need more registers than there are. ns per
// element of softmax with AVX-512 on Zen 5, so and by AddBlocks: 0.094 and
// 0.100 at 8 x 1024, 0.083 and 0.090 at 8 x 4096.
template <class Terms, class Sum>
HWY_INLINE void AddStagedBlocks(size_t start, size_t end, const Terms& terms,
                                Sum& sum) {
  static_assert(Terms::kMayBeStaged, "with 16 lanes: a block is four vectors");
  if (start == end) return;
  constexpr size_t kHalf = kSumBlock / 2;
  const auto add = [&](const Two& lower, const Two& upper) HWY_ATTR {
    sum.template AddBlock<false>([&](size_t) HWY_ATTR {
      return Four{lower.a, lower.b, upper.a, upper.b};
    });
  };
  const Four first = terms.X(start);
  // Variables, not a struct: GCC keeps a struct of vectors on the stack.
  Two x{first.a, first.b}, upper_x{first.c, first.d};
  Two eighths, rest, upper_eighths, upper_rest;
  terms.Begin(x, eighths, rest);
  terms.Begin(upper_x, upper_eighths, upper_rest);
  for (; start + kSumBlock < end; start += kSumBlock) {
    // The next arguments before anything is stored: see DividingNumerators.
    const Four next = terms.X(start + kSumBlock);
    const Two lower = terms.End(x, eighths, rest);
    x = {next.a, next.b};
    terms.Begin(x, eighths, rest);
    terms.Write(start, lower);
    const Two upper = terms.End(upper_x, upper_eighths, upper_rest);
    upper_x = {next.c, next.d};
    terms.Begin(upper_x, upper_eighths, upper_rest);
    terms.Write(start + kHalf, upper);
    add(lower, upper);
  }
  const Two lower = terms.End(x, eighths, rest);
  const Two upper = terms.End(upper_x, upper_eighths, upper_rest);
  terms.Write(start, lower);
  terms.Write(start + kHalf, upper);
  add(lower, upper);
}

// The sum of terms that are only written.
struct NoSum {
  template <bool kInDouble, class FourTerms>
  HWY_INLINE void AddBlock(const FourTerms& four) {
    for (size_t k = 0; k < LaneSum::kFoldedVectors; ++k) four(k * kLanes);
  }
};
template <class Terms>
HWY_INLINE void WriteLast(size_t start, size_t n, const Terms& terms) {
  size_t i = start;
  for (; n - i >= kLanes; i += kLanes) terms.One(i);
  if (i != n) terms.First(i, n - i);
}
template <class Terms>
HWY_INLINE void WriteTerms(size_t n, const Terms& terms) {
  const size_t full = n / kSumBlock * kSumBlock;
  NoSum none;
  if constexpr (Terms::kMayBeStaged) {
    AddStagedBlocks(0, full, terms, none);
  } else {
    AddBlocks(0, full, terms, none);
  }
  WriteLast(full, n, terms);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_STAGES_INL_H_
