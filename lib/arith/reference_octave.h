// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ARITH_REFERENCE_OCTAVE_H_
#define SOFTLANE_LIB_ARITH_REFERENCE_OCTAVE_H_

#include <cstdint>

#include "arith/state.h"

// The units of the exp values of attention's tiles and of their accumulators:
// see attention_tile.h. They follow from the running maximum alone, so they do
// not depend on the order of the tiles.

namespace softlane {
namespace internal {

/// The reference octave is a multiple of this.
constexpr int64_t kReferenceStep = 8;
/// The units are this many octaves below the reference octave. The largest exp
/// value, of up to 1.088 * 2^(1/2) units of the reference, is a Float16.
constexpr int64_t kTileHeadroom = 15;

/// The next multiple of kReferenceStep from `octave` on.
constexpr int64_t ReferenceFrom(int64_t octave) {
  return (octave + kReferenceStep - 1) & -kReferenceStep;
}

/// The exponent of the units of a row with this maximum, which is finite.
inline int64_t TileUnitOf(float max) {
  const double octave = PlanRow(max, kUnscaled).offset + kHeadroom;
  return ReferenceFrom(static_cast<int64_t>(octave)) - kTileHeadroom;
}
/// TileUnitOf a state that HasSum.
inline int64_t TileUnitOf(const SoftmaxState& state) {
  return TileUnitOf(MaxOfKey(state.max_key));
}

/// 2^octaves as a factor of exp values. An exp value is below 2^5, so the
/// product with 2^-131 or less is always +0.
inline double PowerOfTileShift(int64_t octaves) {
  constexpr int64_t kLeastShift = -131;
  return PowerOfTwo(octaves > kLeastShift ? octaves : kLeastShift);
}

/// The shift between two units. It saturates at INT32_MIN, which is a multiple
/// of kReferenceStep, too.
constexpr int32_t TileShift(int64_t from, int64_t to) {
  const int64_t octaves = from - to;
  return octaves < INT32_MIN ? INT32_MIN : static_cast<int32_t>(octaves);
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ARITH_REFERENCE_OCTAVE_H_
