// SPDX-License-Identifier: Apache-2.0

// The sum of a row's terms, with the same bits on every target.
//
// The element's index alone fixes the order of additions, so the order does not
// depend on the vector length. A block of 64 terms is folded to 16 floats, (a +
// b) + (c + d). From here on sums are in double. The upper 8 of the 16 floats
// are added to the lower 8, and the results to 8 lanes. After the last block,
// the lanes are folded 8 -> 4 -> 2 -> 1, upper half onto lower half. Terms
// beyond the row are +0, which changes no sum. So a float is rounded twice,
// whatever the row length is.
//
// Measured in a prototype of softmax with the core of exp-inl.h. The columns
// are: the worst error in ULP on 6000 rows each of N(0, 10), two values, and
// peak + equal tail; ns per element at 8 x 4096 on Zen 5, AVX-512 and AVX2, in
// one run per target:
//   f32 chains of 16, blocks of 1024 to double  3.9  4.1 10.8   0.153   0.247
//   128 -> 8 in f32, 8 double lanes             3.7  2.7  2.9   0.150   0.242
//   64 -> 8 in f32, 8 double lanes              3.3  2.4  2.5   0.154   0.254
//   64 -> 16 in f32, 8 double lanes (this one)  3.1  3.1  2.9   0.159   0.268
//   64 -> 16 in f32, 16 double lanes            3.1  3.1  2.9   0.162   0.294
//   every term to double                        2.7  2.4  2.1   0.207   0.376
// On 500,000 random rows, 64 -> 8 had 4 rows above 4 ULP; this order had 1.

#if defined(SOFTLANE_LIB_ARITH_SUM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_SUM_INL_H_
#undef SOFTLANE_LIB_ARITH_SUM_INL_H_
#else
#define SOFTLANE_LIB_ARITH_SUM_INL_H_
#endif

#include "arith/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

constexpr size_t kSumBlock = 64;
constexpr size_t kSumLanes = 8;
// The relative error in units of u = 2^-24. 64 -> 16 takes two roundings to
// float. The other sums are in double.
constexpr double kSumErrorU = 2.0 + 0.01;
constexpr double kDoubleSumErrorU = 0.01;

using F64 = hn::CappedTag<double, kHasFma ? 8 : 1>;
using VD = hn::Vec<F64>;

// Halves of a vector. A one-lane target has no halves. So these functions and
// their callers are templates: a name that depends on a template's parameter is
// looked up only if the template is used.
template <class V>
HWY_INLINE auto Lower(V v) {
  return LowerHalf(hn::Half<hn::DFromV<V>>(), v);
}
template <class V>
HWY_INLINE auto Upper(V v) {
  return UpperHalf(hn::Half<hn::DFromV<V>>(), v);
}

// Upper half onto lower half, until one lane is left.
template <class V>
HWY_INLINE double FoldLanes(V v) {
  if constexpr (hn::MaxLanes(hn::DFromV<V>()) == 1) {
    return hn::GetLane(v);
  } else {
    return FoldLanes(hn::Add(Lower(v), Upper(v)));
  }
}

// (a + b) + (c + d) of the first `count` of four vectors, which vector(k)
// gives.
template <class Vector>
HWY_INLINE auto FoldFour(size_t count, const Vector& vector) {
  auto sum = vector(0);
  if (count > 1) sum = hn::Add(sum, vector(1));
  if (count > 2) {
    auto second = vector(2);
    if (count > 3) second = hn::Add(second, vector(3));
    sum = hn::Add(sum, second);
  }
  return sum;
}

class LaneSum {
 public:
  HWY_INLINE LaneSum() {
    for (VD& lanes : lanes_) lanes = hn::Zero(F64());
  }

  // The number of vectors that a block is folded to, with 16 floats in all.
  static constexpr size_t kFoldedVectors = 2 * kSumLanes / kLanes;

