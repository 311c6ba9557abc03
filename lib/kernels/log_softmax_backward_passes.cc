// SPDX-License-Identifier: Apache-2.0
#include "kernels/backward_passes.h"
#include "softlane/accuracy.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/log_softmax_backward_passes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/exp-inl.h"
#include "arith/sum-inl.h"
#include "arith/vector-inl.h"
#include "kernels/sse2_log_backward-inl.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// dx = scale (d - p sum(d)), p = exp(log p). Two passes: the sum reads d; the
// second reads both and writes dx.
//
// p comes from softmax's exponential, whose common factor is taken off the sum.
//
// Errors, in u: of |d|, one for the difference and one for the product with
// scale; of p sum |d|, those two, the exponential, the sum and its rounding.
static_assert(kSoftmaxExpErrorU + kSumErrorU + 3.0 + 0.01 <=
                  kLogSoftmaxBackwardMaxError,
              "the documented bound holds");

#ifndef SOFTLANE_SSE2
struct LoadedTerms {
  HWY_INLINE Four FourOf(size_t i) const { return LoadFour(d + i, 16); }
  HWY_INLINE VF One(size_t i) const { return Load(d + i); }
  HWY_INLINE VF First(size_t i, size_t count) const {
    return LoadFirst(d + i, count, Set(0.0f));
  }

  const float* d;
};

HWY_INLINE SoftmaxExp ExpOfLogs() {
  return SoftmaxExp(Set(kLog2EHigh), Set(kLog2ELow), Set(0.0f),
                    Set(internal::kLowestLogProbability));
}

struct LogGradients {
  HWY_INLINE LogGradients(const SoftmaxExp& exp, double sum, float scale,
                          const float* log_p, const float* d)
      : exp(exp),
        sum(Set(static_cast<float>(sum * kOverSoftmaxFactor))),
        scale(Set(scale)),
        log_p(log_p),
        d(d) {}

  HWY_INLINE Four FourOf(size_t i) const {
    return Of(LoadFour(log_p + i, kLanes), LoadFour(d + i, kLanes));
  }
  HWY_INLINE VF One(size_t i) const { return Of(Load(log_p + i), Load(d + i)); }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF zero = Set(0.0f);
    return Of(LoadFirst(log_p + i, count, zero), LoadFirst(d + i, count, zero));
  }

  // V is VF or Four.
  template <class V>
  HWY_INLINE V Of(const V& log_p, const V& d) const {
    return Map([&](VF p, VF d)
                   HWY_ATTR { return hn::Mul(scale, Fnma(p, sum, d)); },
               exp(log_p), d);
  }

  const SoftmaxExp& exp;
  VF sum, scale;
  const float* log_p;
  const float* d;
};

// The same with parts of vectors in a function of their own: there are few.
struct StreamedLogGradients : LogGradients {
  HWY_INLINE explicit StreamedLogGradients(const LogGradients& gradients)
      : LogGradients(gradients) {}

  HWY_INLINE VF One(size_t i) const { return First(i, kLanes); }
  HWY_NOINLINE VF First(size_t i, size_t count) const {
    return LogGradients::First(i, count);
  }
};

// Functions of their own: the constants of each stay in registers only there.
HWY_NOINLINE void StoreRows(const Rows<const float>& log_p,
                            const Rows<const float>& d, const Rows<float>& dx,
                            float scale) {
  const size_t n = log_p.cols;
  const SoftmaxExp exp = ExpOfLogs();
  for (size_t r = 0; r < log_p.rows; ++r) {
    const double sum = SumTerms(n, LoadedTerms{d.Row(r)});
    StoreTerms(LogGradients(exp, sum, scale, log_p.Row(r), d.Row(r)), dx.Row(r),
               n);
  }
}
HWY_NOINLINE void StreamRows(const Rows<const float>& log_p,
                             const Rows<const float>& d, const Rows<float>& dx,
                             float scale) {
  const size_t n = log_p.cols;
  const SoftmaxExp exp = ExpOfLogs();
  for (size_t r = 0; r < log_p.rows; ++r) {
    const size_t full = n / kSumBlock * kSumBlock;
    const LoadedTerms terms{d.Row(r)};
    LaneSum sum;
    AddBlocks(0, full, terms, sum);
    AddShortLast(full, n, terms, sum);
    NextRow next{};
    if (r + 1 < log_p.rows) next = {d.Row(r + 1), log_p.Row(r + 1)};
    const LogGradients gradients(exp, sum.Total(), scale, log_p.Row(r),
                                 d.Row(r));
    StreamTerms(StreamedLogGradients(gradients), dx.Row(r), n, next);
  }
  hwy::FlushStream();
}

void BackwardRows(const Rows<const float>& log_p, const Rows<const float>& d,
                  const Rows<float>& dx, float scale, bool is_streamed) {
  is_streamed ? StreamRows(log_p, d, dx, scale)
              : StoreRows(log_p, d, dx, scale);
}
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<LogSoftmaxBackwardRows> kLogSoftmaxBackwardRows =
    SOFTLANE_KERNEL_TABLE(BackwardRows);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
