// SPDX-License-Identifier: Apache-2.0

// exp(x) = 2^(x log2(e)) of all floats, split as in exp-inl.h.

#if defined(SOFTLANE_LIB_ARITH_EXPONENTIAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_EXPONENTIAL_INL_H_
#undef SOFTLANE_LIB_ARITH_EXPONENTIAL_INL_H_
#else
#define SOFTLANE_LIB_ARITH_EXPONENTIAL_INL_H_
#endif

#include "arith/exp-inl.h"
#include "arith/table8-inl.h"
#include "arith/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// Three things differ from the core of softmax. The table holds 2^(j / 8),
// rounded. A second table holds the relative error of that rounding. The
// polynomial is a quartic with an error of 0.004 u. The error of the result is
// the last rounding and 0.1 u. The worst of all floats is 0.777 ULP at x =
// -0x1.5ddf9p+6, whose subnormal result is rounded twice.
//
// Subnormal and infinite results: the exponent is moved up by 64 for negative x
// and down by 1 for others, so that it stays in range. A product moves it back.
// The product is exact or rounds once.
class Exponential {
 public:
  HWY_INLINE Exponential()
      : table_(Powers()), left_over_(internal::kExpLeftOver) {}

  // V is VF or Four.
  template <class V>
  HWY_INLINE V operator()(const V& x) const {
    const V clamped = Map(
        [](VF x) HWY_ATTR {
          return MinKeepNaN(Set(internal::kExpHighest),
                            MaxKeepNaN(Set(internal::kExpLowest), x));
        },
        x);
    const V magic = Map(
        [](VF x) HWY_ATTR {
          return hn::IfNegativeThenElse(
              x, Set(kMagic + internal::kExpNegativeShift),
              Set(kMagic + internal::kExpPositiveShift));
        },
        x);
    const V unscaled = Unscaled(clamped, magic);
    return Map(
        [](VF x, VF unscaled) HWY_ATTR {
          const VF back =
              hn::IfNegativeThenElse(x, Set(internal::kExpNegativeBack),
                                     Set(internal::kExpPositiveBack));
          return hn::Mul(unscaled, back);
        },
        x, unscaled);
  }

  // The exponential for arguments whose results are all normal.
  template <class V>
  HWY_INLINE V OfUsual(const V& x) const {
    return Unscaled(x, Repeat<V>(Set(kMagic)));
  }

 private:
  template <class V>
  HWY_INLINE V Unscaled(const V& x, const V& magic) const {
    const VF l_hi = Set(kLog2EHigh);
    const VF l_lo = Set(kLog2ELow);
    const V eighths = Eighths(x, l_hi, magic);
    const V minus_f = MinusRest(x, eighths, l_hi, l_lo, magic);
    return Map([&](VF f, VF eighths) HWY_ATTR { return Power(f, eighths); },
               minus_f, eighths);
  }
  HWY_INLINE VF Power(VF minus_f, VF eighths) const {
    VF p = Set(internal::kExpC4);
    p = Fma(p, minus_f, Set(internal::kExpC3));
    p = Fnma(p, minus_f, Set(internal::kExpC2));
    p = Fnma(p, minus_f, Set(internal::kExpC1));
    const VF left_over =
        hn::BitCast(F32(), left_over_[hn::BitCast(I32(), eighths)]);
    const VF power = AddOctaves(table_, eighths);
    const VF relative = Fnma(p, minus_f, left_over);
    return Fma(power, relative, power);
  }

  static HWY_INLINE Table8 Powers() {
    constexpr internal::ExpTable kTable =
        internal::PowerTable(internal::kExpPowers);
    return Table8(kTable.entries);
  }

  Table8 table_, left_over_;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_EXPONENTIAL_INL_H_
