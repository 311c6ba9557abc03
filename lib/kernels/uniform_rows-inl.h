// SPDX-License-Identifier: Apache-2.0

// The exp pass of rows of one length with AVX-512: see UniformRows.

#if defined(SOFTLANE_LIB_KERNELS_UNIFORM_ROWS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_UNIFORM_ROWS_INL_H_
#undef SOFTLANE_LIB_KERNELS_UNIFORM_ROWS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_UNIFORM_ROWS_INL_H_
#endif

#include <type_traits>

#include "kernels/exp_last-inl.h"
#include "kernels/stages-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {

namespace {

using internal::ExpUniformFunction;
using internal::RowsDone;
using internal::UniformRows;

// The places of the exp values of consecutive rows. Each place is `step` after
// the place before it. After `end`, places begin at `begin` again.
struct PlacesInTurn {
  // Begins with the place of row `first` of the call.
  HWY_INLINE PlacesInTurn(const UniformRows& rows, size_t first)
      : at(rows.PlaceOf(first)), begin(rows.places), end(nullptr) {
    step = begin == nullptr ? rows.probs_stride : rows.places_step;
    if (begin != nullptr) end = begin + (rows.distance + 1) * step;
  }
  // The place of the next row. Until it is written, the pending row is there,
  // unless exp values wait in the place of the probabilities.
  HWY_INLINE float* Next() const {
    return at + step == end ? begin : at + step;
  }

  float *at, *begin, *end;
  size_t step;
};

// Sets the job of row `row`, except for its pending row.
HWY_INLINE void SetJob(const UniformRows& rows, size_t row, const float* x,
                       float* e, RowJob& job) {
  job.logits = x;
  job.row = row;
  job.begin = 0;
  job.n = rows.n;
  job.sink = -kInfinity;
  job.e = e;
  job.is_streamed = false;
  job.ahead.first = job.ahead.second = nullptr;
  job.block_sums = nullptr;
}

// The last exponentials of a row end while the first exponentials of the next
// row begin. With kHasLast, rows may end in a partial block. Rows of whole
// blocks would take 1 to 2 % more time with it.
//
// The first rows have no pending row. They go through the same function, so the
// row after them need not wait: with AVX-512 on Zen 5, 3 to 7 % less time at 16
// x 256, and 2 to 3 % at 8 x 1024. Instead of a separate loop, which would be
// too much code, they divide their own logits by 0. Their exp values overwrite
// the results right after.
template <bool kHasMasked, bool kHasLast, class Source>
HWY_NOINLINE RowsDone ExpStagedRows(const Source& source,
                                    const UniformRows& rows,
                                    const ExpParams& params) {
  const SoftmaxExp exp = ExpOf(params.range, params.parts);
  const size_t n = rows.n, full = n / kSumBlock * kSumBlock;
  const size_t end_row = rows.row + rows.count;
  const double least = kHasMasked ? internal::LeastSum(n) : 0.0;
  size_t row = rows.row;
  const float* x = rows.logits;
  PlacesInTurn place(rows, row);
  const Four begun = source.LogitsAt(x, row, 0).FourOf(0);
  Stage lower = BeginStage(exp, begun.a, begun.b);
  Stage upper = BeginStage(exp, begun.c, begun.d);
  for (;;) {
    double& row_sum = rows.SumOf(row);
    // At the end, the last row is begun again, and the result is not used.
    const size_t next = row + 1 == end_row ? row : row + 1;
    const float* const next_x = next == row ? x : x + rows.stride;
    const auto logits = source.LogitsAt(x, row, 0);
    const auto next_logits = source.LogitsAt(next_x, next, 0);
    LaneRange range;
    NarrowMax none;
    LaneSum sum;
    using Terms = RangeTerms<kHasMasked, false, std::decay_t<decltype(logits)>>;
    const Terms terms{exp, logits, place.at, range, none};
    // Used for all kinds of logits, because attention of 64 x 1000 takes 13 %
    // less time than by ExpLast.
    constexpr bool kHasOwnLast = !kHasMasked;
    const bool is_pending = row_sum != 0.0;
    float* const probs =
        is_pending ? rows.Probs(row - rows.distance) : place.at;
    const float* const pending = !is_pending              ? x
                                 : rows.places == nullptr ? probs
                                                          : place.Next();
    const Probabilities probabilities(internal::ReciprocalOf(row_sum));
    const UsualProbabilities usual{probabilities};
    const DividingTerms<Terms> dividing{terms, usual, pending,
                                        probs, false, {}};
    if (!kHasMasked && !is_pending) {
      AddStagedRow(full, terms, next_logits, lower, upper, sum);
    } else {
      AddStagedRow(full, dividing, next_logits, lower, upper, sum);
    }
    if (kHasLast && kHasOwnLast) AddFastLast(full, n, dividing, sum);
    bool in_range = range.IsInside();
    if (kHasLast && !kHasOwnLast && n != full) {
      RowJob job;
      SetJob(rows, row, x, place.at, job);
      job.pending = pending;
      job.pending_n = n;
      job.pending_sum = &row_sum;
      job.probs = probs;
      HWY_ALIGN float logits_of_last[kSumBlock];
      LastBlock last;
      ExpLast(LastLogits(source, job, logits_of_last), kHasMasked, job, params,
              last);
      AddLastBlock(last, sum);
      in_range = in_range && last.in_range;
    }
    row_sum = sum.Total();
    const size_t before = row - rows.row;
    if (!in_range || (kHasMasked && !(row_sum >= least))) return {before, true};
    if (next == row || EndsCall(row_sum, row_sum)) return {before + 1, false};
    row = next;
    x = next_x;
    place.at = place.Next();
  }
}
template <bool kHasMasked, class Source>
RowsDone ExpUniformRows(const void* of_kind, const UniformRows& rows,
                        const ExpParams& params) {
  const Source source(of_kind);
  if constexpr (HasOwnLast<kHasMasked, false, Source>()) {
    if (rows.n % kSumBlock == 0) {
      return ExpStagedRows<kHasMasked, false>(source, rows, params);
    }
  }
  return ExpStagedRows<kHasMasked, true>(source, rows, params);
}
// AVX2 has no stages, and gains less than 3 % by this pass, or loses.
template <bool kHasMasked, class Source>
constexpr ExpUniformFunction* UniformRowsOf() {
  if constexpr (kLanes == 16 && Source::kMayBeStaged) {
    return &ExpUniformRows<kHasMasked, Source>;
  }
  return nullptr;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_UNIFORM_ROWS_INL_H_
