// SPDX-License-Identifier: Apache-2.0

// LaneSum of sum-inl.h by SSE2, for terms in memory or terms that are computed
// from memory. The order of additions is the same, and so are the bits.

#if defined(SOFTLANE_LIB_ARITH_SSE2_SUM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_SSE2_SUM_INL_H_
#undef SOFTLANE_LIB_ARITH_SSE2_SUM_INL_H_
#else
#define SOFTLANE_LIB_ARITH_SSE2_SUM_INL_H_
#endif

#include "arith/sse2-inl.h"
#include "arith/sum-inl.h"

#ifdef SOFTLANE_SSE2
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {

// The lanes of a sum, in order.
struct WideLanes {
  __m128d two[4];
};

namespace {

HWY_INLINE double TotalOf(__m128d two) {
  return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

// With kInDouble no addition is in float.
template <bool kInDouble>
class WideSum {
 public:
  HWY_INLINE WideSum() {
    for (__m128d& two : lanes.two) two = _mm_setzero_pd();
  }
  HWY_INLINE explicit WideSum(const WideLanes& lanes) : lanes(lanes) {}

  // Adds a block of 64 terms, or the first `count` vectors of a block, with +0
  // after the last term. A constant count needs no branches.
  // `e` points to floats, or to terms: see LoadFloats.
  template <class From>
  HWY_INLINE void Add(From e, size_t count) {
    HWY_UNROLL(4)
    for (size_t k = 0; k < 2; ++k) {
      const Folded lower = Fold(e, k, count);
      const Folded upper = Fold(e, k + 2, count);
      AddTo(2 * k, lower.first, upper.first);
      AddTo(2 * k + 1, lower.second, upper.second);
    }
  }
  template <class From>
  HWY_INLINE void AddBlock(From e) {
    Add(e, kSumBlock / 4);
  }
  // Two lanes, whose sum is the total.
  HWY_INLINE __m128d LastTwo() const {
    return _mm_add_pd(_mm_add_pd(lanes.two[0], lanes.two[2]),
                      _mm_add_pd(lanes.two[1], lanes.two[3]));
  }
  HWY_INLINE double Total() const { return TotalOf(LastTwo()); }

  HWY_INLINE void Multiply(double factor) {
    for (__m128d& two : lanes.two) two = _mm_mul_pd(two, _mm_set1_pd(factor));
  }

  // The sum of the first block alone, in the form that Add takes. The block is
  // not empty. The sum does not begin with +0, so a -0 stays.
  template <class From>
  static HWY_INLINE __m128d LastTwoOf(From e, size_t count) {
    if (count > 2 * kSumLanes / 4) {
      WideSum sum;
      sum.Add(e, count);
      return sum.LastTwo();
    }
    // No two terms are added as floats, and no +0 is added.
    const LoadFloats load;
    Folded lower = Widen(load(e));
    if (count > 2) lower = AddUp(lower, Widen(load(e + 8)));
    if (count == 1) return _mm_add_pd(lower.first, lower.second);
    Folded upper = Widen(load(e + 4));
    if (count > 3) upper = AddUp(upper, Widen(load(e + 12)));
    const Folded sum = AddUp(lower, upper);
    return _mm_add_pd(sum.first, sum.second);
  }

  WideLanes lanes;

 private:
  struct Folded {
    __m128d first, second;
  };
  static HWY_INLINE Folded Widen(__m128 v) {
    return {_mm_cvtps_pd(v), _mm_cvtps_pd(UpperTwo(v))};
  }
  static HWY_INLINE __m128 AddUp(__m128 a, __m128 b) {
    return _mm_add_ps(a, b);
  }
  static HWY_INLINE Folded AddUp(const Folded& a, const Folded& b) {
    return {_mm_add_pd(a.first, b.first), _mm_add_pd(a.second, b.second)};
  }

  // Terms advance like a pointer, and Load() gives the four terms at the
  // current position.
  struct LoadFloats {
    HWY_INLINE __m128 operator()(const float* from) const {
      return _mm_loadu_ps(from);
    }
    template <class Terms>
    HWY_INLINE __m128 operator()(const Terms& from) const {
      return from.Load();
    }
  };
  struct LoadWide {
    HWY_INLINE Folded operator()(const float* from) const {
      return {WidenTwo(from), WidenTwo(from + 2)};
    }
  };

  // Vector k of the 16 floats that a block is folded to.
  template <class From>
  static HWY_INLINE Folded Fold(From e, size_t k, size_t count) {
    if constexpr (kInDouble) {
      return FoldAs(e, k, count, LoadWide());
    } else {
      if (k >= count) return Widen(_mm_setzero_ps());
      return Widen(FoldAs(e, k, count, LoadFloats()));
    }
  }
  template <class From, class Load4>
  static HWY_INLINE auto FoldAs(From e, size_t k, size_t count,
                                const Load4& load) {
    using V = decltype(load(e));
    if (k >= count) return V{};
    V sum = load(e + 4 * k);
    if (k + 4 < count) sum = AddUp(sum, load(e + 4 * k + 16));
    if (k + 8 < count) {
      V second = load(e + 4 * k + 32);
      if (k + 12 < count) second = AddUp(second, load(e + 4 * k + 48));
      sum = AddUp(sum, second);
    }
    return sum;
  }

  HWY_INLINE void AddTo(size_t k, __m128d lower, __m128d upper) {
    lanes.two[k] = _mm_add_pd(lanes.two[k], _mm_add_pd(lower, upper));
  }
};

// The sums of rows of n terms, one row after the other. Terms is a type that
// WideSum adds. Its First(count) gives the first `count` of four terms, and +0.
template <class Terms>
class WideRowSums {
 public:
  HWY_INLINE explicit WideRowSums(size_t n)
      : full_(n / kSumBlock * kSumBlock), rest_(n % kSumBlock) {
    for (size_t i = 0; i < kSumBlock; i += 4) {
      _mm_store_ps(last_ + i, _mm_setzero_ps());
    }
  }

  HWY_INLINE double operator()(Terms terms) {
    WideSum<false> sum;
    for (size_t i = 0; i != full_; i += kSumBlock) {
      sum.AddBlock(terms);
      terms = terms + kSumBlock;
    }
    if (rest_ == 0) return sum.Total();
    size_t i = 0;
    for (; rest_ - i >= 4; i += 4) _mm_store_ps(last_ + i, (terms + i).Load());
    if (i != rest_) _mm_store_ps(last_ + i, (terms + i).First(rest_ - i));
    const float* const last = last_;
    if (full_ == 0 && rest_ <= kSumBlock / 4) {
      return TotalOf(WideSum<false>::LastTwoOf(last, kSumBlock / 16)) + 0.0;
    }
    if (rest_ <= kSumBlock / 2) {
      sum.Add(last, kSumBlock / 8);
    } else {
      sum.AddBlock(last);
    }
    return sum.Total();
  }

 private:
  size_t full_, rest_;
  HWY_ALIGN float last_[kSumBlock];  // the terms of the rest, and +0
};

// Floats in memory.
struct WideTerms {
  HWY_INLINE WideTerms operator+(size_t i) const { return {from + i}; }
  HWY_INLINE __m128 Load() const { return InLoop(_mm_loadu_ps(from)); }
  HWY_INLINE __m128 First(size_t count) const {
    return LoadSome(from, count, 0.0f);
  }

  const float* from;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_ARITH_SSE2_SUM_INL_H_
