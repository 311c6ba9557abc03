// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax_backward.h"

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "softmax_backward.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "sum-inl.h"
#include "vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// dx = scale p (dp - dot), dot = sum(p dp). Two sweeps: the dot product reads p
// and dp, the second reads both and writes dx.
//
// The second computes (scale p) (dp - dot): the difference comes first, so that
// a probability of 1 gets exactly 0. It is taken of halves, which cannot
// overflow where p = 0 must give a zero; the product is doubled at the end.
//
// Errors, to first order in u: of |dp|, one each for the difference and the two
// products; of sum |p dp|, one more for a term of dot, kSumErrorU for the sum
// and one for its rounding to float.
static_assert(3.0 + 1.0 + kSumErrorU + 1.0 <= kSoftmaxBackwardMaxError,
              "the documented bound holds");

struct DotTerms {
  HWY_INLINE Four FourOf(size_t i) const {
    return {One(i), One(i + 16), One(i + 32), One(i + 48)};
  }
  HWY_INLINE VF One(size_t i) const {
    return hn::Mul(Load(p + i), Load(dp + i));
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF zero = Set(0.0f);
    return hn::Mul(LoadFirst(p + i, count, zero),
                   LoadFirst(dp + i, count, zero));
  }

  const float* p;
  const float* dp;
};

void BackwardRow(const float* p, const float* dp, float* dx, size_t n,
                 float scale) {
  const double dot = SumTerms(n, DotTerms{p, dp});
  const VF vscale = Set(scale);
  const VF half = Set(0.5f);
  const VF minus_half_dot = Set(static_cast<float>(-0.5 * dot));
  const auto gradient = [&](VF p, VF dp) HWY_ATTR {
    const VF half_difference = Fma(dp, half, minus_half_dot);
    const VF product = hn::Mul(hn::Mul(p, vscale), half_difference);
    return hn::Add(product, product);
  };
  size_t i = 0;
  for (; n - i >= kLanes; i += kLanes) {
    Store(gradient(Load(p + i), Load(dp + i)), dx + i);
  }
  if (const size_t rest = n - i; rest != 0) {
    const VF zero = Set(0.0f);
    StoreFirst(
        gradient(LoadFirst(p + i, rest, zero), LoadFirst(dp + i, rest, zero)),
        dx + i, rest);
  }
}

void BackwardRows(Rows<const float> p, Rows<const float> dp, Rows<float> dx,
                  float scale) {
  for (size_t r = 0; r < p.rows; ++r) {
    BackwardRow(p.Row(r), dp.Row(r), dx.Row(r), p.cols, scale);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace {

using BackwardFunction = void(Rows<const float>, Rows<const float>, Rows<float>,
                              float);
constexpr internal::KernelTable<BackwardFunction> kBackwardTable =
    SOFTLANE_KERNEL_TABLE(BackwardRows);

}  // namespace

inline namespace v1 {

Status SoftmaxBackward(Rows<const float> probs, Rows<const float> dprobs,
                       Rows<float> dlogits, float scale,
                       Target target) noexcept {
  if (Status s = internal::CheckRowMap(probs, dlogits); s != Status::kOk) {
    return s;
  }
  if (Status s = internal::CheckRowMap(dprobs, dlogits); s != Status::kOk) {
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
