// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ARITH_PLAN_H_
#define SOFTLANE_LIB_ARITH_PLAN_H_

#include <cstdint>
#include <cstring>

// The arithmetic of a row that needs no vectors: the split of the scale, the
// exponent of the maximum, which divides all exp values, the least argument,
// and the reciprocal of the sum. It is plain C++ with IEEE additions, products,
// divisions and conversions, so it gives the same bits on all targets.

namespace softlane {
namespace internal {

constexpr double kLog2E = 0x1.71547652b82fep0;  // log2(e), rounded
constexpr double kLn2 = 0x1.62e42fefa39efp-1;   // ln(2), rounded
// log2(e) as two floats.
constexpr float kLog2EHigh = static_cast<float>(kLog2E);
constexpr float kLog2ELow = static_cast<float>(kLog2E - kLog2EHigh);
static_assert(kLog2EHigh == 0x1.715476p0f && kLog2ELow == 0x1.4ae0cp-26f,
              "whatever rounds");

// log(c) of SoftmaxExp, with the middle of the errors of its table and cubic.
constexpr double kLogSoftmaxFactor = 0x1.5863538c74e7fp-4;

// The exp value of the maximum is near 2^kHeadroom. Then an exp value is normal
// wherever its probability is, and the sum of 2^24 exp values is far from
// overflow.
constexpr double kHeadroom = 4.0;

// The exponential gets x itself if |scale max| is at most this, else x - max.
// This difference is exact for every x that matters, because such an x is
// within a factor 2 of max.
constexpr double kDirectLimit = 4096.0;

// scale * log2(e) = l * unit. The unit is a power of two: 1 for a scale of
// usual size, else the power of two in the scale. So two floats can hold l.
struct ScaleParts {
  double scale, unit, l;
  float l_hi, l_lo, inverse_l;
};

constexpr ScaleParts kUnscaled = {
    1.0, 1.0, kLog2E, kLog2EHigh, kLog2ELow, static_cast<float>(1.0 / kLog2E)};

inline ScaleParts SplitScale(float scale) {
  // Most calls do not scale. They need no division.
  if (scale == 1.0f) return kUnscaled;
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

// The same without a copy for calls that do not scale. The others use `place`.
inline const ScaleParts& SplitScale(float scale, ScaleParts& place) {
  if (scale == 1.0f) return kUnscaled;
  return place = SplitScale(scale);
}

// An argument this many octaves below the offset is the least whose exp value
// is not set to +0. Its exp value, 2^-125.75, is normal. A lower exp value has
// a probability below 2^-126.
constexpr float kLowestOctaves = -125.75f;
inline float LowestOf(float offset, const ScaleParts& parts) {
  return (offset + kLowestOctaves) * parts.inverse_l;
}

// The nearest integer to a value below 2^51. The last bit of a double near 1.5
// * 2^52 stands for 1.
inline double RoundToInteger(double v) { return (v + 0x1.8p52) - 0x1.8p52; }

// 2^exponent; 0 if that is below the normal numbers.
inline double PowerOfTwo(double exponent) {
  if (exponent < -1022.0) return 0.0;
  const uint64_t bits =
      static_cast<uint64_t>(static_cast<int64_t>(exponent) + 1023) << 52;
  double power;
  std::memcpy(&power, &bits, sizeof(power));
  return power;
}

// The exponent of a positive normal number.
inline float ExponentOf(double v) {
  uint64_t bits;
  std::memcpy(&bits, &v, sizeof(bits));
  return static_cast<float>(static_cast<int>(bits >> 52) - 1023);
}

// The numbers that follow from a row's maximum. The exponential gets the
// argument (x - shift) * unit for element x. The exp value is exp(scale * (x -
// shift) - log_divisor).
struct RowPlan {
  bool as_is;  // shift is 0 and unit is 1
  double shift, unit;
  double offset;  // in octaves
  double scaled_max, scaled_shift, log_divisor;
};

// Whether a row with this maximum needs no shift. False for NaN.
inline bool IsDirect(float max, const ScaleParts& parts) {
  const double scaled_max = parts.scale * max;
  return -kDirectLimit <= scaled_max && scaled_max <= kDirectLimit;
}

inline RowPlan PlanRow(float max, const ScaleParts& parts) {
  RowPlan plan;
  plan.scaled_max = parts.scale * max;
  const bool direct = IsDirect(max, parts);
  plan.as_is = direct && parts.unit == 1.0;
  plan.shift = direct ? 0.0 : max;
  plan.scaled_shift = direct ? 0.0 : plan.scaled_max;
  plan.unit = parts.unit;
  const double peak = (max - plan.shift) * plan.unit;
  plan.offset = RoundToInteger(peak * parts.l_hi) - kHeadroom;
  plan.log_divisor = plan.offset * kLn2 - kLogSoftmaxFactor;
  return plan;
}

// The offset of a block of a long row, see exact_sum.h, by the block's own
// maximum. The row's maximum is within the direct limit, and so above -5910
// octaves. A block further below than this, or of -inf only, adds nothing to
// the row's sum, and has the least offset.
constexpr double kLowestBlock = -6100.0;
inline double OffsetOfBlock(float max, const ScaleParts& parts) {
  const double octaves = RoundToInteger(max * parts.unit * parts.l_hi);
  return (octaves > kLowestBlock ? octaves : kLowestBlock) - kHeadroom;
}

// The least argument of a plan.
inline float LowestOf(const RowPlan& plan, const ScaleParts& parts) {
  return LowestOf(static_cast<float>(plan.offset), parts);
}

// The reciprocal of a sum as the sum of two floats. With two floats, an exp
// value over itself is exactly 1; with one float it is not in an eighth of all
// cases. The first float has only 5 bits. So the second float times an exp
// value is subnormal, which is slow on some CPUs, only if the probability is
// below 2^-121.
constexpr int64_t kHeadRounding = int64_t{1} << 47;
constexpr int64_t kHeadMask = ~((int64_t{1} << 48) - 1);
// An exp value below this times the sum becomes +0, so that no probability is
// subnormal.
constexpr double kLeast = 0x1.00001p-126;

struct Reciprocal {
  float head, rest, least;
};

// The same two floats for any factor of the exp values. Floats hold the factor,
// or it is NaN and so is the sum.
inline Reciprocal FactorOf(double factor, double sum) {
  uint64_t bits;  // unsigned: for a NaN the sum may wrap
  std::memcpy(&bits, &factor, sizeof(bits));
  bits = (bits + uint64_t{kHeadRounding}) & static_cast<uint64_t>(kHeadMask);
  double head;
  std::memcpy(&head, &bits, sizeof(head));
  return {static_cast<float>(head), static_cast<float>(factor - head),
          static_cast<float>(sum * kLeast)};
}

inline Reciprocal ReciprocalOf(double sum) { return FactorOf(1.0 / sum, sum); }

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ARITH_PLAN_H_
