// SPDX-License-Identifier: Apache-2.0

// Softmax of one row: the arithmetic, of which every schedule has the bits.

#if defined(SOFTLANE_LIB_SOFTMAX_ROW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_SOFTMAX_ROW_INL_H_
#undef SOFTLANE_LIB_SOFTMAX_ROW_INL_H_
#else
#define SOFTLANE_LIB_SOFTMAX_ROW_INL_H_
#endif

#include <cstring>
#include <type_traits>

#include "arith/exp-inl.h"
#include "arith/log-inl.h"
#include "arith/sum-inl.h"
#include "arith/vector-inl.h"
#include "numerators-inl.h"
#include "softlane/softmax.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The numerator of the maximum is near 2^kHeadroom: a numerator is then normal
// wherever its probability is, and the sum of 2^24 of them is far from
// overflow.
constexpr double kHeadroom = 4.0;

// Up to this |scale max| x l is split as it is; above, x - max is. The
// difference is exact there for every x that matters, because it is within a
// factor 2 of max.
constexpr double kDirectLimit = 4096.0;

// The relative error of a sum of numerators, in u = 2^-24: its terms err as a
// numerator does.
constexpr double kNumeratorSumErrorU = kSoftmaxExpErrorU + kSumErrorU;
// Of a probability: the numerator, the sum, the reciprocal in two floats, a
// subnormal second product at the lowest probabilities, the rounding of the
// result. An error of n u is at most n ULP.
static_assert(kSoftmaxExpErrorU + kNumeratorSumErrorU + 0.02 + 1.0 + 1.0 <=
                  kSoftmaxMaxUlp,
              "the documented bound holds");
// Of logsumexp: the logarithm of the sum, and the rounding to float.
static_assert(kNumeratorSumErrorU + 0.5 <= kLogSumExpMaxError * 0x1p24,
              "the documented bound holds");

// scale * log2(e) = l * unit. The unit is a power of two: 1 for a scale of
// usual size, else the scale's own, so that two floats hold l.
struct ScaleParts {
  double scale, unit, l;
  float l_hi, l_lo, inverse_l;
};

HWY_INLINE ScaleParts SplitScale(float scale) {
  // Most calls do not scale: no divisions for them.
  if (scale == 1.0f) {
    constexpr float kInverse = static_cast<float>(1.0 / kLog2E);
    return {1.0, 1.0, kLog2E, kLog2EHigh, kLog2ELow, kInverse};
  }
  ScaleParts parts;
  parts.scale = scale;
  uint64_t bits;
  std::memcpy(&bits, &parts.scale, sizeof(bits));
  const int exponent = static_cast<int>(bits >> 52) - 1023;
  const uint64_t unit_bits = bits & ~((uint64_t{1} << 52) - 1);
  parts.unit = 1.0;
  if (exponent < -60 || exponent > 60) {
    std::memcpy(&parts.unit, &unit_bits, sizeof(parts.unit));
  }
  parts.l = parts.scale / parts.unit * kLog2E;
  parts.l_hi = static_cast<float>(parts.l);
  parts.l_lo = static_cast<float>(parts.l - parts.l_hi);
  parts.inverse_l = static_cast<float>(1.0 / parts.l);
  return parts;
}

// The least argument whose numerator is not taken for +0, so many octaves below
// the offset: 2^-125.75 is normal, and below 2^-126 times the sum.
constexpr float kLowestOctaves = -125.75f;
HWY_INLINE VF Lowest(VF offset, const ScaleParts& parts) {
  return hn::Mul(hn::Add(offset, Set(kLowestOctaves)), Set(parts.inverse_l));
}

// 2^exponent; 0 if that is not normal.
HWY_INLINE double PowerOfTwo(double exponent) {
  if (exponent < -1022.0) return 0.0;
  const uint64_t bits =
      static_cast<uint64_t>(static_cast<int64_t>(exponent) + 1023) << 52;
  double power;
  std::memcpy(&power, &bits, sizeof(power));
  return power;
}

// What a row's maximum decides. Element x becomes the argument (x - shift) *
// unit of the exponential, and its numerator is exp(scale * (x - shift) -
// log_divisor).
struct RowPlan {
  bool as_is;  // shift is 0 and unit is 1
  double shift, unit;
  double offset;  // in octaves
  double scaled_max, scaled_shift, log_divisor;
};

HWY_INLINE RowPlan PlanRow(float max, const ScaleParts& parts) {
  RowPlan plan;
  plan.scaled_max = parts.scale * max;
  const bool direct =
      -kDirectLimit <= plan.scaled_max && plan.scaled_max <= kDirectLimit;
  plan.as_is = direct && parts.unit == 1.0;
  plan.shift = direct ? 0.0 : max;
  plan.scaled_shift = direct ? 0.0 : plan.scaled_max;
  plan.unit = parts.unit;
  const double peak = (max - plan.shift) * plan.unit;
  // 1.5 * 2^52 makes the last bit of a double count ones.
  const double octaves = (peak * parts.l_hi + 0x1.8p52) - 0x1.8p52;
  plan.offset = octaves - kHeadroom;
  plan.log_divisor = plan.offset * kLn2 - kLogSoftmaxFactor;
  return plan;
}

// Calls with_argument(argument) with what makes the exponential's argument of
// an element.
template <class WithArgument>
HWY_INLINE auto WithArgumentOf(const RowPlan& plan,
                               const WithArgument& with_argument) {
  if (plan.as_is) return with_argument(AsIs());
  return with_argument(Shifted{Set(static_cast<float>(plan.shift)),
                               Set(static_cast<float>(plan.unit))});
}

