// SPDX-License-Identifier: Apache-2.0

// The block of a row that is not full, in the exp pass. One function serves
// logits of all kinds, because this code would be most of each pass. This
// function, and other code that all passes share, is in plain_passes.cc.

#if defined(SOFTLANE_LIB_KERNELS_EXP_LAST_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_EXP_LAST_INL_H_
#undef SOFTLANE_LIB_KERNELS_EXP_LAST_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_EXP_LAST_INL_H_
#endif

#include "arith/exact_sum.h"
#include "arith/sum-inl.h"
#include "arith/terms-inl.h"
#include "kernels/logits-inl.h"
#include "kernels/range_terms-inl.h"
#include "kernels/softmax_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {

// Writes the exp values of the block that is not full, whose logits are `last`.
// If the pending row is as long, its part of the block is divided.
HWY_NOINLINE void ExpLast(const float* last, bool has_masked,
                          const internal::RowJob& job,
                          const internal::ExpParams& params,
                          internal::LastBlock& block);

// probs = e / sum for the rest of a row. No probability is below 2^-126. Not
// inlined, because it is rarely called and would be much code in the passes.
HWY_NOINLINE void DivideRest(double sum, const float* e, float* probs, size_t n,
                             bool is_streamed);

// Runs exp_row for one job after the other: an ExpRowsFunction.
using ExpRowFunction = void(const void* source, const internal::RowJob& job,
                            const internal::ExpParams& params,
                            internal::RowResult& result);
HWY_NOINLINE internal::RowsDone ExpRowByRow(ExpRowFunction* exp_row,
                                            bool has_masked, const void* source,
                                            const internal::RowJob* jobs,
                                            size_t count,
                                            const internal::ExpParams& params,
                                            internal::RowResult* results);

namespace {

using internal::ExpParams;
using internal::kSumCols;
using internal::LastBlock;
using internal::MayHaveTiny;
using internal::RowJob;
using internal::RowResult;

// With AVX-512, where a row takes half as many instructions, usual rows have
// code of their own for the block that is not full. With AVX2 on Zen 3 such
// code would save less than 1 % at 500 to 1000 columns.
template <bool kHasMasked, bool kNeedsMax, class Source>
constexpr bool HasOwnLast() {
  return kLanes == 16 && !kHasMasked && !kNeedsMax && Source::kAreInMemory;
}

// Whether the row is done. Its exp values must fit. If elements may be masked,
// or if a sink may be all that counts, the sum must be large enough. A row
// whose sum is NaN is not done. For a long row, the caller finds out whether
// the sum is large enough.
HWY_INLINE bool IsDone(bool has_masked, const RowJob& job,
                       const RowResult& result) {
  const bool may_be_few =
      (has_masked || job.sink != -kInfinity) && job.block_sums == nullptr;
  const bool is_enough =
      !may_be_few || result.row_sum >= internal::LeastSum(job.n);
  return result.in_range && is_enough;
}

// Whether the rows behind this one are for another call: the prediction moves,
// or probabilities may be tiny.
HWY_INLINE bool EndsCall(double row_sum, double sum) {
  return !internal::IsUsualSum(row_sum) || MayHaveTiny(sum);
}

// A Source is made from the source of the kind of logits, and has
// LogitsAt(logits, row, begin).
template <class Source>
HWY_INLINE auto LogitsOf(const Source& source, const RowJob& job) {
  return source.LogitsAt(job.logits, job.row, job.begin);
}

HWY_INLINE NextRow AheadOf(const RowJob& job) {
  return {job.ahead.first, job.ahead.second};
}

// A block's terms, folded as LaneSum folds them.
struct FoldedTerms {
  template <bool kInDouble, class FourTerms>
  HWY_INLINE void AddBlock(const FourTerms& four) {
    for (size_t k = 0; k < LaneSum::kFoldedVectors; ++k) {
      const Four v = four(k * kLanes);
      Store(hn::Add(hn::Add(v.a, v.b), hn::Add(v.c, v.d)), to + k * kLanes);
    }
  }

  float* to;
};
HWY_INLINE void AddLastBlock(const LastBlock& block, LaneSum& sum) {
  VF vectors[LaneSum::kFoldedVectors];
  for (size_t k = 0; k < LaneSum::kFoldedVectors; ++k) {
    vectors[k] = Load(block.folded + k * kLanes);
  }
  sum.AddFolded(vectors);
}

// Calls add(i, end) until all full blocks of terms up to `full` are added.
// add(i, end) adds full blocks from i on, up to `end` at most, and returns the
// column after them. A call never covers two blocks of kSumCols. The sums of
// complete blocks of kSumCols are stored in block_sums. With kHasLowest and an
// exact range, block_sums gives the lowest argument of each block.
template <bool kHasLowest, class Add>
HWY_INLINE void ForSumCols(size_t full, const RowJob& job,
                           const ExpParams& params, double* block_sums,
                           LaneSum& sum, SoftmaxExp& exp, const Add& add) {
  for (size_t i = 0; i != full;) {
    if (kHasLowest && HWY_UNLIKELY(block_sums != nullptr) && params.is_exact) {
      exp.SetLowestArgument(Set(static_cast<float>(*block_sums)));
    }
    i = add(i, HWY_MIN(full, (i | (kSumCols - 1)) + 1));
    if (HWY_UNLIKELY(i % kSumCols == 0) && i != job.n) {
      *block_sums++ = sum.Total();
      sum = LaneSum();
    }
  }
}
// The lowest argument of the block that is not full.
HWY_INLINE float LowestOfLast(const RowJob& job, const ExpParams& params) {
  return job.block_sums == nullptr || !params.is_exact
             ? params.range.lowest
             : static_cast<float>(job.block_sums[job.n / kSumCols]);
}

// The place of the logits of the block that is not full. It is `block`, unless
// all logits are in memory. Not inlined, so that all passes of the kind share
// it.
template <class Source>
HWY_NOINLINE const float* WriteLast(Source source, const RowJob& job,
                                    float* block) {
  const auto logits = LogitsOf(source, job);
  const size_t n = job.n, full = n / kSumBlock * kSumBlock;
  size_t i = full;
  for (; n - i >= kLanes; i += kLanes) {
    Store(logits.One(i), block + (i - full));
  }
  if (i != n) Store(logits.First(i, n - i), block + (i - full));
  return block;
}
template <class Source>
HWY_INLINE const float* LastLogits(const Source& source, const RowJob& job,
                                   float* block) {
  if constexpr (Source::kAreInMemory) {
    return job.logits + job.begin + job.n / kSumBlock * kSumBlock;
  } else {
    return WriteLast<Source>(source, job, block);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_EXP_LAST_INL_H_
