// SPDX-License-Identifier: Apache-2.0

// Out-of-cache rows: stores past the caches, and prefetches of the data that
// are read next.

#if defined(SOFTLANE_LIB_KERNELS_STREAM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_STREAM_INL_H_
#undef SOFTLANE_LIB_KERNELS_STREAM_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_STREAM_INL_H_
#endif

#include "arith/vector-inl.h"
#include "highway.h"
#include "hwy/cache_control.h"
#include "kernels/open_line.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The distance from a pass to its prefetches, in elements.
constexpr size_t kPrefetchAhead = 1024;

// Brings kCount elements into the first cache.
template <size_t kCount>
HWY_INLINE void PrefetchRange(const float* from) {
  for (size_t i = 0; i < kCount; i += 16) hwy::Prefetch(from + i);
}

// Splits the prefetch of a block of 64 elements. A loop over the block has 16 /
// kLanes steps i; in each, PrefetchRange<4 * kLanes> from here on prefetches
// another part of the block.
HWY_INLINE size_t PartOfBlock(size_t i) { return i - i % 16 + i % 16 * 4; }

// A store past the caches needs whole aligned vectors. CanStream says whether
// some address after `to` is aligned.
HWY_INLINE bool CanStream(const float* to) {
  return reinterpret_cast<uintptr_t>(to) % sizeof(float) == 0;
}
HWY_INLINE bool IsAligned(const float* to) {
  return reinterpret_cast<uintptr_t>(to) % (kLanes * sizeof(float)) == 0;
}
HWY_INLINE void StreamOne(VF v, float* to) {
  if constexpr (kHasFma) {
    hn::Stream(v, F32(), to);
  } else {  // SSE2 streams 16 bytes, and here a vector has 4
    Store(v, to);
  }
}
HWY_INLINE void StreamFour(const Four& v, float* to, size_t step) {
  StreamOne(v.a, to);
  StreamOne(v.b, to + step);
  StreamOne(v.c, to + 2 * step);
  StreamOne(v.d, to + 3 * step);
}

// The whole cache lines in to[0, n) are [begin, lines_end). In [begin, end)
// four vectors at a time are aligned.
struct AlignedRange {
  HWY_INLINE AlignedRange() : begin(0), end(0), lines_end(0) {}
  HWY_INLINE AlignedRange(const float* to, size_t n) {
    constexpr size_t kLine = 64 / sizeof(float);
    const size_t past = reinterpret_cast<uintptr_t>(to) / sizeof(float) % kLine;
    begin = HWY_MIN((kLine - past) % kLine, n);
    end = n - (n - begin) % (4 * kLanes);
    lines_end = HWY_MAX(end, n - (n - begin) % kLine);
  }

  size_t begin, end, lines_end;
};

// The data that a later row reads. Both pointers may be null.
struct NextRow {
  HWY_INLINE void Prefetch(size_t i) const {
    if (first != nullptr) PrefetchRange<4 * kLanes>(first + i);
    if (second != nullptr) PrefetchRange<4 * kLanes>(second + i);
  }
  HWY_INLINE void PrefetchLine(size_t i) const {
    if (first != nullptr) hwy::Prefetch(first + i);
    if (second != nullptr) hwy::Prefetch(second + i);
  }

  const float* first;
  const float* second;
};

// to[i] = terms[i] for i in [begin, n). `terms` has FourOf(i), which gives the
// four vectors from i on, One(i) and First(i, count).
template <class Terms>
HWY_INLINE void StoreTerms(const Terms& terms, float* to, size_t n,
                           size_t begin = 0) {
  size_t i = begin;
  for (; n - i >= 4 * kLanes; i += 4 * kLanes) {
    StoreFour(terms.FourOf(i), to + i, kLanes);
  }
  for (; n - i >= kLanes; i += kLanes) Store(terms.One(i), to + i);
  if (i != n) StoreFirst(terms.First(i, n - i), to + i, n - i);
}

// to[i] = terms[i] for i in [begin, end), with stores of parts of vectors.
template <class Terms>
HWY_INLINE void StoreSome(const Terms& terms, float* to, size_t begin,
                          size_t end) {
  for (size_t i = begin; i < end; i += kLanes) {
    const size_t count = HWY_MIN(kLanes, end - i);
    StoreFirst(terms.First(i, count), to + i, count);
  }
}

