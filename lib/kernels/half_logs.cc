// SPDX-License-Identifier: Apache-2.0
#include "kernels/half_logs.h"

#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/half_logs.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/half_pairs-inl.h"
#include "arith/lane_range-inl.h"
#include "arith/log_probabilities-inl.h"
#include "arith/max-inl.h"
#include "arith/terms-inl.h"
#include "kernels/ahead-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::ExpParams;
using internal::HalfLogs;
using internal::HalfSumJob;
using internal::kSumCols;
using internal::RowResult;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3

// The exp values of a row as the terms of a sum. Also finds the maximum.
template <class Half>
struct HalfSumTerms {
  HWY_INLINE Four FourOf(size_t i) const {
    const Four v = InRegisters({LoadHalf(x + i), LoadHalf(x + i + 16),
                                LoadHalf(x + i + 32), LoadHalf(x + i + 48)});
    max.Add(v);
    return ExpInRange<false>(v, exp, range);
  }

  // See EndAndBegin.
  HWY_INLINE VF Begin(size_t i) const {
    const VF v = LoadHalf(x + i);
    max.Add(v);
    return v;
  }
  HWY_INLINE const SoftmaxExp& Exp() const { return exp; }
  HWY_INLINE void Beside(size_t) const {}
  HWY_INLINE VF End(const NarrowStage& stage) const {
    const VF term =
        EndInRange<false>(stage.x, stage.eighths, stage.rest, exp, range);
    range.KeepInOrder();
    return term;
  }
  HWY_INLINE void Put(size_t, VF) const {}

  const SoftmaxExp& exp;
  const Half* const x;
  LaneRange& range;
  NarrowMax& max;
};

// Adds the last terms. The logits are in the form of HalfSumJob::last.
HWY_NOINLINE void AddLast(const float* last, size_t count,
                          const ExpParams& params, LaneRange& range,
                          NarrowMax& max, LaneSum& sum) {
  const SoftmaxExp exp = ExpOf(params.range, params.parts);
  HWY_ALIGN float block[kSumBlock];
  for (size_t i = 0; i < kSumBlock; i += kLanes) {
    i = Unknown(i);
    const VF v = Load(last + i);
    max.Add(v);
    const VF term = ExpInRange<false>(v, exp, range);
    Store(KeepFirst(term, HWY_MIN(count - HWY_MIN(count, i), kLanes)),
          block + i);
  }
  sum.AddStoredInDouble(block);
}

template <class Half>
HWY_NOINLINE void Sum(const HalfSumJob& job, const ExpParams& params,
                      RowResult& result) {
  const SoftmaxExp exp = ExpOf(params.range, params.parts);
  LaneRange range;
  NarrowMax max;
  LaneSum sum;
  const HalfSumTerms<Half> terms{exp, static_cast<const Half*>(job.logits),
                                 range, max};
  const size_t n = job.n, full = n / kSumBlock * kSumBlock;
  double* block_sums = job.block_sums;
  for (size_t i = 0; i != full;) {
    const size_t end = HWY_MIN(full, i + kSumCols);
    if constexpr (kRunsAhead) {
      AddBlocksAheadInDouble(i, end, terms, sum);
    } else {
      AddBlocks<true>(i, end, terms, sum);
    }
    i = end;
    if (HWY_UNLIKELY(i % kSumCols == 0) && i != n) {
      *block_sums++ = sum.Total();
      sum = LaneSum();
    }
  }
  if (full != n) AddLast(job.last, n - full, params, range, max, sum);
  result.max = max.Total();
  result.sum = result.row_sum = sum.Total();
  result.in_range = range.IsInside();
}

// No result is subnormal, so all are usual numbers: see half_vectors-inl.h. If
// |log_sum| is at least 2^-70, a result is 0 or at least 2^-122, as a
// difference of multiples of that: the product scale x has 48 bits, and log_sum
// is a double. Else the maximum's product is near 0. It is log_sum, and the
// result 0, unless the other exp values add 2^-53 of the sum or more. Others'
// results are below -0.6.
//
// In words bfloat16 takes fewer instructions.
template <class In, class Half>
void Write(const void* x, void* y, size_t n, double log_sum,
           const ScaleParts& parts) {
  constexpr bool kInWords = HWY_TARGET == HWY_AVX2 &&
                            std::is_same_v<In, BFloat16> &&
                            std::is_same_v<Half, BFloat16>;
  const LaneLogProbabilities log = LogProbabilities(parts, log_sum).Unshifted();
  const In* const from = static_cast<const In*>(x);
  Half* const to = static_cast<Half*>(y);
  for (size_t i = 0; i < n; i += 2 * kLanes) {
    Two v;
    if constexpr (std::is_same_v<In, float>) {
      v = {Load(from + i), Load(from + i + kLanes)};
    } else {
      v = LoadTwo<kInWords>(from + i);
    }
    StoreUsual<kInWords>(log(v), to + i);
  }
}

constexpr HalfLogs kKernels = {
    {&Sum<BFloat16>, &Sum<Float16>},
    {{&Write<BFloat16, BFloat16>, &Write<Float16, Float16>},
     {&Write<float, BFloat16>, &Write<float, Float16>}}};
#else
constexpr HalfLogs kKernels = {};
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const HalfLogs> kHalfLogs = SOFTLANE_KERNEL_TABLE(kKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
