// SPDX-License-Identifier: Apache-2.0

// The exponential that all kernels share: 2^(x l) with l = scale * log2(e).
//
// x l is a whole number k of eighths of an octave and a rest f in [-1/16,
// 1/16]:
//   2^(x l) = 2^floor(k / 8) * 2^((k mod 8) / 8) * 2^f.
// The first factor is added to the exponent, the second factor is an entry of a
// table of eight, and the third is a short polynomial. Adding a magic number
// rounds x l to k. l has two parts, so f is as good as exact: its error is
// below 2^-27 for |x l| < 2^13. With one part it would be |x| * 2^-26.
//
// Softmax needs 2^(x l) only up to a factor common to the row. So its table
// holds c * 2^(j / 8). With this c, all eight entries are within 0.047 u of a
// float instead of 0.5 u. A search of all 2^23 values found c. The polynomial
// is a cubic whose error is centred. So this core is the cheapest core, and it
// is accurate, too.
//
// Measured in a prototype of softmax with the sums of sum-inl.h. The columns
// are: FMAs and products per vector; the core's error in u; the worst error in
// ULP of 6000 rows each of N(0, 2), N(0, 10), two values, peak + equal tail,
// and uniform over 200 octaves (a constant row has no error); ns per element at
// 8 x 4096 on Zen 5, AVX-512 and AVX2, in one run per target:
//   this core           7  1.5   2.5  3.1  3.1  2.9  2.7   0.159  0.268
//   same, quartic       8  1.2   2.5  2.9  2.1  3.0  2.8   0.170  0.291
//   degree 6, Horner    9  1.4   2.2  3.0  2.2  2.8  2.4   0.214  0.368
// llvm-mca, cycles per 64 elements of the exp pass on Neoverse N1, V1 and V2:
// 255, 107 and 108 for this core; 252, 109 and 113 for degree 6.

#if defined(SOFTLANE_LIB_ARITH_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_EXP_INL_H_
#undef SOFTLANE_LIB_ARITH_EXP_INL_H_
#else
#define SOFTLANE_LIB_ARITH_EXP_INL_H_
#endif

#include "arith/exp_coefficients.h"
#include "arith/plan.h"
#include "arith/table8-inl.h"
#include "arith/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::kLn2;
using internal::kLog2E;
using internal::kLog2EHigh;
using internal::kLog2ELow;
using internal::kLogSoftmaxFactor;
using internal::kMagic;

// The next two functions split y = x * (l_hi + l_lo) - offset. offset is an
// integer, and magic is kMagic - offset. V is VF, Two or Four.

// The number k of eighths of an octave in y, in the last 12 bits.
template <class V>
HWY_INLINE V Eighths(const V& x, VF l_hi, const V& magic) {
  return Map([&](VF x, VF magic) HWY_ATTR { return Fma(x, l_hi, magic); }, x,
             magic);
}

// -f, the rest of y. This sign costs no instruction on NEON. NaN for NaN.
template <class V>
HWY_INLINE V MinusRest(const V& x, const V& eighths, VF l_hi, VF l_lo,
                       const V& magic) {
  const V whole =
      Map([&](VF k, VF magic) HWY_ATTR { return hn::Sub(k, magic); }, eighths,
          magic);
  const V near = Map(
      [&](VF x, VF whole) HWY_ATTR { return Fnma(x, l_hi, whole); }, x, whole);
  return Map([&](VF x, VF near) HWY_ATTR { return Fnma(x, l_lo, near); }, x,
             near);
}

// The entry for k mod 8, times 2^floor(k / 8).
HWY_INLINE VF AddOctaves(const Table8& table, VF eighths) {
  const VI k = hn::BitCast(I32(), eighths);
  return hn::BitCast(F32(), hn::Add(table[k], hn::ShiftLeft<20>(k)));
}

// The table of c * 2^(j / 8 + kOctaves).
template <int kOctaves>
HWY_INLINE Table8 SoftmaxTable() {
  constexpr internal::ExpTable kTable =
      internal::PowerTable(internal::kSoftmaxPowers, kOctaves);
  return Table8(kTable.entries);
}

// 1 / c.
constexpr double kOverSoftmaxFactor = 0x1.d6b629581f6a2p-1;

// The relative error of SoftmaxExp in units of u = 2^-24. It holds for every
// argument, up to the row's common factor. f is at most 0.0627, p at most 0.72.
constexpr double kSoftmaxExpErrorU =
    0.047 +  // the entries of the table
    0.333 +  // the cubic
    0.066 +  // f: roundings of 2^-29 and 2^-28, times ln(2)
    0.032 +  // p: a rounding of u / 2, times f, and a smaller one before it
    0.032 +  // p * f: a rounding of 2^-29
    0.961;   // the result: half a unit of at least 1.041 * 2^n;

