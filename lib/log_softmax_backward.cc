// SPDX-License-Identifier: Apache-2.0
#include "softlane/log_softmax_backward.h"

#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "log_softmax_backward.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/exp-inl.h"
#include "arith/max-inl.h"
#include "arith/sum-inl.h"
#include "arith/vector-inl.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// dx = scale (d - p sum(d)), p = exp(log p). Two sweeps: the sum reads d; the
// second reads both and writes dx.
//
// p comes from softmax's exponential, whose common factor is taken off the sum.
//
// Errors, in u: of |d|, one for the difference and one for the product with
// scale; of p sum |d|, those two, the exponential, the sum and its rounding.
static_assert(kSoftmaxExpErrorU + kSumErrorU + 3.0 + 0.01 <=
                  kLogSoftmaxBackwardMaxError,
              "the documented bound holds");

struct SumTermsOf {
  HWY_INLINE Four FourOf(size_t i) const { return LoadFour(d + i, 16); }
  HWY_INLINE VF One(size_t i) const { return Load(d + i); }
  HWY_INLINE VF First(size_t i, size_t count) const {
    return LoadFirst(d + i, count, Set(0.0f));
  }

  const float* d;
};

class Gradient {
 public:
  HWY_INLINE Gradient(double sum, float scale)
      : exp_(Set(kLog2EHigh), Set(kLog2ELow), Set(0.0f), Set(kLowest)),
        sum_(Set(static_cast<float>(sum * kOverSoftmaxFactor))),
        scale_(Set(scale)) {}

  // V is VF or Four.
  template <class V>
  HWY_INLINE V operator()(const V& log_p, const V& d) const {
    return Map([&](VF p, VF d)
                   HWY_ATTR { return hn::Mul(scale_, Fnma(p, sum_, d)); },
               exp_(log_p), d);
  }

 private:
  // 2^-125.75, in logarithms.
  static constexpr float kLowest = -87.163f;

  SoftmaxExp exp_;
  VF sum_, scale_;
};

struct GradientTerms {
  HWY_INLINE Four FourOf(size_t i) const {
    return gradient(LoadFour(log_p + i, kLanes), LoadFour(d + i, kLanes));
  }
  HWY_INLINE VF One(size_t i) const {
    return gradient(Load(log_p + i), Load(d + i));
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF zero = Set(0.0f);
    return gradient(LoadFirst(log_p + i, count, zero),
                    LoadFirst(d + i, count, zero));
  }

  const Gradient& gradient;
  const float* log_p;
  const float* d;
};

// Two functions: the constants of each stay in registers only in one of its
// own.
template <bool kStream>
HWY_NOINLINE void BackwardRowsTo(const Rows<const float>& log_p,
                                 const Rows<const float>& d,
                                 const Rows<float>& dx, float scale) {
  const size_t n = log_p.cols;
  for (size_t r = 0; r < log_p.rows; ++r) {
    const Gradient gradient(SumTerms(n, SumTermsOf{d.Row(r)}), scale);
    const GradientTerms terms{gradient, log_p.Row(r), d.Row(r)};
    if constexpr (kStream) {
      NextRow next{};
      if (r + 1 < log_p.rows) next = {d.Row(r + 1), log_p.Row(r + 1)};
      StreamTerms(terms, dx.Row(r), n, next);
    } else {
      StoreTerms(terms, dx.Row(r), n);
    }
  }
  if constexpr (kStream) hwy::FlushStream();
}

void BackwardRows(const Rows<const float>& log_p, const Rows<const float>& d,
                  const Rows<float>& dx, float scale) {
  const bool is_large = log_p.cols >= kMinStreamedCols &&
                        IsLarge(log_p.rows, log_p.cols, 3) &&
                        dx.data != log_p.data && dx.data != d.data;
  is_large ? BackwardRowsTo<true>(log_p, d, dx, scale)
           : BackwardRowsTo<false>(log_p, d, dx, scale);
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

Status LogSoftmaxBackward(const Rows<const float>& log_probs,
                          const Rows<const float>& dlog_probs,
                          const Rows<float>& dlogits, float scale,
                          Target target) noexcept {
  if (Status s = internal::CheckMap(log_probs, dlog_probs, dlogits);
      s != Status::kOk) {
    return s;
  }
  if (!internal::IsFinitePositive(scale)) return Status::kBadOption;
  BackwardFunction* const kernel = internal::Select(kBackwardTable, target);
  if (kernel == nullptr) return Status::kTargetUnavailable;
  if (log_probs.cols == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  kernel(log_probs, dlog_probs, dlogits, scale);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
#endif  // HWY_ONCE
