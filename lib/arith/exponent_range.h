// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ARITH_EXPONENT_RANGE_H_
#define SOFTLANE_LIB_ARITH_EXPONENT_RANGE_H_

#include "arith/plan.h"

// Exp values without the row's maximum. All exp values of a row may be divided
// by any power of two: the probabilities stay the same. So a predicted exponent
// can take the place of the maximum's exponent if all exp values fit the range
// of floats. This saves the pass that looks for the maximum.
//
// The pass over the exp values finds out whether they fit: their exponents must
// lie in a range of 128 octaves. Exponents in eighths of an octave, as
// integers, then differ only in their last 10 bits. One instruction per vector
// gathers the other bits.

namespace softlane {
namespace internal {

// The range, in octaves: exp values from about 2^-68 to 2^60.
constexpr int kRange = 128;
constexpr int kRangeTop = 60;
// If the prediction is right, the maximum's exp value is near 2^kPredictedPeak.
// The maximum may be 28 octaves above the prediction, and other elements may be
// 100 octaves below it.
constexpr int kPredictedPeak = 32;
// If the sum is at most this, no probability is below 2^-126.
constexpr double kMaxSumWithoutTiny = 0x1p58;
static_assert(-126 + 58 == kRangeTop - kRange, "the least over the largest");

// An element 170 octaves or more below the prediction is masked. If the maximum
// is at most kMaxFall octaves below the prediction, a masked element gives +0
// in any schedule.
constexpr int kMaxFall = 30;
constexpr int kMaskedOctaves = -170;
static_assert(kMaskedOctaves < -kMaxFall - kHeadroom + kLowestOctaves - 1,
              "below the lowest argument of such a row");
// If a row's maximum is in the range, no element in the range gives +0 in any
// schedule.
static_assert(kRange + 1 < kHeadroom - kLowestOctaves, "");

// For a prediction up to this, the whole range is within the direct limit.
constexpr float kMaxPredicted = 3900.0f;
static_assert(kMaxPredicted + kRange < kDirectLimit,
              "octaves are below nepers");

// A row with masked elements needs a maximum with at least this exp value.
constexpr double kMinPeak = 0x1p3;
static_assert(kMinPeak >= (uint64_t{2} << (kPredictedPeak - kMaxFall)), "");
// A sum of n elements that is at least this has such a maximum, since the
// maximum is at least the mean.
constexpr double LeastSum(size_t n) {
  return static_cast<double>(n) * kMinPeak;
}
inline bool MayHaveTiny(double sum) { return !(sum <= kMaxSumWithoutTiny); }

// A sum outside of this interval moves the prediction.
constexpr double kMinUsualSum = 0x1p20;
constexpr double kMaxUsualSum = 0x1p46;
inline bool IsUsualSum(double sum) {
  return kMinUsualSum <= sum && sum <= kMaxUsualSum;
}

// The maximum in octaves, rounded once, as PlanRow does.
inline float OctavesOf(float max, const ScaleParts& parts) {
  return static_cast<float>(
      RoundToInteger(static_cast<double>(max) * parts.l_hi));
}

// The numbers that exp values of a row's elements are computed with. An element
// below `lowest` gives +0.
struct ExpRange {
  float offset, lowest;
};

// The exponent that sums of exp values count from.
inline int64_t UnitOf(const ExpRange& range) {
  return static_cast<int64_t>(range.offset) - kRangeTop;
}

// The range for predicted octaves of the maximum.
inline ExpRange PredictedRange(float octaves, const ScaleParts& parts) {
  return {octaves + (kRangeTop - kPredictedPeak),
          (octaves + kMaskedOctaves) * parts.inverse_l};
}
// The range for the maximum's own octaves: all exp values fit, and the same
// elements give +0 as in other schedules.
inline ExpRange ExactRange(float octaves, const ScaleParts& parts) {
  return {octaves + (kRangeTop - kPredictedPeak),
          LowestOf(octaves - static_cast<float>(kHeadroom), parts)};
}
// Whether the exp value of an element is +0 or fits the range. False for NaN.
inline bool IsInRange(float x, const ExpRange& range, const ScaleParts& parts) {
  const float rise = x * parts.l_hi - range.offset;
  return x < range.lowest || (1 - kRange <= rise && rise <= -1);
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ARITH_EXPONENT_RANGE_H_
