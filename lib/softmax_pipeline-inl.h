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
#include "pipelined_numerators-inl.h"
#include "softmax_row-inl.h"
#include "stream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// From so many columns on the row ahead is the next, and the row before the
// last: fewer rows stay in the cache. In shorter rows the one after, and the
// one before the last: nothing waits for a maximum or a sum. ns per element
// with AVX-512 on Zen 5, so and so: 0.140 and 0.122 at 1024 x 512, 0.121 and
// 0.114 at 512 x 1024, 0.110 and 0.131 at 256 x 2048.
constexpr size_t kMinNextCols = 2048;

// Each row through all sweeps. `Source` has LogitsOf(r, are_kept), the logits
// that the first sweep takes the extent of and may keep for the second;
// FindExtent(r), which is that sweep alone; From(r), the logits for the second;
// Place(r), where its numerators wait for their division; Sink(r), a logit that
// only joins the sum, or -inf; Special(r), for a row whose maximum is not
// finite, which gives its logsumexp; and FillNaN(r), for one whose sum is NaN.
//
// The place is the row of the output or, if results are streamed, a scratch:
// from there they go past the caches before the next row's numerators come, and
// on the way Next(r), a row that is read soon, is brought into one. Two places
// in turn, if it keeps logits, which are those of the next row.
template <class Source>
class Pipeline {
 public:
  HWY_INLINE Pipeline(const Source& source, const Rows<float>& y,
                      float* logsumexp, const ScaleParts& parts,
                      bool is_streamed)
      : source_(source),
        y_(y),
        logsumexp_(logsumexp),
        parts_(parts),
        is_streamed_(is_streamed),
        distance_(y.cols < kMinNextCols && !is_streamed ? 2 : 1) {}

  HWY_INLINE void Run() {
    Extent extents[kMaxDistance];
    for (size_t r = 0; r < HWY_MIN(distance_, y_.rows); ++r) {
      extents[r] = FindExtent(r);
    }
    Waiting waiting[kMaxDistance] = {};
    for (size_t r = 0; r < y_.rows; ++r) {
      Extent& extent = extents[r % distance_];
      Waiting& row = waiting[r % distance_];
      extent = Step(r, extent, row);
      if (is_streamed_) Divide(row, source_.Next(HWY_MIN(r + 2, y_.rows)));
    }
    for (Waiting& row : waiting) Divide(row);
  }

 private:
  static constexpr size_t kMaxDistance = 2;

  // A row's numerators that wait for their division, if y is not null, and
  // where the quotients go.
  struct Waiting {
    float* y;
    double sum;
    bool has_tiny;
    float* to;
  };

  // Writes the numerators of row r, which take the place of those that wait.
  // Returns the extent of the row ahead.
  HWY_INLINE Extent Step(size_t r, Extent extent, Waiting& row) {
    const float sink = source_.Sink(r);
    const float max = sink > extent.max ? sink : extent.max;
    const RowStart start(max, extent.low, parts_);
    // One lane at a time there is nothing to overlap.
    if (!kHasFma || !start.is_direct) {
      return StepAlone(r, max, row);
    }
    Extent ahead{};
    double sum = 0.0;
    if constexpr (kHasFma) {
      if (row.y == nullptr) {
        sum = Sum<false, true>(r, start.offset, row, ahead);
      } else if (start.has_tiny || row.has_tiny) {
        sum = Sum<true, true>(r, start.offset, row, ahead);
      } else {
        sum = Sum<true, false>(r, start.offset, row, ahead);
      }
    }
    row = {source_.Place(r), sum, start.has_tiny, y_.Row(r)};
    if (sink != -kInfinity || logsumexp_ != nullptr || sum != sum) {
      const RowPlan plan = PlanRow(max, parts_);
      End(r, max, row, plan, MakeExp(plan, parts_), AsIs());
    }
    return ahead;
  }

  // The same, sweep by sweep.
  HWY_NOINLINE Extent StepAlone(size_t r, float max, Waiting& row) {
    Divide(row);
    if (!IsFinite(max)) {
      const float result = source_.Special(r);
      if (logsumexp_ != nullptr) logsumexp_[r] = result;
    } else {
      const RowPlan plan = PlanRow(max, parts_);
      const SoftmaxExp exp = MakeExp(plan, parts_);
      WithArgumentOf(plan, [&](const auto& argument) HWY_ATTR {
        using Argument = std::decay_t<decltype(argument)>;
        const auto logits = source_.From(r);
        const Numerators<Argument, decltype(source_.From(r))> numerators{
            exp, argument, logits, source_.Place(r)};
        row = {numerators.y, SumTerms(y_.cols, numerators), true, y_.Row(r)};
        End(r, max, row, plan, exp, argument);
      });
    }
    const size_t ahead = r + distance_;
    return ahead < y_.rows ? FindExtent(ahead) : Extent{};
  }

  // What follows a row's sum: its sink, logsumexp, NaN.
  template <class Argument>
  HWY_NOINLINE void End(size_t r, float max, Waiting& row, const RowPlan& plan,
                        const SoftmaxExp& exp, const Argument& argument) const {
    if (const float sink = source_.Sink(r); sink != -kInfinity) {
      row.sum += hn::GetLane(exp(argument(Set(sink))));
    }
    float log = LogSumExp(plan, exp, argument, max, row.sum);
    if (row.sum != row.sum) {
      source_.FillNaN(r);
      log = kNaN;
      row.y = nullptr;
    }
    if (logsumexp_ != nullptr) logsumexp_[r] = log;
  }

  // The sum of row r's numerators. A function of its own, so that the constants
  // of its loop stay in registers.
  template <bool kDivides, bool kHasTiny>
  HWY_NOINLINE double Sum(size_t r, float octaves, const Waiting& before,
                          Extent& ahead) const {
    const VF offset = Set(octaves);
    const SoftmaxExp exp(Set(parts_.l_hi), Set(parts_.l_lo), offset,
                         Lowest(offset, parts_));
    // Behind the last row, any: its extent is not used.
    const bool has_ahead = r + distance_ < y_.rows;
    const auto logits_ahead =
        source_.LogitsOf(has_ahead ? r + distance_ : r, has_ahead);
    const auto logits = source_.From(r);
    using Terms =
        PipelinedNumerators<kDivides, kHasTiny, decltype(source_.From(r)),
                            decltype(source_.LogitsOf(r, true))>;
    const AsIs as_is;
    const typename Terms::RowNumerators numerators{exp, as_is, logits,
                                                   source_.Place(r)};
    const Quotients quotients(ReciprocalOf(before.sum));
    LaneExtent extent;
    const Terms terms{numerators,   quotients, before.y,
                      logits_ahead, extent,    Mirror(y_.cols)};
    const double sum = SumTerms(y_.cols, terms);
    ahead = extent.Total();
    return sum;
  }

  HWY_NOINLINE Extent FindExtent(size_t r) const {
    return source_.FindExtent(r);
  }
  HWY_INLINE void Divide(Waiting& row, const NextRow& next = {}) const {
    if (row.y == nullptr) return;
    const Quotients quotients(ReciprocalOf(row.sum));
    if (is_streamed_) {
      StreamRow(row.y, row.to, y_.cols, quotients, next);
    } else {
      Replace(row.y, y_.cols, quotients);
    }
    row.y = nullptr;
  }

  const Source& source_;
  const Rows<float>& y_;
  float* const logsumexp_;
  const ScaleParts& parts_;
  const bool is_streamed_;
  const size_t distance_;  // from a row to the row ahead
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_SOFTMAX_PIPELINE_INL_H_