// log(sum_k exp(scale * (x_k - shift))). Where no other element counts, that is
// the maximum's share, exactly.
template <class Argument>
HWY_INLINE double LogOfSum(const RowPlan& plan, const SoftmaxExp& exp,
                           const Argument& argument, float max, double sum) {
  const bool max_only = sum == hn::GetLane(exp(argument(Set(max))));
  return max_only ? plan.scaled_max - plan.scaled_shift
                  : plan.log_divisor + Log(sum);
}

// logsumexp of the row.
template <class Argument>
HWY_INLINE float LogSumExp(const RowPlan& plan, const SoftmaxExp& exp,
                           const Argument& argument, float max, double sum) {
  return static_cast<float>(LogOfSum(plan, exp, argument, max, sum) +
                            plan.scaled_shift);
}

HWY_INLINE SoftmaxExp MakeExp(const RowPlan& plan, const ScaleParts& parts) {
  const VF offset = Set(static_cast<float>(plan.offset));
  return SoftmaxExp(Set(parts.l_hi), Set(parts.l_lo), offset,
                    Lowest(offset, parts));
}

// Writes the numerators of a row whose maximum is finite. Gives their sum, and
// logsumexp if there is a place for it.
HWY_INLINE double WriteNumerators(const float* x, float* y, size_t n, float max,
                                  const ScaleParts& parts, float* logsumexp) {
  const RowPlan plan = PlanRow(max, parts);
  const SoftmaxExp exp = MakeExp(plan, parts);
  return WithArgumentOf(plan, [&](const auto& argument) HWY_ATTR {
    using Argument = std::decay_t<decltype(argument)>;
    const PlainLogits logits{x};
    const double sum =
        SumTerms(n, Numerators<Argument>{exp, argument, logits, y});
    if (logsumexp != nullptr) {
      *logsumexp = LogSumExp(plan, exp, argument, max, sum);
    }
    return sum;
  });
}

// The reciprocal of a sum as that of two floats: a numerator over itself is
// then exactly 1, which one float misses in an eighth of all cases. The first
// has 5 bits only, so that its rest times a numerator is no subnormal, which
// some CPUs are slow at, unless the probability is below 2^-121.
constexpr int64_t kHeadRounding = int64_t{1} << 47;
constexpr int64_t kHeadMask = ~((int64_t{1} << 48) - 1);
// A numerator below this times the sum becomes +0: no probability is subnormal.
constexpr double kLeast = 0x1.00001p-126;

struct Reciprocal {
  float head, rest, least;
};

// For factor * numerator instead.
HWY_INLINE Reciprocal FactorOf(double factor, double sum) {
  uint64_t bits;  // unsigned: for a NaN the sum may wrap
  std::memcpy(&bits, &factor, sizeof(bits));
  bits = (bits + uint64_t{kHeadRounding}) & static_cast<uint64_t>(kHeadMask);
  double head;
  std::memcpy(&head, &bits, sizeof(head));
  // No numerator goes from under an infinite or NaN factor.
  const float high = static_cast<float>(head);
  const float least = static_cast<float>(sum * kLeast);
  return {high, static_cast<float>(factor - head),
          high - high == 0.0f ? least : 0.0f};
}

HWY_INLINE Reciprocal ReciprocalOf(double sum) {
  return FactorOf(1.0 / sum, sum);
}

// A numerator over the sum; NaN if that is. Small numerators go before they are
// multiplied: see above.
HWY_INLINE VF Quotient(VF numerator, VF head, VF rest, VF least) {
#if HWY_TARGET == HWY_AVX3
  const __mmask16 keep =
      _mm512_cmp_ps_mask(numerator.raw, least.raw, _CMP_NLT_UQ);
  const __m512 low = _mm512_maskz_mul_ps(keep, numerator.raw, rest.raw);
  return VF{_mm512_maskz_fmadd_ps(keep, numerator.raw, head.raw, low)};
#else
  const VF kept = hn::IfThenZeroElse(hn::Lt(numerator, least), numerator);
  // + 0, so that 0 times a negative factor is +0, as it is above.
  return Fma(kept, head, Fma(kept, rest, Set(0.0f)));
#endif
}

// The same, where no numerator is below the least.
HWY_INLINE VF NotTinyQuotient(VF numerator, VF head, VF rest) {
  return Fma(numerator, head, hn::Mul(numerator, rest));
}

// Those of one row.
class Quotients {
 public:
  HWY_INLINE explicit Quotients(const Reciprocal& r)
      : Quotients(Set(r.head), Set(r.rest), Set(r.least)) {}
  // Those of a row per lane.
  HWY_INLINE Quotients(VF head, VF rest, VF least)
      : head_(head), rest_(rest), least_(least) {}

  // V is VF, Two or Four.
  template <class V>
  HWY_INLINE V operator()(const V& numerators) const {
    return Map([&](VF v) HWY_ATTR { return Quotient(v, head_, rest_, least_); },
               numerators);
  }

  // The same, where no numerator is below `least`.
  template <class V>
  HWY_INLINE V NotTiny(const V& numerators) const {
    return Map([&](VF v) HWY_ATTR { return NotTinyQuotient(v, head_, rest_); },
               numerators);
  }

 private:
  VF head_, rest_, least_;
};

struct UsualQuotients {
  template <class V>
  HWY_INLINE V operator()(const V& numerators) const {
    return quotients.NotTiny(numerators);
  }

  const Quotients& quotients;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_SOFTMAX_ROW_INL_H_