  // Adds a block. four(i) gives four vectors of its 64 terms: kLanes terms each
  // from i, i + 16, i + 32 and i + 48 on.
  template <bool kInDouble = false, class FourTerms>
  HWY_INLINE void AddBlock(const FourTerms& four) {
    if constexpr (kInDouble) return AddBlockInDouble(four);
    VF folded[kFoldedVectors];
    for (size_t k = 0; k < kFoldedVectors; ++k) {
      const Four v = Ask(four, k * kLanes);
      folded[k] = hn::Add(hn::Add(v.a, v.b), hn::Add(v.c, v.d));
    }
    AddFolded(folded);
  }

  template <class V>
  HWY_INLINE void AddFolded(const V (&folded)[kFoldedVectors]) {
    VD added[kVectors];
    Widen<kFoldedVectors>(folded, added);
    for (size_t k = 0; k < kVectors; ++k) {
      lanes_[k] = hn::Add(lanes_[k], added[k]);
    }
  }

  // Folded() of one block that has terms in its first kCount vectors. term(k)
  // gives vector k. A sum begins with +0; this sum does not, so a -0 stays.
  template <size_t kCount, class Term>
  static HWY_INLINE VD FoldedBlock(const Term& term) {
    VF folded[kFoldedVectors];
    for (size_t k = 0; k < kFoldedVectors; ++k) {
      folded[k] = k < kCount ? FoldTerms<kCount>(term, k) : hn::Zero(F32());
    }
    VD lanes[kVectors];
    Widen<kCount>(folded, lanes);
    return FoldVectors(lanes);
  }

  // Adds a block that is folded in double from the start. Nothing is rounded to
  // float, and each vector takes 5 more instructions.
  template <class FourTerms>
  HWY_INLINE void AddBlockInDouble(const FourTerms& four) {
    if constexpr (kLanes > kSumLanes) {
      const auto v = four(0);
      AddTo(0, FoldInDouble(LowerFour(v)), FoldInDouble(UpperFour(v)));
    } else {
      constexpr size_t kHalf = kFoldedVectors / 2;
      for (size_t k = 0; k < kHalf; ++k) {
        const auto v = Ask(four, k * kLanes);
        const auto w = Ask(four, k * kLanes + kSumLanes);
        if constexpr (kLanes == 1) {
          AddTo(k, FoldInDouble(v), FoldInDouble(w));
        } else {
          AddTo(2 * k, FoldInDouble(LowerFour(v)), FoldInDouble(LowerFour(w)));
          AddTo(2 * k + 1, FoldInDouble(UpperFour(v)),
                FoldInDouble(UpperFour(w)));
        }
      }
    }
  }

  // The same of a block in memory; and vector k of it.
  HWY_INLINE void AddStoredInDouble(const float* terms) {
    for (size_t k = 0; k < kVectors; ++k) AddStoredInDouble(k, terms);
  }
  HWY_INLINE void AddStoredInDouble(size_t k, const float* terms) {
    const float* const from = terms + k * hn::MaxLanes(F64());
    AddTo(k, FoldInDouble(from), FoldInDouble(from + kSumLanes));
  }

  HWY_INLINE void Multiply(double factor) {
    const VD factors = hn::Set(F64(), factor);
    for (VD& lanes : lanes_) lanes = hn::Mul(lanes, factors);
  }

  // Stores the lanes, or adds the stored lanes of another sum to the lanes.
  HWY_INLINE void StoreLanes(double* to) const {
    for (size_t k = 0; k < kVectors; ++k) {
      hn::Store(lanes_[k], F64(), to + k * hn::MaxLanes(F64()));
    }
  }
  HWY_INLINE void AddLanes(const double* from) {
    for (size_t k = 0; k < kVectors; ++k) {
      const VD lanes = hn::Load(F64(), from + k * hn::MaxLanes(F64()));
      lanes_[k] = hn::Add(lanes_[k], lanes);
    }
  }

  HWY_INLINE double Total() const { return FoldLanes(Folded()); }

  // The sum as one vector, whose lanes are not folded yet.
  HWY_INLINE VD Folded() const {
    VD lanes[kVectors];
    for (size_t k = 0; k < kVectors; ++k) lanes[k] = lanes_[k];
    return FoldVectors(lanes);
  }