#if HWY_TARGET == HWY_AVX3
// The first `count` lanes, up to the end of a line. A masked store that reaches
// into the next line would bring it into the cache, though it writes nothing
// there, and the streamed store of that line would take it out again.
// With such stores and so, ns per element on Zen 5, softmax 0.28 and 0.16 at
// 17322 x 127, the backward pass 0.29 and 0.19.
HWY_INLINE void StoreLineEnd(VF v, float* to, size_t count,
                             internal::OpenLine* line) {
  const size_t skipped = kLanes - count;
  const auto mask = static_cast<__mmask16>(uint32_t{0xFFFF} << skipped);
  float* const begin = to - skipped;
  if (line != nullptr && line->to == begin && line->count == skipped) {
    line->to = nullptr;
    const VF before = Load(line->values);
    return StreamOne(VF{_mm512_mask_expand_ps(before.raw, mask, v.raw)}, begin);
  }
  _mm512_mask_storeu_ps(begin, mask, _mm512_maskz_expand_ps(mask, v.raw));
}
#endif

// to[0, end) and to[begin, n), parts of a line.
template <class Terms>
HWY_INLINE void StoreHead(const Terms& terms, float* to, size_t end,
                          internal::OpenLine* line) {
#if HWY_TARGET == HWY_AVX3
  if (end != 0) StoreLineEnd(terms.First(0, end), to, end, line);
#else
  (void)line;
  StoreSome(terms, to, 0, end);
#endif
}
template <class Terms>
HWY_INLINE void StoreTail(const Terms& terms, float* to, size_t begin, size_t n,
                          internal::OpenLine* line) {
#if HWY_TARGET == HWY_AVX3
  const size_t count = n - begin;
  if (line != nullptr && 0 < count && count < kLanes) {
    line->Close();
    Store(terms.First(begin, count), line->values);
    line->to = to + begin;
    line->count = count;
    return;
  }
#else
  (void)line;
#endif
  StoreSome(terms, to, begin, n);
}

// to[i] = terms[i] for i in [0, n), past the caches. Each step stores to memory
// and also loads from memory by a prefetch of `next`, because a pass with
// stores alone would leave a part of the bandwidth unused.
// With a `line` the last part of a line may wait there, and n is at least
// kLanes.
template <class Terms>
HWY_INLINE void StreamTerms(const Terms& terms, float* to, size_t n,
                            const NextRow& next,
                            internal::OpenLine* line = nullptr) {
  const AlignedRange range =
      CanStream(to) ? AlignedRange(to, n) : AlignedRange();
  StoreHead(terms, to, range.begin, line);
  for (size_t i = range.begin; i != range.end; i += 4 * kLanes) {
    next.Prefetch(i);
    StreamFour(terms.FourOf(i), to + i, kLanes);
  }
  for (size_t i = range.end; i < range.lines_end; i += kLanes) {
    StreamOne(terms.One(i), to + i);
  }
  StoreTail(terms, to, range.lines_end, n, line);
}

// FillZero: to[i] = 0 for i in [0, n), past the caches or not.
struct Zeros {
  HWY_INLINE Four FourOf(size_t) const { return Repeat<Four>(Set(0.0f)); }
  HWY_INLINE VF One(size_t) const { return Set(0.0f); }
  HWY_INLINE VF First(size_t, size_t) const { return Set(0.0f); }
};
HWY_INLINE void FillZero(float* to, size_t n, bool is_streamed) {
  if (!is_streamed) return Fill(to, n, 0.0f);
  StreamTerms(Zeros(), to, n, NextRow{});
}

// The terms op(from[i]).
template <class Op>
struct MappedRow {
  HWY_INLINE Four FourOf(size_t i) const {
    return op(LoadFour(from + i, kLanes));
  }
  HWY_INLINE VF One(size_t i) const { return op(Load(from + i)); }
  HWY_INLINE VF First(size_t i, size_t count) const {
    return op(LoadFirst(from + i, count, Set(0.0f)));
  }

  const Op& op;
  const float* from;
};
template <class Op>
HWY_INLINE void StreamRow(const float* from, float* to, size_t n, const Op& op,
                          const NextRow& next,
                          internal::OpenLine* line = nullptr) {
  StreamTerms(MappedRow<Op>{op, from}, to, n, next, line);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_STREAM_INL_H_
