// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ARITH_PLAN_H_
#define SOFTLANE_LIB_ARITH_PLAN_H_

#include <cstdint>
#include <cstring>
#include <limits>

// The arithmetic of a row that needs no vectors: the split of the scale, the
// exponent of the maximum, which divides all exp values, the least argument,
// and the reciprocal of the sum. It is plain C++ with IEEE additions, products,
// divisions and conversions, so it gives the same bits on all targets.

namespace softlane {
namespace internal {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
/// Whether a maximum is finite. False for NaN.
inline bool IsFiniteMax(float v) { return -kInfinity < v && v < kInfinity; }

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

// Where |scale max| is above this, the exponents of a row are computed in
// double: see far_plan.h.
constexpr double kDirectLimit = 4096.0;

// l = scale * log2(e), in two floats for a scale of usual size. All rows of
// another scale are far, and l is not used.
struct ScaleParts {
  double scale;
  float l_hi, l_lo;
  float inverse_l;  // negative for an unusual scale
  bool is_usual;    // the scale is at least 2^-60, and below 2^61
};

constexpr ScaleParts kUnscaled = {1.0, kLog2EHigh, kLog2ELow,
                                  static_cast<float>(1.0 / kLog2E), true};

inline ScaleParts SplitScale(float scale) {
  // Most calls do not scale. They need no division.
  if (scale == 1.0f) return kUnscaled;
  ScaleParts parts = kUnscaled;
  parts.scale = scale;
  parts.inverse_l = -1.0f;
  parts.is_usual = 0x1p-60f <= scale && scale < 0x1p61f;
  if (!parts.is_usual) return parts;
  const double l = parts.scale * kLog2E;
  parts.l_hi = static_cast<float>(l);
  parts.l_lo = static_cast<float>(l - parts.l_hi);
  parts.inverse_l = static_cast<float>(1.0 / l);
  return parts;
}

// SplitScale without a copy for calls that do not scale. Other calls use
// `place`, and a function in far_plan.cc.
const ScaleParts& SplitOtherScale(float scale, ScaleParts& place);
inline const ScaleParts& SplitScale(float scale, ScaleParts& place) {
  return scale == 1.0f ? kUnscaled : SplitOtherScale(scale, place);
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
inline double PowerOfTwo(int64_t exponent) {
  if (exponent < -1022) return 0.0;
  const uint64_t bits = static_cast<uint64_t>(exponent + 1023) << 52;
  double power;
  std::memcpy(&power, &bits, sizeof(power));
  return power;
}
inline double PowerOfTwo(double exponent) {
  if (exponent < -1022.0) return 0.0;
  return PowerOfTwo(static_cast<int64_t>(exponent));
}

// The exponent of a positive normal number.
inline float ExponentOf(double v) {
  uint64_t bits;
  std::memcpy(&bits, &v, sizeof(bits));
  return static_cast<float>(static_cast<int>(bits >> 52) - 1023);
}

// The numbers that follow from a row's maximum. The exp value of element x is
// exp(scale * (x - shift) - log_divisor). It is also exp(scale * x) / 2^offset,
// up to a factor that all rows have. The shift keeps the logarithms of far rows
// small.
struct RowPlan {
  bool is_far;
  float max;
  double offset;  // in octaves
  double shift, scaled_max, scaled_shift, log_divisor;
};

// Whether |scale max| is within the direct limit. False for NaN.
inline bool IsNear(double scaled_max) {
  return -kDirectLimit <= scaled_max && scaled_max <= kDirectLimit;
}
// Whether a row with this maximum is not far. False for NaN.
inline bool IsDirect(float max, const ScaleParts& parts) {
  return IsNear(parts.scale * max) && parts.is_usual;
}
// A limit for rows in lanes: within it, a maximum is not far.
inline float DirectLimitOf(const ScaleParts& parts) {
  constexpr double kOctaves = kDirectLimit * 0.999 * kLog2E;
  return static_cast<float>(kOctaves) * parts.inverse_l;
}
// Whether a row or a block with this maximum is so large that no far block adds
// anything to its sum: see exact_sum.h.
constexpr double kBlockLimit = 90.0;  // 129.8 octaves
inline bool HasNoFarBlock(float max, const ScaleParts& parts) {
  return IsDirect(max, parts) &&
         parts.scale * max >= kBlockLimit - kDirectLimit;
}

// A part of the plan of a far row, from far_plan.cc.
struct FarPlan {
  double offset, log_divisor;
};
FarPlan PlanFarRow(float max, const ScaleParts& parts);

inline RowPlan PlanRow(float max, const ScaleParts& parts) {
  RowPlan plan;
  plan.max = max;
  plan.scaled_max = parts.scale * max;
  // A row of an unusual scale may need no shift.
  const bool is_near = IsNear(plan.scaled_max);
  plan.shift = is_near ? 0.0 : max;
  plan.scaled_shift = is_near ? 0.0 : plan.scaled_max;
  plan.is_far = !(is_near && parts.is_usual);
  if (__builtin_expect(plan.is_far, 0)) {
    const FarPlan far = PlanFarRow(max, parts);
    plan.offset = far.offset;
    plan.log_divisor = far.log_divisor;
    return plan;
  }
  plan.offset =
      RoundToInteger(static_cast<double>(max) * parts.l_hi) - kHeadroom;
  plan.log_divisor = plan.offset * kLn2 - kLogSoftmaxFactor;
  return plan;
}

// PlanRow for a row that is known to be direct, with less code.
inline RowPlan PlanDirectRow(float max, const ScaleParts& parts) {
  const RowPlan plan = PlanRow(max, parts);
  if (plan.is_far) __builtin_unreachable();
  return plan;
}

// The offset of a block of a long row, see exact_sum.h, by the block's own
// maximum. The row's maximum is within the direct limit, and so above -5910
// octaves. A block further below than this, or whose elements are all -inf,
// adds nothing to the row's sum, and gets the least offset.
constexpr double kLowestBlock = -6100.0;
inline double OffsetOfBlock(float max, const ScaleParts& parts) {
  const double octaves = RoundToInteger(static_cast<double>(max) * parts.l_hi);
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

// The two floats for any factor of the exp values. The factor fits floats, or
// both the factor and the sum are NaN. The rest is never -0: with a head of -0,
// too, AVX-512 would give -0, because it does not add +0 to the product.
inline Reciprocal FactorOf(double factor, double sum) {
  uint64_t bits;  // unsigned: the addition wraps for some NaN
  std::memcpy(&bits, &factor, sizeof(bits));
  bits = (bits + uint64_t{kHeadRounding}) & static_cast<uint64_t>(kHeadMask);
  double head;
  std::memcpy(&head, &bits, sizeof(head));
  return {static_cast<float>(head), static_cast<float>(factor - head) + 0.0f,
          static_cast<float>(sum * kLeast)};
}

inline Reciprocal ReciprocalOf(double sum) { return FactorOf(1.0 / sum, sum); }

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ARITH_PLAN_H_