 private:
  // With one lane, AddBlock calls four(i) 16 times. This function makes that
  // one copy of the code instead of 16.
  template <class FourTerms>
  static HWY_NOINLINE Four AskAlone(const FourTerms& four, size_t i) {
    return four(i);
  }
  template <class FourTerms>
  static HWY_INLINE Four Ask(const FourTerms& four, size_t i) {
    if constexpr (kLanes == 1) return AskAlone(four, i);
    return four(i);
  }

  static constexpr size_t kVectors = kSumLanes / hn::MaxLanes(F64());

  template <size_t kCount, class Term>
  static HWY_INLINE VF FoldTerms(const Term& term, size_t k) {
    return FoldFour((kCount - k + kFoldedVectors - 1) / kFoldedVectors,
                    [&](size_t j)
                        HWY_ATTR { return term(k + j * kFoldedVectors); });
  }

  // Folds 16 floats to 8 lanes. There are terms in the first kCount vectors. V
  // is VF; it is a parameter for the same reason as Lower's.
  template <size_t kCount, class V>
  static HWY_INLINE void Widen(const V (&folded)[kFoldedVectors],
                               VD (&lanes)[kVectors]) {
    if constexpr (kLanes > kSumLanes) {
      lanes[0] = hn::Add(Promote(Lower(folded[0])), Promote(Upper(folded[0])));
    } else {
      constexpr size_t kHalf = kFoldedVectors / 2;
      for (size_t k = 0; k < kHalf; ++k) {
        const bool has_upper = k + kHalf < kCount;
        const V lower = folded[k];
        const V upper = folded[k + kHalf];
        if constexpr (kLanes == 1) {
          lanes[k] = AddUpper(Promote(lower), Promote(upper), has_upper);
        } else {
          lanes[2 * k] =
              AddUpper(Promote(Lower(lower)), Promote(Lower(upper)), has_upper);
          lanes[2 * k + 1] =
              AddUpper(Promote(Upper(lower)), Promote(Upper(upper)), has_upper);
        }
      }
    }
  }
  static HWY_INLINE VD AddUpper(VD lower, VD upper, bool has_upper) {
    return has_upper ? hn::Add(lower, upper) : lower;
  }

  // Folds the 8 lanes to one vector.
  static HWY_INLINE VD FoldVectors(VD (&lanes)[kVectors]) {
    for (size_t count = kVectors / 2; count != 0; count /= 2) {
      for (size_t k = 0; k < count; ++k) {
        lanes[k] = hn::Add(lanes[k], lanes[k + count]);
      }
    }
    return lanes[0];
  }

  template <class V>
  static HWY_INLINE VD Promote(V v) {
    return hn::PromoteTo(F64(), v);
  }

  template <class V>
  struct FourOf {
    V a, b, c, d;
  };
  template <class F>
  static HWY_INLINE auto LowerFour(const F& v) {
    return FourOf<decltype(Lower(v.a))>{Lower(v.a), Lower(v.b), Lower(v.c),
                                        Lower(v.d)};
  }
  template <class F>
  static HWY_INLINE auto UpperFour(const F& v) {
    return FourOf<decltype(Upper(v.a))>{Upper(v.a), Upper(v.b), Upper(v.c),
                                        Upper(v.d)};
  }
  template <class F>
  static HWY_INLINE VD FoldInDouble(const F& v) {
    const F64 d;
    return hn::Add(hn::Add(hn::PromoteTo(d, v.a), hn::PromoteTo(d, v.b)),
                   hn::Add(hn::PromoteTo(d, v.c), hn::PromoteTo(d, v.d)));
  }

  static HWY_INLINE VD FoldInDouble(const float* terms) {
    const hn::Rebind<float, F64> d;
    return FoldInDouble(FourOf<decltype(hn::LoadU(d, terms))>{
        hn::LoadU(d, terms), hn::LoadU(d, terms + 16), hn::LoadU(d, terms + 32),
        hn::LoadU(d, terms + 48)});
  }

  // lanes_[k] += lower + upper.
  HWY_INLINE void AddTo(size_t k, VD lower, VD upper) {
    lanes_[k] = hn::Add(lanes_[k], hn::Add(lower, upper));
  }

  VD lanes_[kVectors];
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_SUM_INL_H_
