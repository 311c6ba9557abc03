// SPDX-License-Identifier: Apache-2.0

// Log-softmax of many rows, three sweeps in one loop: while a row's numerators
// are summed, the row before is written, and the maximum of the next one found.
// The first keeps the multipliers busy, the others loads and stores.

#if defined(SOFTLANE_LIB_KERNELS_LOG_SOFTMAX_PIPELINE_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_LOG_SOFTMAX_PIPELINE_INL_H_
#undef SOFTLANE_LIB_KERNELS_LOG_SOFTMAX_PIPELINE_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_LOG_SOFTMAX_PIPELINE_INL_H_
#endif

#include "arith/log_probabilities-inl.h"
#include "arith/max-inl.h"
#include "arith/row_exp-inl.h"
#include "kernels/exp_values-inl.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// A row whose results are to be written.
struct WaitingLogs {
  HWY_INLINE void Write(size_t n) const {
    StoreTerms(MappedRow<LogProbabilities>{log, from}, to, n);
  }

  LogProbabilities log;
  const float* from;
  float* to;
};

// The terms of a row's sum and, on the way, the results of a row before, of as
// many elements.
struct WritingTerms {
  HWY_INLINE Four FourOf(size_t i) const {
    // All loads before all stores: see DividingNumerators.
    const Four x = InRegisters(LoadFour(terms.x + i, 16));
    const Four from = InRegisters(LoadFour(before.from + i, 16));
    const Four result = terms.exp(x);
    StoreFour(before.log.Subtract(from), before.to + i, 16);
    return result;
  }
  HWY_INLINE VF One(size_t i) const {
    Store(before.log.Subtract(Load(before.from + i)), before.to + i);
    return terms.One(i);
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF from = LoadFirst(before.from + i, count, Set(0.0f));
    StoreFirst(before.log.Subtract(from), before.to + i, count);
    return terms.First(i, count);
  }

  const UnwrittenNumerators<AsIs>& terms;
  const WaitingLogs& before;
};

struct LogSwept {
  double sum;  // of the row's numerators
  float max;   // of the row ahead
};

// For a plan and a row before that need no shift. A function of its own, so
// that the constants of its loop stay in registers.
HWY_NOINLINE LogSwept SumAndWrite(const float* x, size_t n, const RowPlan& plan,
                                  const ScaleParts& parts,
                                  const WaitingLogs& before,
                                  const float* ahead) {
  const SoftmaxExp exp = MakeExp(plan, parts);
  const AsIs as_is;
  const UnwrittenNumerators<AsIs> terms{exp, as_is, x};
  const WaitingLogs copy = before;  // no store can change it
  LaneMax max;
  LaneSum sum;
  const WritingTerms writing{terms, copy};
  const TermsAndMax<WritingTerms> all{writing, ahead, max};
  const size_t full = n / kSumBlock * kSumBlock;
  AddBlocks<true>(0, full, all, sum);
  AddFastLast<true>(full, n, all, sum);
  return {sum.Total(), max.Total()};
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_LOG_SOFTMAX_PIPELINE_INL_H_
