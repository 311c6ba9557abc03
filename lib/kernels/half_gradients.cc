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
#include "arith/word_sum-inl.h"
#include "kernels/softmax_backward_row-inl.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::HalfGradientRow;
using internal::HalfGradients;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64

static_assert(internal::kGradientStep % (4 * kLanes) == 0, "");

// Two passes: the first reads p and dp; the second reads both, and writes dx. A
// pass that widened p and dp to memory would read and write them once more.

// Adds 64 products. Null p means factors of 1.
template <class Half>
HWY_INLINE void AddProducts(const Half* p, const Half* dp, LaneSum& sum) {
  sum.AddBlock([&](size_t i) HWY_ATTR {
    const auto one = [&](size_t i) HWY_ATTR {
      return hn::Mul(LoadHalf(p + i), LoadHalf(dp + i));
    };
    return Four{one(i), one(i + 16), one(i + 32), one(i + 48)};
  });
}
template <class Half>
struct SumOf {
  using Type = LaneSum;
};
#if HWY_TARGET == HWY_AVX2
template <>
struct SumOf<BFloat16> {
  using Type = WordSum;
};
HWY_INLINE void AddProducts(const BFloat16* p, const BFloat16* dp,
                            WordSum& sum) {
  const auto pair = [&](size_t i) HWY_ATTR {
    return Map([](VF p, VF dp) HWY_ATTR { return hn::Mul(p, dp); },
               LoadPair(p + i), LoadPair(dp + i));
  };
  const auto add = [](const Two& a, const Two& b) HWY_ATTR {
    return Map([](VF a, VF b) HWY_ATTR { return hn::Add(a, b); }, a, b);
  };
  const Two all = add(add(pair(0), pair(16)), add(pair(32), pair(48)));
  sum.AddFolded({all.a, all.b});
}
#endif

template <class Half>
double Dot(const void* p, const void* dp, size_t n, const void* last) {
  HWY_ALIGN Half ones[kSumBlock];
  const Half* of_p = static_cast<const Half*>(p);
  const Half* of_dp = static_cast<const Half*>(dp);
  const size_t step = p == nullptr ? 0 : kSumBlock;
  if (p == nullptr) {
    for (Half& one : ones) one = Half(1.0f);
    of_p = ones;
  }
  typename SumOf<Half>::Type sum;
  for (;; n -= kSumBlock) {
    if (n == 0) {
      if (last == nullptr) break;
      if (step != 0) of_p = static_cast<const Half*>(last);
      of_dp = static_cast<const Half*>(last) + kSumBlock;
      last = nullptr;
      n = kSumBlock;
    }
    AddProducts(of_p, of_dp, sum);
    of_p += step;
    of_dp += kSumBlock;
  }
  return FoldLanes(sum.Folded());
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

constexpr HalfGradients kGradients = {{&Dot<BFloat16>, &Dot<Float16>},
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