// c * 2^(x l - offset). NaN stays NaN.
class SoftmaxExp {
 public:
  // An x below `lowest` gives +0. The result for `lowest` is tiny and normal.
  HWY_INLINE SoftmaxExp(VF l_hi, VF l_lo, VF offset, VF lowest)
      : SoftmaxExp(l_hi, l_lo, offset, lowest, SoftmaxTable<0>()) {}
  HWY_INLINE SoftmaxExp(VF l_hi, VF l_lo, VF offset, VF lowest, Table8 table)
      : table_(table),
        l_hi_(l_hi),
        l_lo_(l_lo),
        lowest_(lowest),
        magic_(Magic(offset)) {}

  static HWY_INLINE VF Magic(VF offset) { return hn::Sub(Set(kMagic), offset); }

  // V is VF, Two or Four.
  template <class V>
  HWY_INLINE V operator()(const V& x) const {
    return (*this)(x, Repeat<V>(lowest_), Repeat<V>(magic_));
  }

  // SoftmaxExp with a `lowest` and a Magic(offset) for each vector.
  template <class V>
  HWY_INLINE V operator()(const V& x, const V& lowest, const V& magic) const {
    return NotBelow(x, lowest, WholeOf(x, magic), magic);
  }

  HWY_INLINE VF LowestArgument() const { return lowest_; }
  HWY_INLINE void SetLowestArgument(VF lowest) { lowest_ = lowest; }
  // Keeps the polynomial in registers or on the stack. GCC would load known
  // constants from memory for each use. A loop with many uses would take 4 %
  // more time with AVX2 on Zen 3.
  HWY_INLINE void KeepConstants() {
#if HWY_TARGET == HWY_AVX2
    VF c2 = c2_, c1 = c1_;
    __asm__("" : "+v"(c2.raw), "+v"(c1.raw));
    c2_ = Addend(c2);
    c1_ = Addend(c1);
#endif
  }

  // Three steps to the results. Whole() gives their exponents in eighths of an
  // octave: see Eighths. Rest() gives the remainder with its sign changed.
  // FromRest() gives the results.
  template <class V>
  HWY_INLINE V Whole(const V& x) const {
    return WholeOf(x, Repeat<V>(magic_));
  }
  template <class V>
  HWY_INLINE V Rest(const V& x, const V& eighths) const {
    return RestOf(x, eighths, Repeat<V>(magic_));
  }
  template <class V>
  HWY_INLINE V FromRest(const V& eighths, const V& rest) const {
    return Map([&](VF power, VF p) HWY_ATTR { return Fnma(power, p, power); },
               PowerOf(eighths), MinusRise(rest));
  }
  template <class V>
  HWY_INLINE V FromRestNotBelow(const V& x, const V& eighths,
                                const V& rest) const {
    return FromRestNotBelow(x, Repeat<V>(lowest_), eighths, rest);
  }

 private:
  template <class V>
  HWY_INLINE V WholeOf(const V& x, const V& magic) const {
    return Eighths(x, l_hi_, magic);
  }
  template <class V>
  HWY_INLINE V NotBelow(const V& x, const V& lowest, const V& eighths,
                        const V& magic) const {
    return FromRestNotBelow(x, lowest, eighths, RestOf(x, eighths, magic));
  }
  template <class V>
  HWY_INLINE V FromRestNotBelow(const V& x, const V& lowest, const V& eighths,
                                const V& rest) const {
    return Map(
        [&](VF x, VF lowest, VF power, VF p)
            HWY_ATTR { return FnmaUnlessLess(x, lowest, power, p, power); },
        x, lowest, PowerOf(eighths), MinusRise(rest));
  }
  template <class V>
  HWY_INLINE V RestOf(const V& x, const V& eighths, const V& magic) const {
    return MinusRest(x, eighths, l_hi_, l_lo_, magic);
  }
  template <class V>
  HWY_INLINE V PowerOf(const V& eighths) const {
    return Map([&](VF eighths) HWY_ATTR { return AddOctaves(table_, eighths); },
               eighths);
  }
  // 1 - 2^f: the result is the power minus its product with this.
  template <class V>
  HWY_INLINE V MinusRise(const V& minus_f) const {
    const VF c3 = Set(internal::kSoftmaxC3);
    V p = Map([&](VF f) HWY_ATTR { return Fma(c3, f, c2_); }, minus_f);
    p = Map([&](VF p, VF f) HWY_ATTR { return Fnma(p, f, c1_); }, p, minus_f);
    return Map([&](VF p, VF f) HWY_ATTR { return hn::Mul(p, f); }, p, minus_f);
  }

  Table8 table_;
  VF l_hi_, l_lo_, lowest_;
  Addend magic_, c2_{Set(internal::kSoftmaxC2)}, c1_{Set(internal::kSoftmaxC1)};
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_EXP_INL_H_
