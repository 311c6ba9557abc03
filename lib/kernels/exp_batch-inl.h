// SPDX-License-Identifier: Apache-2.0

// The exp pass of a batch of short rows, for logits of any kind. All rows have
// the same predicted exponent, so a vector may hold elements of two rows. Rows
// without gaps between them are one run of full vectors.

#if defined(SOFTLANE_LIB_KERNELS_EXP_BATCH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_EXP_BATCH_INL_H_
#undef SOFTLANE_LIB_KERNELS_EXP_BATCH_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_EXP_BATCH_INL_H_
#endif

#include "arith/fold_rows-inl.h"
#include "arith/lane_rows-inl.h"
#include "kernels/range_terms-inl.h"
#include "kernels/short_rows.h"
#include "kernels/softmax_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::ExpParams;

// Terms, and prefetches of what is read next. The prefetches stand among
// exponentials, which use no memory, and not among stores. ns per element with
// AVX2 on Zen 3, among the stores past the caches and among exponentials: 0.51
// and 0.44 at 16384 x 128, 0.51 and 0.41 at 5242 x 400. Attention does not use
// this, because its short rows would take 3 to 5 % more time.
template <class Terms>
struct PrefetchingTerms {
  HWY_INLINE void Prefetch(size_t i) const {
    // GCC would write the loop twice.
    if (Unknown(has_ahead) == 0) return;
    PrefetchRange<4 * kLanes>(next + PartOfBlock(i));
  }
  HWY_INLINE Four FourOf(size_t i) const {
    Prefetch(i);
    return terms.FourOf(i);
  }
  HWY_INLINE VF One(size_t i) const { return terms.One(i); }
  HWY_INLINE VF First(size_t i, size_t count) const {
    return terms.First(i, count);
  }

  // See AddStagedBlocks.
  static constexpr bool kMayBeStaged = Terms::kMayBeStaged;
  HWY_INLINE Four X(size_t i) const {
    Prefetch(i);
    return terms.X(i);
  }
  HWY_INLINE const SoftmaxExp& Exp() const { return terms.Exp(); }
  HWY_INLINE Two End(const Stage& stage) const { return terms.End(stage); }
  HWY_INLINE void Write(size_t i, const Two& result) const {
    terms.Write(i, result);
  }

  // See EndAndBegin.
  static constexpr bool kMayRunAhead = Terms::kMayRunAhead;
  HWY_INLINE VF Begin(size_t i) const { return terms.Begin(i); }
  HWY_INLINE void Beside(size_t i) const {
    if (i % 16 == 0 && Unknown(has_ahead) != 0) hwy::Prefetch(next + i);
  }
  HWY_INLINE VF End(const NarrowStage& stage) const { return terms.End(stage); }
  HWY_INLINE void Put(size_t i, VF term) const { terms.Put(i, term); }

  const Terms& terms;
  size_t has_ahead;
  const float* next;
};

// Exp values for a place with room for whole vectors. After the row's elements
// come +0.
template <bool kHasMasked, bool kNeedsMax, class Logits>
struct WholeTerms : RangeTerms<kHasMasked, kNeedsMax, Logits> {
  using Base = RangeTerms<kHasMasked, kNeedsMax, Logits>;
  HWY_INLINE VF First(size_t i, size_t count) const {
    VF x = Base::logits.First(i, count);
    // -inf is masked.
    const auto is_there = hn::FirstN(F32(), count);
    if (!kHasMasked) x = hn::IfThenElse(is_there, x, Set(hn::GetLane(x)));
    VF result = Base::Of(x);
    if (!kHasMasked) result = hn::IfThenElseZero(is_there, result);
    Store(result, Base::e + i);
    return result;
  }
};
// +0 from the first whole vector behind `end` elements on.
HWY_INLINE void ZeroRest(float* e, size_t end, size_t n) {
  size_t i = (end + kLanes - 1) / kLanes * kLanes;
  for (; i < n; i += kLanes) {
    i = Unknown(i);  // GCC would call memset
    Store(Set(0.0f), e + i);
  }
}

template <bool kHasMasked, bool kPrefetches, class Source>
HWY_NOINLINE bool ExpRowsOfBatch(const void* source,
                                 const internal::BatchRows& rows,
                                 const ExpParams& params) {
  const Source all(source);
  const size_t runs = rows.is_dense ? 1 : rows.rows;
  const size_t length = rows.is_dense ? rows.rows * rows.n : rows.n;
  const SoftmaxExp exp = ExpOf(params.range, params.parts);
  LaneRange range;
  NarrowMax none;
  // Local copies, which no store changes.
  const float* from = rows.logits;
  float* e = rows.e;
  const size_t n = rows.n, stride = rows.stride, e_stride = rows.e_stride;
  const size_t first = rows.first;
  const size_t* const ends = rows.ends;
  for (size_t r = 0; r < runs; ++r, from += stride, e += e_stride) {
    const auto logits = all.LogitsAt(from, first + r, 0);
    using Terms = WholeTerms<kHasMasked, false, std::decay_t<decltype(logits)>>;
    const Terms terms{{exp, logits, e, range, none}};
    if constexpr (kPrefetches) {
      const bool has_ahead = r < rows.ahead_rows;
      const float* const next =
          has_ahead ? rows.ahead + r * rows.stride : nullptr;
      WriteTerms(length,
                 PrefetchingTerms<Terms>{terms, has_ahead ? 1u : 0u, next});
    } else {
      const size_t end = ends == nullptr ? length : ends[r];
      WriteTerms(end, terms);
      ZeroRest(e, end, n);
    }
  }
  return range.IsInside();
}

