// SPDX-License-Identifier: Apache-2.0
#include "softlane/attention_softmax_backward.h"

#include "attention_check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "schedules/key_ranges.h"
#include "softlane/softmax_backward.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attention_softmax_backward.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/max-inl.h"
#include "arith/row_exp-inl.h"
#include "kernels/attention_logits-inl.h"
#include "kernels/softmax_backward_row-inl.h"
#include "kernels/stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// dx = scale cap'(z) p (dp - dot), dot = sum(p dp), and of the sink
// -exp(sink - lse) dot. As SoftmaxBackward, but a key with p = 0 has no part.

HWY_INLINE VF WhereNotZero(VF p, VF v) {
  return hn::IfThenZeroElse(hn::Eq(p, Set(0.0f)), v);
}

struct KeptDotTerms {
  HWY_INLINE Four FourOf(size_t i) const {
    return {One(i), One(i + 16), One(i + 32), One(i + 48)};
  }
  HWY_INLINE VF One(size_t i) const {
    const VF v = Load(p + i);
    return WhereNotZero(v, hn::Mul(v, Load(dp + i)));
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF zero = Set(0.0f);
    const VF v = LoadFirst(p + i, count, zero);
    return WhereNotZero(v, hn::Mul(v, LoadFirst(dp + i, count, zero)));
  }

  const float* p;
  const float* dp;
};

// The scale times the softcap's derivative: before it is multiplied by anything
// that may overflow.
HWY_NOINLINE VF CappedScale(VF score, VF scale, VF softcap, const Tanh& tanh) {
  const VF t = hn::Div(hn::Mul(score, scale), softcap);
  return hn::Mul(scale, tanh.Derivative(t));
}

// The gradients of a row's keys.
template <bool kHasSoftcap>
class AttentionGradients {
 public:
  // `scores` are read where there is a softcap.
  HWY_INLINE AttentionGradients(const AttentionOptions& options,
                                const Tanh& tanh, double dot, const float* p,
                                const float* dp, const float* scores)
      : p_(p),
        dp_(dp),
        scores_(scores),
        scale_(Set(options.scale)),
        softcap_(Set(options.softcap)),
        minus_half_dot_(Set(static_cast<float>(-0.5 * dot))),
        tanh_(tanh) {}

  HWY_INLINE Four FourOf(size_t i) const {
    const Four p = LoadFour(p_ + i, kLanes);
    const Four dp = LoadFour(dp_ + i, kLanes);
    if constexpr (kHasSoftcap) {
      const Four x = LoadFour(scores_ + i, kLanes);
      return Gradients(
          p, dp, Four{ScaleOf(x.a), ScaleOf(x.b), ScaleOf(x.c), ScaleOf(x.d)});
    } else {
      return Gradients(p, dp, Repeat<Four>(scale_));
    }
  }
  HWY_INLINE VF One(size_t i) const {
    VF scale = scale_;
    if constexpr (kHasSoftcap) scale = ScaleOf(Load(scores_ + i));
    return Gradients(Load(p_ + i), Load(dp_ + i), scale);
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF zero = Set(0.0f);
    VF scale = scale_;
    if constexpr (kHasSoftcap) {
      scale = ScaleOf(LoadFirst(scores_ + i, count, zero));
    }
    return Gradients(LoadFirst(p_ + i, count, zero),
                     LoadFirst(dp_ + i, count, zero), scale);
  }

 private:
  HWY_INLINE VF ScaleOf(VF score) const {
    return CappedScale(score, scale_, softcap_, tanh_);
  }
  // V is VF or Four.
  template <class V>
  HWY_INLINE V Gradients(const V& p, const V& dp, const V& scale) const {
    return Map(
        [&](VF p, VF dp, VF scale) HWY_ATTR {
          return WhereNotZero(p, Gradient(p, dp, minus_half_dot_, scale));
        },
        p, dp, scale);
  }

  const float* p_;
  const float* dp_;
  const float* scores_;
  VF scale_, softcap_, minus_half_dot_;
  const Tanh& tanh_;
};

// exp(x) in double for a probability's logarithm.
HWY_INLINE double ExpOf(double log_p) {
  // Both give 0, but of one that no float holds the rest would be infinite.
  const double x = log_p < -200.0 ? -200.0 : log_p;
  const float high = static_cast<float>(x);
  const SoftmaxExp exp(Set(kLog2EHigh), Set(kLog2ELow), Set(0.0f), Set(-87.0f));
  const double rest = x - high;
  return hn::GetLane(exp(Set(high))) * kOverSoftmaxFactor * (1.0 + rest);
}

// The gradient of a sink: the exponential, a product p dp and the sum of such,
// the rounding to float; the rest is in double.
static_assert(kSoftmaxExpErrorU + 1.0 + kSumErrorU + 1.0 + 0.01 <=
                  kSoftmaxBackwardMaxError,
              "the documented bound holds");
// The derivative of the softcap, beyond 4 |t| for the rounded argument t: the
// exponential, its constant factor and their product; 1 + e twice, the square,
// the quotient, and a product. What e errs by, the
// derivative errs by at most.
static_assert(kSoftmaxExpErrorU + 0.36 + 1.0 + 2.0 + 3.0 <= 8.0,
              "the documented bound holds");

