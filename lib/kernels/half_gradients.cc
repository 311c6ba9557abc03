// SPDX-License-Identifier: Apache-2.0
#include "kernels/half_gradients.h"

#include <type_traits>

#include "kernels/backward_passes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/half_gradients.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/exp-inl.h"
#include "arith/half_pairs-inl.h"
#include "arith/sum-inl.h"
#include "kernels/softmax_backward_row-inl.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::DotLanes;
using internal::HalfGradientRow;
using internal::HalfGradients;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64

static_assert(internal::kGradientStep % (4 * kLanes) == 0, "");

// Two passes: the first reads p and dp; the second reads both, and writes dx. A
// pass that widened p and dp to memory would read and write them once more.

template <class Half>
struct HalfProducts {
  HWY_INLINE Four operator()(size_t i) const {
    return {One(i), One(i + 16), One(i + 32), One(i + 48)};
  }
  HWY_INLINE VF One(size_t i) const {
    return hn::Mul(LoadHalf(p + i), LoadHalf(dp + i));
  }

  const Half* p;
  const Half* dp;
};

template <class Half>
void AddDot(const void* p, const void* dp, size_t n, DotLanes* lanes) {
  HWY_ALIGN Half ones[kSumBlock];
  for (Half& one : ones) one = Half(1.0f);
  const size_t step = p == nullptr ? 0 : kSumBlock;
  HalfProducts<Half> products{p == nullptr ? ones : static_cast<const Half*>(p),
                              static_cast<const Half*>(dp)};
  LaneSum sum;
  sum.AddLanes(lanes->lanes);
  for (size_t i = 0; i < n; i += kSumBlock) {
    sum.AddBlock(products);
    products.p += step;
    products.dp += kSumBlock;
  }
  sum.StoreLanes(lanes->lanes);
}

// The gradients of log-softmax: see log_softmax_backward_passes.cc.
struct LogGradient {
  HWY_INLINE LogGradient(double sum, float scale)
      : exp(Set(kLog2EHigh), Set(kLog2ELow), Set(0.0f),
            Set(internal::kLowestLogProbability)),
        sum(Set(static_cast<float>(sum * kOverSoftmaxFactor))),
        scale(Set(scale)) {}
  HWY_INLINE Four operator()(const Four& log_p, const Four& d) const {
    return Map([&](VF p, VF d)
                   HWY_ATTR { return hn::Mul(scale, Fnma(p, sum, d)); },
               exp(log_p), d);
  }

  SoftmaxExp exp;
  VF sum, scale;
};
struct ProbGradient {
  HWY_INLINE ProbGradient(double dot, float scale)
      : minus_half_dot(Set(MinusHalf(dot))), scale(Set(scale)) {}
  HWY_INLINE Four operator()(const Four& p, const Four& dp) const {
    return Map([&](VF p, VF dp)
                   HWY_ATTR { return Gradient(p, dp, minus_half_dot, scale); },
               p, dp);
  }

  VF minus_half_dot, scale;
};

// Four vectors in the order in which the output is stored.
template <class Out, class Half>
HWY_INLINE Four LoadFor(const Half* from) {
  if constexpr (std::is_same_v<Out, float>) {
    return {LoadHalf(from), LoadHalf(from + kLanes),
            LoadHalf(from + 2 * kLanes), LoadHalf(from + 3 * kLanes)};
  } else {
    return LoadPairs(from);
  }
}
HWY_INLINE void StoreFrom(const Four& v, float* to, bool is_streamed) {
  if (is_streamed) {
    StreamFour(v, to, kLanes);
  } else {
    StoreFour(v, to, kLanes);
  }
}
template <class Half>
HWY_INLINE void StoreFrom(const Four& v, Half* to, bool is_streamed) {
  StorePairs(v, to, is_streamed);
}

template <class Gradient, class Half, class Out>
void Write(const HalfGradientRow& row, double dot) {
  constexpr size_t kLine = 64 / sizeof(Half);
  const Gradient gradient(dot, row.scale);
  const Half* const p = static_cast<const Half*>(row.p);
  const Half* const dp = static_cast<const Half*>(row.dp);
  Out* const dx = static_cast<Out*>(row.dx);
  const Half* const next_p = static_cast<const Half*>(row.next_p);
  const Half* const next_dp = static_cast<const Half*>(row.next_dp);
  const bool is_streamed = row.is_streamed;
  for (size_t i = 0; i < row.n; i += 4 * kLanes) {
    for (size_t k = 0; k < 4 * kLanes; k += kLine) {
      hwy::Prefetch(next_p + i + k);
      hwy::Prefetch(next_dp + i + k);
    }
    StoreFrom(gradient(LoadFor<Out>(p + i), LoadFor<Out>(dp + i)), dx + i,
              is_streamed);
  }
}

void Flush() { hwy::FlushStream(); }

constexpr HalfGradients kGradients = {{&AddDot<BFloat16>, &AddDot<Float16>},
                                      {&Write<ProbGradient, BFloat16, BFloat16>,
                                       &Write<ProbGradient, Float16, Float16>},
                                      {&Write<ProbGradient, BFloat16, float>,
                                       &Write<ProbGradient, Float16, float>},
                                      {&Write<LogGradient, BFloat16, BFloat16>,
                                       &Write<LogGradient, Float16, Float16>},
                                      &Flush};

#else

constexpr HalfGradients kGradients = {};

#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const HalfGradients> kHalfGradients =
    SOFTLANE_KERNEL_TABLE(kGradients);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
