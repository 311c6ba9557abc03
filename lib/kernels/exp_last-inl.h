// SPDX-License-Identifier: Apache-2.0

// The block of a row that is not full, in the exp pass: one function for logits
// of all kinds, where most of a pass was this code.

#if defined(SOFTLANE_LIB_KERNELS_EXP_LAST_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_EXP_LAST_INL_H_
#undef SOFTLANE_LIB_KERNELS_EXP_LAST_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_EXP_LAST_INL_H_
#endif

#include "arith/sum-inl.h"
#include "kernels/logits-inl.h"
#include "kernels/range_terms-inl.h"
#include "kernels/softmax_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::ExpParams;
using internal::RowJob;

// A Source is made of the kind's own, and has LogitsAt(logits, row, begin).
template <class Source>
HWY_INLINE auto LogitsOf(const Source& source, const RowJob& job) {
  return source.LogitsAt(job.logits, job.row, job.begin);
}

HWY_INLINE NextRow AheadOf(const RowJob& job) {
  return {job.ahead.first, job.ahead.second};
}

// A block that is not full: its terms folded as LaneSum has them, their maximum
// and whether they fit.
struct LastBlock {
  template <bool kInDouble, class FourTerms>
  HWY_INLINE void AddBlock(const FourTerms& four) {
    for (size_t k = 0; k < LaneSum::kFoldedVectors; ++k) {
      const Four v = four(k * kLanes);
      Store(hn::Add(hn::Add(v.a, v.b), hn::Add(v.c, v.d)), folded + k * kLanes);
    }
  }
  HWY_INLINE void AddTo(LaneSum& sum) const {
    VF vectors[LaneSum::kFoldedVectors];
    for (size_t k = 0; k < LaneSum::kFoldedVectors; ++k) {
      vectors[k] = Load(folded + k * kLanes);
    }
    sum.AddFolded(vectors);
  }

  HWY_ALIGN float folded[2 * kSumLanes];
  float max;
  bool in_range;
};

// The block of a row that is not full, of which `last` are the logits.
HWY_MAYBE_UNUSED HWY_NOINLINE void ExpLast(const float* last, bool has_masked,
                                           const RowJob& job,
                                           const ExpParams& params,
                                           LastBlock& block) {
  // Nothing is below -inf: elements that are too low do not fit.
  const float lowest = has_masked ? params.range.lowest : -kInfinity;
  const SoftmaxExp exp = ExpOf({params.range.offset, lowest}, params.parts);
  const size_t full = job.n / kSumBlock * kSumBlock, count = job.n - full;
  LaneRange range;
  LaneMax max;
  const PlainLogits logits{last};
  using Terms = RangeTerms<true, true, PlainLogits>;
  const Terms terms{exp, logits, job.e + full, range, max};
  if (job.pending_n == job.n) {
    const Probabilities probabilities(internal::ReciprocalOf(*job.pending_sum));
    const UsualProbabilities usual{probabilities};
    const DividingTerms<Terms> dividing{terms,
                                        usual,
                                        job.pending + full,
                                        job.probs + full,
                                        job.is_streamed,
                                        {nullptr, nullptr}};
    AddFastLast(0, count, dividing, block);
  } else {
    AddShortLast(0, count, terms, block);
  }
  block.max = max.Total();
  block.in_range = range.IsInside();
}

// Where the logits of the block that is not full stand in memory: `block`,
// unless all do. A function of its own, for all passes of the kind.
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
    return job.logits + job.n / kSumBlock * kSumBlock;
  } else {
    return WriteLast<Source>(source, job, block);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_EXP_LAST_INL_H_
