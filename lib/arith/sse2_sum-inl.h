// SPDX-License-Identifier: Apache-2.0

// LaneSum of sum-inl.h by SSE2, of terms in memory: the same order of
// additions, and so the same bits.

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
namespace {

// With kInDouble no addition is in float.
template <bool kInDouble>
class WideSum {
 public:
  HWY_INLINE WideSum() {
    for (__m128d& lanes : lanes_) lanes = _mm_setzero_pd();
  }

  // A block of 64 terms; or the first of one, `count` vectors, +0 behind the
  // last term. A constant count takes no branches.
  HWY_INLINE void Add(const float* e, size_t count) {
    HWY_UNROLL(4)
    for (size_t k = 0; k < 2; ++k) {
      const Folded lower = Fold(e, k, count);
      const Folded upper = Fold(e, k + 2, count);
      AddTo(2 * k, lower.first, upper.first);
      AddTo(2 * k + 1, lower.second, upper.second);
    }
  }
  HWY_INLINE void AddBlock(const float* e) { Add(e, kSumBlock / 4); }

  // Two lanes, whose sum is the total.
  HWY_INLINE __m128d LastTwo() const {
    return _mm_add_pd(_mm_add_pd(lanes_[0], lanes_[2]),
                      _mm_add_pd(lanes_[1], lanes_[3]));
  }
  HWY_INLINE double Total() const {
    const __m128d two = LastTwo();
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
  }

  HWY_INLINE void Multiply(double factor) {
    for (__m128d& lanes : lanes_) {
      lanes = _mm_mul_pd(lanes, _mm_set1_pd(factor));
    }
  }

  // Of the first block alone, which is not empty, as Add takes it.
  static HWY_INLINE __m128d LastTwoOf(const float* e, size_t count) {
    if (count > kSumLanes / 4) {
      WideSum sum;
      sum.Add(e, count);
      return sum.LastTwo();
    }
    // A term a lane: nothing to fold before.
    const Folded lower = Widen(_mm_loadu_ps(e));
    if (count == 1) return _mm_add_pd(lower.first, lower.second);
    const Folded sum = AddUp(lower, Widen(_mm_loadu_ps(e + 4)));
    return _mm_add_pd(sum.first, sum.second);
  }

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

  struct LoadFloats {
    HWY_INLINE __m128 operator()(const float* from) const {
      return _mm_loadu_ps(from);
    }
  };
  struct LoadWide {
    HWY_INLINE Folded operator()(const float* from) const {
      return Widen(_mm_loadu_ps(from));
    }
  };

  // Vector k of the 16 that a block is folded to.
  static HWY_INLINE Folded Fold(const float* e, size_t k, size_t count) {
    if constexpr (kInDouble) {
      return FoldAs(e, k, count, LoadWide());
    } else {
      if (k >= count) return Widen(_mm_setzero_ps());
      return Widen(FoldAs(e, k, count, LoadFloats()));
    }
  }
  template <class Load4>
  static HWY_INLINE auto FoldAs(const float* e, size_t k, size_t count,
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
    lanes_[k] = _mm_add_pd(lanes_[k], _mm_add_pd(lower, upper));
  }

  __m128d lanes_[4];
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif  // SOFTLANE_SSE2

#endif  // SOFTLANE_LIB_ARITH_SSE2_SUM_INL_H_
