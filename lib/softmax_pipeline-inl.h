// SPDX-License-Identifier: Apache-2.0

// Softmax, row after row, with the three sweeps of different rows in one loop:
// while the numerators of a row are computed, which keeps the multipliers busy,
// the row before is divided by its sum and the maximum of the row after the
// next is found. So no sweep waits for what a row decides between its sweeps -
// a maximum folded to one lane, a sum, a division - and loads, stores and
// comparisons take the place of idle slots.

#if defined(SOFTLANE_LIB_SOFTMAX_PIPELINE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_SOFTMAX_PIPELINE_INL_H_
#undef SOFTLANE_LIB_SOFTMAX_PIPELINE_INL_H_
#else
#define SOFTLANE_LIB_SOFTMAX_PIPELINE_INL_H_
#endif

#include "max-inl.h"
#include "softmax_row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The logits of a row as they are.
struct PlainLogits {
  HWY_INLINE Four FourOf(size_t i) const { return LoadFour(x + i, 16); }
  HWY_INLINE VF One(size_t i) const { return Load(x + i); }
  HWY_INLINE VF First(size_t i, size_t count) const {
    return LoadFirst(x + i, count, Set(-kInfinity));
  }
  // Where logits are computed, these keep them for the next sweep.
  HWY_INLINE void KeepFour(const Four&, size_t) const {}
  HWY_INLINE void KeepOne(VF, size_t) const {}
  HWY_INLINE void KeepFirst(VF, size_t, size_t) const {}

  const float* x;
};

// The numerators of a row's logits.
template <class Logits, class Argument>
struct RowNumerators {
  HWY_INLINE Four FourOf(size_t i) const {
    const Four result = exp(argument(logits.FourOf(i)));
    StoreFour(result, y + i, 16);
    return result;
  }
  HWY_INLINE VF One(size_t i) const {
    const VF result = exp(argument(logits.One(i)));
    Store(result, y + i);
    return result;
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF result = exp(argument(logits.First(i, count)));
    StoreFirst(result, y + i, count);
    return KeepFirst(result, count);
  }

  const SoftmaxExp& exp;
  const Argument& argument;
  const Logits& logits;
  float* y;
};

// The same, and on the way the quotients of the row before and the maximum of
// the row ahead.
template <class Logits, class Ahead>
struct PipelinedNumerators {
  HWY_INLINE Four FourOf(size_t i) const {
    // All loads before all stores: 3 to 6 % less time on Zen 5.
    const Four x = numerators.logits.FourOf(i);
    const Four waiting = LoadFour(before + i, 16);
    const Four logits = ahead.FourOf(i);
    ahead_max.Add(logits);
    const Four result = numerators.exp(x);
    const Four quotient = quotients(waiting);
    StoreFour(result, numerators.y + i, 16);
    StoreFour(quotient, before + i, 16);
    ahead.KeepFour(logits, i);
    return result;
  }
  HWY_INLINE VF One(size_t i) const {
    const VF result = numerators.One(i);
    const VF logits = ahead.One(i);
    ahead_max.Add(0, logits);
    ahead.KeepOne(logits, i);
    Store(quotients(Load(before + i)), before + i);
    return result;
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF result = numerators.First(i, count);
    const VF logits = ahead.First(i, count);
    ahead_max.Add(1, logits);
    ahead.KeepFirst(logits, i, count);
    const VF rest = LoadFirst(before + i, count, Set(0.0f));
    StoreFirst(quotients(rest), before + i, count);
    return result;
  }

  const RowNumerators<Logits, AsIs>& numerators;
  const Quotients& quotients;
  float* before;
  const Ahead& ahead;
  LaneMax& ahead_max;
};

// Each row through all sweeps. `Source` has LogitsOf(r), the logits that the
// first sweep takes the maximum of, and kLogitsAreThere, whether that writes
// nothing; FindMax(r), which is that sweep alone;
// From(r), the logits for the second sweep; Sink(r), a logit that only joins
// the sum, or -inf; and Special(r), for a row whose maximum is not finite,
// which gives its logsumexp; FillNaN(r, least), for one whose sum is NaN, where
// `least` is the numerator of -inf.
template <class Source>
class Pipeline {
 public:
  HWY_INLINE Pipeline(const Source& source, const Rows<float>& y,
                      float* logsumexp, const ScaleParts& parts)
      : source_(source), y_(y), logsumexp_(logsumexp), parts_(parts) {}

