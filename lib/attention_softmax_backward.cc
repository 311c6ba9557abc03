// SPDX-License-Identifier: Apache-2.0
#include "softlane/attention_softmax_backward.h"

#include "attention_check.h"
#include "dispatch.h"
#include "fp_environment.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attention_softmax_backward.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "attention_logits-inl.h"
#include "max-inl.h"
#include "softmax_backward_row-inl.h"
#include "softmax_row-inl.h"

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

class AttentionGradient {
 public:
  HWY_INLINE AttentionGradient(const AttentionOptions& options, double dot)
      : has_softcap_(options.softcap != 0.0f),
        scale_(Set(options.scale)),
        softcap_(Set(options.softcap)),
        minus_half_dot_(Set(static_cast<float>(-0.5 * dot))) {}

  HWY_INLINE bool NeedsScores() const { return has_softcap_; }
  HWY_INLINE VF operator()(VF p, VF dp, VF score) const {
    VF gradient = Gradient(p, dp, minus_half_dot_, scale_);
    if (has_softcap_) {
      const VF t = hn::Div(hn::Mul(score, scale_), softcap_);
      gradient = hn::Mul(gradient, tanh_.Derivative(t));
    }
    return WhereNotZero(p, gradient);
  }

 private:
  bool has_softcap_;
  VF scale_, softcap_, minus_half_dot_;
  Tanh tanh_;
};

HWY_INLINE void WriteGradients(const AttentionGradient& gradient,
                               const float* p, const float* dp,
                               const float* scores, float* dx, size_t n) {
  const VF zero = Set(0.0f);
  const bool with_scores = gradient.NeedsScores();
  size_t i = 0;
  for (; n - i >= kLanes; i += kLanes) {
    const VF score = with_scores ? Load(scores + i) : zero;
    Store(gradient(Load(p + i), Load(dp + i), score), dx + i);
  }
  if (const size_t rest = n - i; rest != 0) {
    const VF score = with_scores ? LoadFirst(scores + i, rest, zero) : zero;
    StoreFirst(gradient(LoadFirst(p + i, rest, zero),
                        LoadFirst(dp + i, rest, zero), score),
               dx + i, rest);
  }
}

// exp(x) in double for a probability's logarithm.
HWY_INLINE double ExpOf(double x) {
  const float high = static_cast<float>(x);
  const SoftmaxExp exp(Set(kLog2EHigh), Set(kLog2ELow), Set(0.0f), Set(-87.0f));
  const double rest = x - high;
  return hn::GetLane(exp(Set(high))) * kOverSoftmaxFactor * (1.0 + rest);
}

void AttentionBackwardRows(const Rows<const float>& p,
                           const Rows<const float>& dp,
                           const Rows<const float>& scores,
                           const Rows<float>& dx,
                           const AttentionOptions& options,
                           const AttentionSinkGradient& sink) {
  const size_t cols = p.cols;
  for (size_t r = 0; r < p.rows; ++r) {
    const KeyRange keys(options, r, cols);
    const size_t begin = keys.begin;
    const size_t n = keys.end - begin;
    const float* const p_row = p.Row(r) + begin;
    const float* const dp_row = dp.Row(r) + begin;
    const double dot = SumTerms(n, KeptDotTerms{p_row, dp_row});
    const AttentionGradient gradient(options, dot);
    const float* const scores_row =
        gradient.NeedsScores() ? scores.Row(r) + begin : nullptr;
    float* const to = dx.Row(r);
    WriteGradients(gradient, p_row, dp_row, scores_row, to + begin, n);
    Fill(to, begin, 0.0f);
    Fill(to + keys.end, cols - keys.end, 0.0f);
    if (sink.dsinks == nullptr) continue;
    const double log_p = double{options.sinks[r]} - double{sink.logsumexp[r]};
    // No sink: no gradient, also where the row is empty and this is NaN.
    const bool has_sink = options.sinks[r] != -kInfinity;
    sink.dsinks[r] = has_sink ? static_cast<float>(-ExpOf(log_p) * dot) : 0.0f;
  }
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

Status CheckSink(const Rows<const float>& probs,
                 const Rows<const float>& dprobs, const Rows<float>& dscores,
                 const Rows<const float>& scores,
                 const AttentionOptions& options,
                 const AttentionSinkGradient& sink) {
  if (sink.dsinks == nullptr) return Status::kOk;
  if (options.sinks == nullptr || sink.logsumexp == nullptr) {
    return probs.rows == 0 ? Status::kOk : Status::kNullPointer;
  }
  for (const internal::Extent& view :
       {internal::Extent(dprobs), internal::Extent(scores)}) {
    if (Status s = internal::CheckRowResults(view, sink.dsinks);
        s != Status::kOk) {
      return s;
    }
  }
  const internal::Extent dsinks(Rows<float>(sink.dsinks, probs.rows, 1));
  for (const internal::Extent& out : {internal::Extent(dscores), dsinks}) {
    if (Status s = internal::CheckPerRow(sink.logsumexp, probs, out);
        s != Status::kOk) {
      return s;
    }
  }
  return internal::CheckAttentionResults(probs, dscores, sink.dsinks, options);
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
  for (const Rows<const float>* in : {&probs, &dprobs, &read}) {
    if (Status s = internal::CheckRowMap(*in, dscores); s != Status::kOk) {
      return s;
    }
  }
  if (Status s = internal::CheckAttention(probs, dscores, options);
      s != Status::kOk) {
    return s;
  }
  if (Status s = CheckSink(probs, dprobs, dscores, read, options, sink);
      s != Status::kOk) {
    return s;
  }
  BackwardFunction* const kernel = internal::Select(kBackwardTable, target);
  if (kernel == nullptr) return Status::kTargetUnavailable;
  const internal::FpEnvironment environment;
  kernel(probs, dprobs, read, dscores, options, sink);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
#endif  // HWY_ONCE