// With AVX2, usual batches that prefetch nothing have a loop of their own: they
// take 5 to 8 % less time on Zen 3.
template <bool kHasMasked, class Source>
bool ExpBatch(const void* source, const internal::BatchRows& rows,
              const ExpParams& params) {
  constexpr bool kMayPrefetch = Source::kAreInMemory;
  constexpr bool kHasBoth = kRunsAhead && !kHasMasked;
  if (kMayPrefetch && (!kHasBoth || rows.ahead_rows != 0)) {
    return ExpRowsOfBatch<kHasMasked, kMayPrefetch, Source>(source, rows,
                                                            params);
  }
  return ExpRowsOfBatch<kHasMasked, false, Source>(source, rows, params);
}

// The exp pass row by row, for rows of different lengths or ranges, and for
// callers that need the maximum of each row. Elements may be masked.
template <class Source>
bool ExpBatchOfRows(const void* source, const internal::BatchRows& rows,
                    const ExpParams& params) {
  const Source all(source);
  LaneRange range;
  for (size_t r = 0; r < rows.rows; ++r) {
    const SoftmaxExp exp =
        ExpOf({rows.offset[r], rows.lowest[r]}, params.parts);
    const auto logits =
        all.LogitsAt(rows.logits + r * rows.stride, rows.first + r, 0);
    float* const e = rows.e + r * rows.e_stride;
    const size_t end = rows.ends == nullptr ? rows.n : rows.ends[r];
    NarrowMax max;
    using Terms = WholeTerms<true, true, std::decay_t<decltype(logits)>>;
    const Terms terms{{exp, logits, e, range, max}};
    // With 8 lanes, vectors one by one are faster than four side by side.
    if constexpr (Terms::kMayBeStaged || Terms::kMayRunAhead) {
      WriteTerms(end, terms);
    } else {
      WriteLast(0, end, terms);
    }
    ZeroRest(e, end, rows.n);
    if (rows.max != nullptr) rows.max[r] = max.Total();
  }
  return range.IsInside();
}

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
// Logits as terms that are written, unless they are in memory already.
template <class Source, class Logits>
struct LogitTerms {
  static constexpr bool kMayBeStaged = false;
  static constexpr bool kMayRunAhead = false;

  HWY_INLINE Four FourOf(size_t i) const {
    const Four x = logits.FourOf(i);
    if constexpr (!Source::kAreInMemory) StoreFour(x, to + i, 16);
    max.Add(x);
    return x;
  }
  HWY_INLINE VF One(size_t i) const {
    const VF x = logits.One(i);
    if constexpr (!Source::kAreInMemory) Store(x, to + i);
    max.Add(x);
    return x;
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF x = logits.First(i, count);
    if constexpr (!Source::kAreInMemory) StoreFirst(x, to + i, count);
    max.Add(x);
    return x;
  }

  const Logits& logits;
  float* to;
  NarrowMax& max;
};

template <class Source>
bool FindMaxima(const void* source, const internal::BatchRows& rows,
                const float* sinks, const ScaleParts& parts) {
  const Source all(source);
  const size_t count = rows.rows;
  HWY_ALIGN float lanes[internal::kBatchRows * kLanes];
  VF max = Set(-kInfinity);  // of the last row for those that are missing
  for (size_t r = 0; r < count || r % kLanes != 0; ++r) {
    if (r < count) {
      const auto logits =
          all.LogitsAt(rows.logits + r * rows.stride, rows.first + r, 0);
      const size_t end = rows.ends == nullptr ? rows.n : rows.ends[r];
      NarrowMax narrow;
      WriteTerms(end, LogitTerms<Source, std::decay_t<decltype(logits)>>{
                          logits, rows.e + r * rows.e_stride, narrow});
      max = narrow.Lanes();
    }
    Store(max, lanes + r * kLanes);
  }
  bool are_direct = true;
  for (size_t r = 0; r < count; r += kLanes) {
    const StoredRows<F32> stored{lanes + r * kLanes};
    VF maxima = FoldRows(F32(), stored, Larger());
    if (sinks != nullptr) {
      const VF sink = LoadFirst(sinks + r, HWY_MIN(kLanes, count - r), maxima);
      maxima = hn::IfThenElse(hn::Gt(sink, maxima), sink, maxima);
    }
    VF offset;
    are_direct = FindOffset(maxima, parts, offset) && are_direct;
    Store(maxima, rows.max + r);
    Store(Lowest(offset, parts), rows.lowest + r);
    // ExactRange for the octaves, which are kHeadroom above the offset.
    constexpr double kAbove =
        kHeadroom + internal::kRangeTop - internal::kPredictedPeak;
    Store(hn::Add(offset, Set(static_cast<float>(kAbove))), rows.offset + r);
  }
  return are_direct;
}
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_EXP_BATCH_INL_H_
