// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax_backward.h"

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "softmax_backward.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "kernels/softmax_backward_group-inl.h"
#include "kernels/softmax_backward_row-inl.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// dx = scale p (dp - dot), dot = sum(p dp). Two sweeps: the dot product reads p
// and dp, the second reads both and writes dx.
//
// Errors, to first order in u: of |dp|, one each for the difference and the two
// products; of sum |p dp|, one more for a term of dot, kSumErrorU for the sum
// and one for its rounding to float.
static_assert(3.0 + 1.0 + kSumErrorU + 1.0 <= kSoftmaxBackwardMaxError,
              "the documented bound holds");

// Of longer rows the first cache does not hold two. ns per element on Zen 5,
// two rows in one loop and row by row: with AVX-512 0.147 and 0.173 at 128 x
// 67, 0.077 and 0.090 at 32 x 256, 0.064 and 0.083 at 32 x 1024, 0.063 and
// 0.076 at 16 x 2048, but 0.095 and 0.085 at 8 x 4096; with AVX2 0.098 and
// 0.117 at 32 x 256, 0.080 and 0.096 at 32 x 1024.
constexpr size_t kMaxPipelinedCols = 2048;
// Of longer rows the second cache holds only the end when the first sweep is
// done: the second begins there. ns per element so and from the beginning, with
// AVX-512: 0.120 and 0.133 at 4 x 24000, but 0.099 and 0.097 at 4 x 16384.
constexpr size_t kMinLargeCols = 20000;
// Of one such row the last cache does not keep enough, either: its gradient
// goes past it.
constexpr size_t kMinHugeCols = size_t{1} << 20;

struct GradientTerms {
  HWY_INLINE GradientTerms(const float* p, const float* dp, double dot,
                           float scale)
      : p(p),
        dp(dp),
        minus_half_dot(Set(static_cast<float>(-0.5 * dot))),
        scale(Set(scale)) {}
  HWY_INLINE Four FourOf(size_t i, size_t step = kLanes) const {
    return Map([&](VF p, VF dp)
                   HWY_ATTR { return Gradient(p, dp, minus_half_dot, scale); },
               LoadFour(p + i, step), LoadFour(dp + i, step));
  }
  HWY_INLINE VF One(size_t i) const {
    return Gradient(Load(p + i), Load(dp + i), minus_half_dot, scale);
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF zero = Set(0.0f);
    return Gradient(LoadFirst(p + i, count, zero),
                    LoadFirst(dp + i, count, zero), minus_half_dot, scale);
  }

  const float* p;
  const float* dp;
  VF minus_half_dot, scale;
};

// From the end, which may still be in a cache.
template <bool kStream>
HWY_INLINE void WriteLargeGradients(const GradientTerms& terms, float* dx,
                                    size_t n) {
  const AlignedRange range(dx, n);
  StoreSome(terms, dx, range.end, n);
  for (size_t i = range.end; i != range.begin;) {
    i -= 4 * kLanes;
    if constexpr (kStream) {
      const size_t ahead = i > kPrefetchAhead ? i - kPrefetchAhead : 0;
      PrefetchRange<4 * kLanes>(terms.p + ahead);
      PrefetchRange<4 * kLanes>(terms.dp + ahead);
      StreamFour(terms.FourOf(i), dx + i, kLanes);
    } else {
      StoreFour(terms.FourOf(i), dx + i, kLanes);
    }
  }
  StoreSome(terms, dx, 0, range.begin);
  if constexpr (kStream) hwy::FlushStream();
}

// `next` is null unless the gradients of many rows go past the caches.
void BackwardRow(const float* p, const float* dp, float* dx, size_t n,
                 float scale, const NextRow* next) {
  const double dot = SumTerms(n, DotTerms{p, dp});
  const GradientTerms terms(p, dp, dot, scale);
  if (next != nullptr) {
    StreamTerms(terms, dx, n, *next);
  } else if (n < kMinLargeCols) {
    StoreTerms(terms, dx, n);
  } else if (n < kMinHugeCols || dx == p || dx == dp || !CanStream(dx)) {
    WriteLargeGradients<false>(terms, dx, n);
  } else {
    WriteLargeGradients<true>(terms, dx, n);
  }
}

// A row's products p * dp and, on the way, the gradients of the row before: the
// arithmetic of one fills the time in which the other's sum is folded.
struct PipelinedDots {
  HWY_INLINE Four FourOf(size_t i) const {
    const Four products = dots.FourOf(i);
    StoreFour(before.FourOf(i, 16), dx + i, 16);
    return products;
  }
  HWY_INLINE VF One(size_t i) const {
    const VF products = dots.One(i);
    Store(before.One(i), dx + i);
    return products;
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF products = dots.First(i, count);
    StoreFirst(before.First(i, count), dx + i, count);
    return products;
  }

  const DotTerms& dots;
  const GradientTerms& before;
  float* dx;
};

HWY_NOINLINE void BackwardPipelined(const Rows<const float>& p,
                                    const Rows<const float>& dp,
                                    const Rows<float>& dx, float scale) {
  const size_t n = p.cols;
  double dot = SumTerms(n, DotTerms{p.Row(0), dp.Row(0)});
  for (size_t r = 0; r < p.rows; ++r) {
    const GradientTerms terms(p.Row(r), dp.Row(r), dot, scale);
    if (r + 1 == p.rows) return StoreTerms(terms, dx.Row(r), n);
    const DotTerms dots{p.Row(r + 1), dp.Row(r + 1)};
    dot = SumTerms(n, PipelinedDots{dots, terms, dx.Row(r)});
  }
}

// The choice between the schedules. All give the same bits.
void BackwardRows(const Rows<const float>& p, const Rows<const float>& dp,
                  const Rows<float>& dx, float scale) {
  size_t r = 0;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
  r = BackwardGroups(p, dp, dx, scale);
#endif
  const bool is_large = p.cols >= kMinStreamedSoftmaxCols &&
                        p.cols < kMinHugeCols && IsLarge(p.rows, p.cols, 3) &&
                        dx.data != p.data && dx.data != dp.data;
  if (const size_t rest = p.rows - r;
      rest > 1 && p.cols <= kMaxPipelinedCols && !is_large) {
    return BackwardPipelined(p.Slice(r, rest), dp.Slice(r, rest),
                             dx.Slice(r, rest), scale);
  }
  for (; r < p.rows; ++r) {
    NextRow next{};
    if (r + 1 < p.rows) next = {p.Row(r + 1), dp.Row(r + 1)};
    BackwardRow(p.Row(r), dp.Row(r), dx.Row(r), p.cols, scale,
                is_large ? &next : nullptr);
  }
  if (is_large) hwy::FlushStream();
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace {

using BackwardFunction = void(const Rows<const float>&,
                              const Rows<const float>&, const Rows<float>&,
                              float);
constexpr internal::KernelTable<BackwardFunction> kBackwardTable =
    SOFTLANE_KERNEL_TABLE(BackwardRows);

}  // namespace

inline namespace v1 {

Status SoftmaxBackward(const Rows<const float>& probs,
                       const Rows<const float>& dprobs,
                       const Rows<float>& dlogits, float scale,
                       Target target) noexcept {
  if (Status s = internal::CheckMap(probs, dprobs, dlogits); s != Status::kOk) {
    return s;
  }
  if (!internal::IsFinitePositive(scale)) return Status::kBadOption;
  BackwardFunction* const kernel = internal::Select(kBackwardTable, target);
  if (kernel == nullptr) return Status::kTargetUnavailable;
  if (probs.cols == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  kernel(probs, dprobs, dlogits, scale);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
#endif  // HWY_ONCE