// Several functions: the constants of each stay in registers only in one of its
// own.
template <bool kHasSoftcap, bool kStream>
HWY_NOINLINE void AttentionBackwardRowsTo(const Rows<const float>& p,
                                          const Rows<const float>& dp,
                                          const Rows<const float>& scores,
                                          const Rows<float>& dx,
                                          const AttentionOptions& options,
                                          const AttentionSinkGradient& sink) {
  const size_t cols = p.cols;
  const Tanh tanh;
  const internal::KeyRanges ranges(options, cols);
  for (size_t r = 0; r < p.rows; ++r) {
    const internal::KeyRange keys = ranges.Of(r);
    const size_t begin = keys.begin;
    const size_t n = keys.end - begin;
    const float* const p_row = p.Row(r) + begin;
    const float* const dp_row = dp.Row(r) + begin;
    const double dot = SumTerms(n, KeptDotTerms{p_row, dp_row});
    const AttentionGradients<kHasSoftcap> gradients(
        options, tanh, dot, p_row, dp_row,
        kHasSoftcap ? scores.Row(r) + begin : nullptr);
    float* const to = dx.Row(r);
    if constexpr (kStream) {
      NextRow next{};
      if (r + 1 < p.rows) next = {p.Row(r + 1) + begin, dp.Row(r + 1) + begin};
      StreamTerms(gradients, to + begin, n, next);
    } else {
      StoreTerms(gradients, to + begin, n);
    }
    FillZero(to, begin, kStream);
    FillZero(to + keys.end, cols - keys.end, kStream);
    if (sink.dsinks == nullptr) continue;
    const double log_p = double{options.sinks[r]} - double{sink.logsumexp[r]};
    // No sink: no gradient, also where the row is empty and this is NaN.
    const bool has_sink = options.sinks[r] != -kInfinity;
    sink.dsinks[r] = has_sink ? static_cast<float>(-ExpOf(log_p) * dot) : 0.0f;
  }
  if constexpr (kStream) hwy::FlushStream();
}

void AttentionBackwardRows(const Rows<const float>& p,
                           const Rows<const float>& dp,
                           const Rows<const float>& scores,
                           const Rows<float>& dx,
                           const AttentionOptions& options,
                           const AttentionSinkGradient& sink) {
  const bool has_scores = options.softcap != 0.0f;
  const bool is_large = p.cols >= kMinStreamedCols &&
                        IsLarge(p.rows, p.cols, has_scores ? 4 : 3) &&
                        dx.data != p.data && dx.data != dp.data &&
                        !(has_scores && dx.data == scores.data);
  const auto run = has_scores ? is_large ? &AttentionBackwardRowsTo<true, true>
                                         : &AttentionBackwardRowsTo<true, false>
                   : is_large ? &AttentionBackwardRowsTo<false, true>
                              : &AttentionBackwardRowsTo<false, false>;
  run(p, dp, scores, dx, options, sink);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace {

using BackwardFunction = void(const Rows<const float>&,
                              const Rows<const float>&,
                              const Rows<const float>&, const Rows<float>&,
                              const AttentionOptions&,
                              const AttentionSinkGradient&);
constexpr internal::KernelTable<BackwardFunction> kBackwardTable =
    SOFTLANE_KERNEL_TABLE(AttentionBackwardRows);

Status Check(const Rows<const float>& probs, const Rows<const float>& dprobs,
             const Rows<const float>& scores, const Rows<float>& dscores,
             const AttentionOptions& options,
             const AttentionSinkGradient& sink) {
  using internal::Optional;
  using internal::Read;
  using internal::ReadVector;
  using internal::Replaced;
  const size_t rows = probs.rows;
  const bool shapes_agree = internal::HaveSameShape(probs, dscores) &&
                            internal::HaveSameShape(dprobs, dscores) &&
                            internal::HaveSameShape(scores, dscores) &&
                            internal::MasksHaveShapeOf(probs, options);
  const auto check = [&](const auto& sinks, const auto& logsumexp) {
    return internal::CheckOperands(
        shapes_agree, Replaced(probs), Replaced(dprobs), Replaced(scores),
        internal::Replacing(dscores), Optional(Read(options.bias)),
        Optional(Read(options.keep)),
        Optional(ReadVector(options.lengths, rows)), sinks, logsumexp,
        Optional(internal::WrittenVector(sink.dsinks, rows)));
  };
  // The gradient of the sinks needs them, and logsumexp.
  const auto sinks = ReadVector(options.sinks, rows);
  const auto none = Optional(ReadVector<float>(nullptr, 0));
  if (Status s = sink.dsinks == nullptr
                     ? check(Optional(sinks), none)
                     : check(sinks, ReadVector(sink.logsumexp, rows));
      s != Status::kOk) {
    return s;
  }
  return internal::CheckAttentionOptions(options, rows, probs.cols);
}

}  // namespace

inline namespace v1 {

Status AttentionSoftmaxBackward(const Rows<const float>& probs,
                                const Rows<const float>& dprobs,
                                const Rows<const float>& scores,
                                const Rows<float>& dscores,
                                const AttentionOptions& options,
                                const AttentionSinkGradient& sink,
                                Target target) noexcept {
  // Without softcap the scores are not read, whatever they are.
  const bool reads_scores = !internal::IsZero(options.softcap);
  const Rows<const float>& read = reads_scores ? scores : probs;
  if (Status s = Check(probs, dprobs, read, dscores, options, sink);
      s != Status::kOk) {
    return s;
  }
  BackwardFunction* const kernel = internal::Select(kBackwardTable, target);
  if (kernel == nullptr) return Status::kTargetUnavailable;
  if (probs.cols == 0 && sink.dsinks == nullptr) return Status::kOk;
  const internal::FpEnvironment environment;
  kernel(internal::WithUsedStride(probs), internal::WithUsedStride(dprobs),
         internal::WithUsedStride(read), internal::WithUsedStride(dscores),
         options, sink);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
#endif  // HWY_ONCE
