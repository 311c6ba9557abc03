// SPDX-License-Identifier: Apache-2.0

// Softmax, row after row, in two sweeps that are one loop: while the numerators
// of a row are computed, one before it is divided by its sum. The maximum of a
// row is guessed from the row before: see softmax_window-inl.h. Only where the
// guess was not good enough, a sweep looks for the maximum, and the row begins
// again.

#if defined(SOFTLANE_LIB_SOFTMAX_PIPELINE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_SOFTMAX_PIPELINE_INL_H_
#undef SOFTLANE_LIB_SOFTMAX_PIPELINE_INL_H_
#else
#define SOFTLANE_LIB_SOFTMAX_PIPELINE_INL_H_
#endif

#include <type_traits>
#include <utility>

#include "kernels/stream-inl.h"
#include "softmax_run-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Streamed, with AVX-512 aligned rows are divided beside others; AVX2 does
// longer ones sooner if loads and stores take turns at the memory. ns per
// element on Zen 5, beside and at once: with AVX-512 0.15 and 0.21 at 4000 x
// 1024, 0.18 and 0.22 at 1000 x 4096; with AVX2 0.27 and 0.32, 0.36 and 0.30.
constexpr size_t kMinStreamedAtOnceCols =
    kLanes == 16 ? kMaxStreamedCols + 1 : 4096;

// Each row through all sweeps. `Source` has RowOf(r), which has Logits(), `n`,
// `to`, and PaysToStage(); its masked columns are written by then. FindMax(row,
// place) gives its maximum. It may write logits to the place, and AfterMax(row,
// place) has the Logits() from there on, and the Elements() in memory. Ahead(r)
// is a row of as many elements as the one before it, or null. Special(r, row,
// place) is for a row whose maximum is not finite, and gives its logsumexp;
// FillNaN(r, row, place) for one whose sum is NaN. Sink(r) is a logit that only
// joins the sum, or -inf; Next(r), a row that is read soon. kMayMask: masked
// elements are usual. MayRun(): rows of one length, paying to stage, no sinks.
template <class Source>
class Pipeline {
 public:
  // `cols` and `scratch` are those of WaitingRows.
  HWY_INLINE Pipeline(const Source& source, size_t rows, size_t cols,
                      float* logsumexp, const ScaleParts& parts, Places places,
                      float* scratch)
      : source_(source),
        rows_(rows),
        logsumexp_(logsumexp),
        parts_(parts),
        places_(places),
        waiting_(cols, scratch),
        guess_(parts),
        has_masked_(Source::kMayMask) {}

  HWY_INLINE void Run() {
    for (size_t r = 0; r < rows_; ++r) {
      if constexpr (kMayRun) {
        if (RunIsDue(r)) r = RunFrom(r);
        if (r == rows_) break;
      }
      Waiting& slot = waiting_.SlotOf(r);
      Step(r, slot);
      if (IsDividedAtOnce(slot)) Divide(slot, Next(r));
    }
    for (Waiting& slot : waiting_) Divide(slot, {});
  }

 private:
  using Row = decltype(std::declval<const Source&>().RowOf(0));
  using Logits = std::decay_t<decltype(std::declval<const Row&>().Logits())>;
  // AVX2, which does not stage, gains less than 3 % by runs, or loses.
  static constexpr bool kMayRun = kLanes == 16 && Logits::kMayBeStaged;

  HWY_INLINE bool RunIsDue(size_t r) {
    if (!source_.MayRun() || logsumexp_ != nullptr) return false;
    if (places_ == Places::kStreamed) return false;
    const Row row = source_.RowOf(r);
    if (r == 0) Sample(row);
    return row.n >= kMinStagedCols && attempts_.IsDue() &&
           CanGuess(row, waiting_.PlaceOf(r, row.to, row.n));
  }
  // Gives the first row that is not done.
  HWY_NOINLINE size_t RunFrom(size_t r) {
    Waiting& slot = waiting_.SlotOf(r);
    if (slot.has_tiny) Divide(slot, {});
    const Window window(guess_.Octaves(), parts_);
    const RunEnd end =
        SweepRun(source_, r, rows_, window, parts_, waiting_, has_masked_);
    if (end.next != r) {
      attempts_.Succeeded();
      guess_.Follow(end.sum);
    }
    if (!end.is_good) {  // then Step looks for the row's maximum
      attempts_.Failed();
      has_masked_ = true;
    }
    return end.next;
  }
  HWY_INLINE bool IsDividedAtOnce(const Waiting& row) const {
    return row.is_streamed &&
           (row.n >= kMinStreamedAtOnceCols || !IsAligned(row.to));
  }
  HWY_INLINE NextRow Next(size_t r) const {
    if (places_ != Places::kStreamed || r + 1 == rows_) return {};
    return source_.Next(r + 1);
  }

