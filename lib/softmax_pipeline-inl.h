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

// A row whose maximum is not finite. Returns logsumexp.
HWY_NOINLINE float SpecialRow(const float* x, float* y, size_t n,
                              EmptyRow empty_row) {
  const float max = MaxOf<LaneNaN>(x, n);
  const bool zero = max == -kInfinity && empty_row == EmptyRow::kZero;
  Fill(y, n, zero ? 0.0f : kNaN);
  return max;
}

// The numerators of a row, and on the way the quotients of the row before and
// the maximum of the row ahead.
struct PipelinedNumerators {
  HWY_INLINE Four FourOf(size_t i) const {
    // All loads before all stores: 3 to 6 % less time on Zen 5.
    const Four x = LoadFour(numerators.x + i, 16);
    const Four waiting = LoadFour(before + i, 16);
    ahead_max.Add(LoadFour(ahead + i, 16));
    const Four result = numerators.exp(x);
    const Four quotient = quotients(waiting);
    StoreFour(result, numerators.y + i, 16);
    StoreFour(quotient, before + i, 16);
    return result;
  }
  HWY_INLINE VF One(size_t i) const {
    const VF result = numerators.One(i);
    ahead_max.Add(0, Load(ahead + i));
    Store(quotients(Load(before + i)), before + i);
    return result;
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF result = numerators.First(i, count);
    ahead_max.Add(1, LoadFirst(ahead + i, count, Set(-kInfinity)));
    const VF rest = LoadFirst(before + i, count, Set(0.0f));
    StoreFirst(quotients(rest), before + i, count);
    return result;
  }

  const Numerators<AsIs>& numerators;
  const Quotients& quotients;
  float* before;
  const float* ahead;
  LaneMax& ahead_max;
};

// One row at a time through all sweeps of Pipeline.
class Pipeline {
 public:
  HWY_INLINE Pipeline(Rows<const float> x, Rows<float> y, float* logsumexp,
                      EmptyRow empty_row, const ScaleParts& parts)
      : x_(x),
        y_(y),
        logsumexp_(logsumexp),
        empty_row_(empty_row),
        parts_(parts) {}

  HWY_INLINE void Run() {
    const size_t n = x_.cols;
    float max = MaxOf<IgnoreNaN>(x_.Row(0), n);
    float next_max = x_.rows > 1 ? MaxOf<IgnoreNaN>(x_.Row(1), n) : 0.0f;
    for (size_t r = 0; r < x_.rows; ++r) {
      const float* ahead = r + 2 < x_.rows ? x_.Row(r + 2) : nullptr;
      const float ahead_max = Step(r, max, ahead);
      max = next_max;
      next_max = ahead_max;
    }
    Finish();
  }

 private:
  // Writes the numerators of row r. Returns the maximum of the row ahead.
  HWY_INLINE float Step(size_t r, float max, const float* ahead) {
    const size_t n = x_.cols;
    float* const log = logsumexp_ == nullptr ? nullptr : logsumexp_ + r;
    const bool is_finite = -kInfinity < max && max < kInfinity;
    const RowPlan plan = PlanRow(max, parts_);
    float ahead_max;
    double sum;
    if (is_finite && plan.as_is && before_ != nullptr) {
      const SoftmaxExp exp = MakeExp(plan, parts_);
      const AsIs as_is;
      const Numerators<AsIs> numerators{exp, as_is, x_.Row(r), y_.Row(r)};
      const Quotients quotients(reciprocal_);
      // Behind the last row, any: what is found there is not used.
      if (ahead == nullptr) ahead = x_.Row(r);
      LaneMax lane_max;
      sum = SumTerms(n, PipelinedNumerators{numerators, quotients, before_,
                                            ahead, lane_max});
      if (log != nullptr) *log = LogSumExp(plan, exp, as_is, max, sum);
      ahead_max = lane_max.Total();
    } else {
      Finish();
      ahead_max = ahead == nullptr ? 0.0f : MaxOf<IgnoreNaN>(ahead, n);
      if (!is_finite) {
        before_ = nullptr;
        const float result = SpecialRow(x_.Row(r), y_.Row(r), n, empty_row_);
        if (log != nullptr) *log = result;
        return ahead_max;
      }
      sum = WriteNumerators(x_.Row(r), y_.Row(r), n, max, parts_, log);
    }
    before_ = y_.Row(r);
    reciprocal_ = ReciprocalOf(sum);
    if (sum == sum) return ahead_max;
    Fill(before_, n, kNaN);
    if (log != nullptr) *log = kNaN;
    before_ = nullptr;
    return ahead_max;
  }

  // Divides the row before, if there is one.
  HWY_INLINE void Finish() const {
    if (before_ != nullptr) Quotients(reciprocal_).DivideRow(before_, x_.cols);
  }

  const Rows<const float> x_;
  const Rows<float> y_;
  float* const logsumexp_;
  const EmptyRow empty_row_;
  const ScaleParts& parts_;
  float* before_ = nullptr;  // numerators that wait for their division
  Reciprocal reciprocal_{};
};

HWY_NOINLINE void SoftmaxPipelined(Rows<const float> x, Rows<float> y,
                                   float* logsumexp, EmptyRow empty_row,
                                   const ScaleParts& parts) {
  Pipeline(x, y, logsumexp, empty_row, parts).Run();
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_SOFTMAX_PIPELINE_INL_H_
