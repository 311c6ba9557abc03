// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ARITH_EXPONENT_RANGE_H_
#define SOFTLANE_LIB_ARITH_EXPONENT_RANGE_H_

#include "arith/plan.h"

// Exp values without the row's maximum. Any power of two may be taken off all
// exp values of a row: the probabilities are the same. So a predicted exponent
// does in place of the maximum's, if all exp values fit the range of floats,
// and the pass that looks for the maximum is saved.
//
// Whether they fit is known afterwards: the exponents, in eighths of an octave,
// must be within a range of 128 octaves. As integers those differ only in their
// last bits then; one instruction per vector gathers the others.

namespace softlane {
namespace internal {

// The range, in octaves: exp values from about 2^-68 to 2^60.
constexpr int kRange = 128;
constexpr int kRangeTop = 60;
// The exp value of a maximum that was predicted right is near 2^kPredictedPeak.
// The row's maximum may be 28 octaves above the prediction, and the rest of the
// row 100 octaves below it.
constexpr int kPredictedPeak = 32;
// A sum up to this has no probability below 2^-126.
constexpr double kMaxSumWithoutTiny = 0x1p58;
static_assert(-126 + 58 == kRangeTop - kRange, "the least over the largest");

// Elements are masked if they are so far below the prediction that no maximum
// within kMaxFall octaves below it has them as exp values that are not +0.
constexpr int kMaxFall = 30;
constexpr int kMaskedOctaves = -170;
static_assert(kMaskedOctaves < -kMaxFall - kHeadroom + kLowestOctaves - 1,
              "below the lowest argument of such a row");
// No element of the range is below the lowest of a row whose maximum is in it.
static_assert(kRange + 1 < kHeadroom - kLowestOctaves, "");

// Octaves for which the whole range is within the direct limit.
constexpr float kMaxPredicted = 3900.0f;
static_assert(kMaxPredicted + kRange < kDirectLimit,
              "octaves are below nepers");

// The least exp value of a maximum in a row with masked elements.
constexpr double kMinPeak = 0x1p3;
static_assert(kMinPeak >= (uint64_t{2} << (kPredictedPeak - kMaxFall)), "");
// The least sum of n elements with such a maximum, whose share is at least the
// mean.
constexpr double LeastSum(size_t n) {
  return static_cast<double>(n) * kMinPeak;
}
inline bool MayHaveTiny(double sum) { return !(sum <= kMaxSumWithoutTiny); }

// A sum outside of these moves the prediction.
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

// What the exp values of a row are made with. An element below `lowest` gives
// +0.
struct ExpRange {
  float offset, lowest;
};

// From predicted octaves of the maximum.
inline ExpRange PredictedRange(float octaves, const ScaleParts& parts) {
  return {octaves + (kRangeTop - kPredictedPeak),
          (octaves + kMaskedOctaves) * parts.inverse_l};
}
// From the maximum's own octaves: all exp values are right, and elements that
// are +0 for other schedules are so here.
inline ExpRange ExactRange(float octaves, const ScaleParts& parts) {
  return {octaves + (kRangeTop - kPredictedPeak),
          LowestOf(octaves - static_cast<float>(kHeadroom), parts)};
}
// Whether an element has the same exp value, up to the power of two, whatever
// the row's maximum is. False for NaN.
inline bool IsInRange(float x, const ExpRange& range, const ScaleParts& parts) {
  const float rise = x * parts.l_hi - range.offset;
  return x < range.lowest || (1 - kRange <= rise && rise <= -1);
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ARITH_EXPONENT_RANGE_H_