  HWY_INLINE bool CanGuess(const Row& row, const float* place) const {
    // Where numerators take the place of the logits, they must be right.
    const bool is_final = places_ == Places::kScratch && place == row.to;
    return guess_.IsUsable() && !is_wide_ && row.n != 0 && !is_final;
  }

  // Row r takes the place of the one that waits in the slot.
  HWY_INLINE void Step(size_t r, Waiting& slot) {
    const Row row = source_.RowOf(r);
    if (r == 0) Sample(row);
    float* const place = waiting_.PlaceOf(r, row.to, row.n);
    if constexpr (kHasFma) {  // one lane at a time there is little to save
      if (CanGuess(row, place) && attempts_.NextIsDue()) {
        if (TryGuess(r, row, place, slot)) return attempts_.Succeeded();
        attempts_.Failed();
      }
    }
    WithMax(r, row, place, slot);
  }

  // A first guess: of the first elements. Where these are far apart, so is the
  // row.
  HWY_INLINE void Sample(const Row& row) {
    if (row.n < kSumBlock) return;
    const auto logits = row.Logits();
    LaneMax max, minus_min;
    for (size_t i = 0; i < 16; i += kLanes) {
      const Four x = logits.FourOf(i);
      max.Add(x);
      minus_min.Add(Map([](VF x) HWY_ATTR { return hn::Neg(x); }, x));
    }
    guess_.SetMax(max.Total());
    const float span = (max.Total() + minus_min.Total()) * parts_.l_hi;
    if (span > static_cast<float>(kWindow / 2)) has_masked_ = is_wide_ = true;
  }

  // False if the guess was not good enough.
  HWY_INLINE bool TryGuess(size_t r, const Row& row, float* place,
                           Waiting& slot) {
    const Window window(guess_.Octaves(), parts_);
    if (slot.has_tiny) Divide(slot, {});
    const Swept swept = Sweep(r, row, place, window, slot);
    if (HWY_UNLIKELY(!swept.is_inside)) {
      has_masked_ = true;
      return false;
    }
    const float sink = source_.Sink(r);
    if (has_masked_ || sink != -kInfinity) {
      if (!(swept.sum >= LeastSum(row.n))) return false;  // or NaN
      if (sink != -kInfinity && !window.Holds(sink, parts_)) return false;
    }
    double sum = swept.sum;
    if (sink != -kInfinity) sum += hn::GetLane(window.Exp(parts_)(Set(sink)));
    const bool has_tiny = sum > kMaxSumWithoutTiny;
    slot = {place, row.to, row.n, sum, has_tiny, IsStreamed(row, place)};
    if (logsumexp_ != nullptr) {
      const float max = sink > swept.max ? sink : swept.max;
      WriteLogSumExp(r, max, window, AsIs(), sum);
    }
    guess_.Follow(swept.sum);
    return true;
  }

  HWY_INLINE Swept Sweep(size_t r, const Row& row, float* place,
                         const Window& window, Waiting& slot) const {
    return logsumexp_ == nullptr ? SweepAnd<false>(r, row, place, window, slot)
                                 : SweepAnd<true>(r, row, place, window, slot);
  }
  template <bool kNeedsMax>
  HWY_INLINE Swept SweepAnd(size_t r, const Row& row, float* place,
                            const Window& window, Waiting& slot) const {
    constexpr bool kMayMask = Source::kMayMask;
    return kMayMask || has_masked_
               ? SweepRow<true, kNeedsMax, false>(row, row.n, place, window,
                                                  parts_, slot, Next(r))
               : SweepRow<kMayMask, kNeedsMax, false>(row, row.n, place, window,
                                                      parts_, slot, Next(r));
  }