  HWY_INLINE void Run() {
    float max = source_.FindMax(0);
    float next_max = y_.rows > 1 ? source_.FindMax(1) : 0.0f;
    for (size_t r = 0; r < y_.rows; ++r) {
      const float ahead_max = Step(r, max);
      max = next_max;
      next_max = ahead_max;
    }
    Finish();
  }

 private:
  // Writes the numerators of row r. Returns the maximum of row r + 2.
  HWY_INLINE float Step(size_t r, float max) {
    const bool has_ahead = r + 2 < y_.rows;
    float* const log = logsumexp_ == nullptr ? nullptr : logsumexp_ + r;
    const float sink = source_.Sink(r);
    if (sink > max) max = sink;
    const bool is_finite = IsFinite(max) && sink == sink;
    const RowPlan plan = PlanRow(is_finite ? max : 0.0f, parts_);
    const SoftmaxExp exp = MakeExp(plan, parts_);
    float ahead_max = 0.0f;
    double sum;
    const bool is_pipelined =
        kHasFma && is_finite && plan.as_is && before_ != nullptr;
    if (is_pipelined) {
      sum = 0.0;
      if constexpr (kHasFma) {  // one lane at a time there is nothing to
                                // overlap
        const AsIs as_is;
        const auto logits = source_.From(r);
        const RowNumerators<decltype(source_.From(r)), AsIs> numerators{
            exp, as_is, logits, y_.Row(r)};
        // Behind the last row, any that is not written: its maximum is not
        // used.
        if (has_ahead || Source::kLogitsAreThere) {
          sum = SumPipelined(
              numerators, source_.LogitsOf(has_ahead ? r + 2 : r), ahead_max);
        } else {
          sum = SumPipelined(numerators, PlainLogits{y_.Row(r)}, ahead_max);
        }
        sum = Total(sum, sink, exp, as_is);
        if (log != nullptr) *log = LogSumExp(plan, exp, as_is, max, sum);
      }
    } else {
      Finish();
      before_ = nullptr;
      if (!is_finite) {
        const float result = source_.Special(r);
        if (log != nullptr) *log = result;
        return has_ahead ? source_.FindMax(r + 2) : 0.0f;
      }
      sum = WithArgumentOf(plan, [&](const auto& argument) HWY_ATTR {
        using Argument = std::decay_t<decltype(argument)>;
        const auto logits = source_.From(r);
        const RowNumerators<decltype(source_.From(r)), Argument> numerators{
            exp, argument, logits, y_.Row(r)};
        const double total =
            Total(SumTerms(y_.cols, numerators), sink, exp, argument);
        if (log != nullptr) *log = LogSumExp(plan, exp, argument, max, total);
        return total;
      });
      if (has_ahead) ahead_max = source_.FindMax(r + 2);
    }
    before_ = y_.Row(r);
    reciprocal_ = ReciprocalOf(sum);
    if (sum == sum) return ahead_max;
    source_.FillNaN(r, hn::GetLane(exp(Set(-kInfinity))));
    if (log != nullptr) *log = kNaN;
    before_ = nullptr;
    return ahead_max;
  }

  template <class Logits, class Ahead>
  HWY_INLINE double SumPipelined(const RowNumerators<Logits, AsIs>& numerators,
                                 const Ahead& ahead, float& ahead_max) {
    const Quotients quotients(reciprocal_);
    LaneMax max;
    const double sum =
        SumTerms(y_.cols, PipelinedNumerators<Logits, Ahead>{
                              numerators, quotients, before_, ahead, max});
    ahead_max = max.Total();
    return sum;
  }

  template <class Argument>
  static HWY_INLINE double Total(double sum, float sink, const SoftmaxExp& exp,
                                 const Argument& argument) {
    if (sink == -kInfinity) return sum;
    return sum + hn::GetLane(exp(argument(Set(sink))));
  }

  // Divides the row before, if there is one.
  HWY_INLINE void Finish() const {
    if (before_ != nullptr) Quotients(reciprocal_).DivideRow(before_, y_.cols);
  }

  const Source& source_;
  const Rows<float>& y_;
  float* const logsumexp_;
  const ScaleParts& parts_;
  float* before_ = nullptr;  // numerators that wait for their division
  Reciprocal reciprocal_{};
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_SOFTMAX_PIPELINE_INL_H_