  HWY_NOINLINE void WithMax(size_t r, const Row& row, float* place,
                            Waiting& slot) {
    const float row_max =
        r != 0 && r == ahead_row_ ? ahead_max_ : source_.FindMax(row, place);
    const float sink = source_.Sink(r);
    const float max = sink > row_max ? sink : row_max;
    if (!IsFinite(max)) {
      Divide(slot, {});
      const float log = source_.Special(r, row, place);
      if (logsumexp_ != nullptr) logsumexp_[r] = log;
      return;
    }
    const RowPlan plan = PlanRow(max, parts_);
    const Window window(static_cast<float>(plan.offset + kHeadroom), parts_,
                        Window::Exact());
    const auto after = source_.AfterMax(row, place);
    double sum;
    if (plan.as_is) {
      // The next row may need its maximum, too.
      const float* const ahead = source_.Ahead(r + 1);
      const float* const any = after.Elements();
      const Swept swept =
          SweepRow<true, false, true>(after, row.n, place, window, parts_, slot,
                                      Next(r), ahead == nullptr ? any : ahead);
      sum = swept.sum;
      is_wide_ = !swept.is_inside;
      if (ahead != nullptr) {
        ahead_row_ = r + 1;
        ahead_max_ = swept.max;
      }
      End(r, max, window, AsIs(), sum);
    } else {
      Divide(slot, {});
      const SoftmaxExp exp = window.Exp(parts_);
      const Shifted shifted{Set(static_cast<float>(plan.shift)),
                            Set(static_cast<float>(plan.unit))};
      const auto logits = after.Logits();
      sum = SumTerms(row.n, Numerators<Shifted, std::decay_t<decltype(logits)>>{
                                exp, shifted, logits, place});
      End(r, max, window, shifted, sum);
    }
    if (sum != sum) return source_.FillNaN(r, row, place);
    slot = {place, row.to, row.n, sum, true, IsStreamed(row, place)};
    guess_.SetMax(max);
  }

  // Adds the sink and writes logsumexp.
  template <class Argument>
  HWY_INLINE void End(size_t r, float max, const Window& window,
                      const Argument& argument, double& sum) const {
    if (const float sink = source_.Sink(r); sink != -kInfinity) {
      sum += hn::GetLane(window.Exp(parts_)(argument(Set(sink))));
    }
    if (logsumexp_ != nullptr) WriteLogSumExp(r, max, window, argument, sum);
  }
  template <class Argument>
  HWY_NOINLINE void WriteLogSumExp(size_t r, float max, const Window& window,
                                   const Argument& argument, double sum) const {
    const RowPlan plan = PlanRow(max, parts_);
    // As if the numerators had been made with the plan.
    const double octaves = window.offset - kWindowTop - plan.offset;
    const double planned = sum * PowerOfTwo(octaves);
    const float log =
        LogSumExp(plan, MakeExp(plan, parts_), argument, max, planned);
    logsumexp_[r] = planned == planned ? log : kNaN;
  }

  HWY_INLINE void Divide(Waiting& slot, const NextRow& next) const {
    if (slot.n == 0) return;
    if (slot.is_streamed) {
      StreamWaiting(slot, next);
    } else {
      DivideFrom(0, slot);
    }
  }
  HWY_NOINLINE void StreamWaiting(Waiting& slot, const NextRow& next) const {
    const Probabilities quotients(ReciprocalOf(slot.sum));
    StreamRow(slot.from, slot.to, slot.n, quotients, next);
    slot.n = 0;
  }
  HWY_INLINE bool IsStreamed(const Row& row, const float* place) const {
    return places_ == Places::kStreamed && place != row.to;
  }
  const Source& source_;
  const size_t rows_;
  float* const logsumexp_;
  const ScaleParts& parts_;
  const Places places_;
  WaitingRows waiting_;
  MaxGuess guess_;
  size_t ahead_row_ = 0;  // whose maximum is known, if it is not 0
  float ahead_max_ = 0.0f;
  bool is_wide_ = false;  // the last row was too wide for the window
  bool has_masked_;
  Attempts attempts_;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_SOFTMAX_PIPELINE_INL_H_
