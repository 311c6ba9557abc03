// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ARITH_STATE_H_
#define SOFTLANE_LIB_ARITH_STATE_H_

#include <cstdint>
#include <cstring>

#include "arith/exact_sum.h"
#include "arith/far_plan.h"
#include "softlane/softmax_state.h"

// The members of a SoftmaxState. See exact_sum.h for the sum.

namespace softlane {
namespace internal {

static_assert(sizeof(SoftmaxState) == 48, "the layout has no padding");

constexpr uint32_t kKeyOfMinusInfinity = 0x007FFFFF;
constexpr uint32_t kKeyOfInfinity = 0xFF800000;
constexpr uint32_t kKeyOfNaN = 0xFFFFFFFF;

/// The key of a maximum. NaN has the key kKeyOfNaN.
inline uint32_t KeyOf(float max) {
  if (!(max == max)) return kKeyOfNaN;
  const float value = max + 0.0f;  // +0 for -0
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return (bits >> 31) != 0 ? ~bits : bits | 0x80000000u;
}
inline float MaxOfKey(uint32_t key) {
  const uint32_t bits = (key >> 31) != 0 ? key & 0x7FFFFFFFu : ~key;
  float max;
  std::memcpy(&max, &bits, sizeof(max));
  return max;
}
/// Whether the maximum is finite. Only then a state has a sum.
inline bool HasSum(const SoftmaxState& state) {
  return kKeyOfMinusInfinity < state.max_key && state.max_key < kKeyOfInfinity;
}

inline StateUse UseOf(const SoftmaxState& state) {
  return static_cast<StateUse>(state.window & 3);
}

/// If a maximum is beyond kMostOctaves, its window is stored as the distance
/// from WindowBeyondMost. Such stored windows are near kBeyondMost or
/// -kBeyondMost. Other windows are nearer to 0.
constexpr int64_t kBeyondMost = 400000000;
constexpr int64_t kLastWindow = kBeyondMost - 1000;
static_assert(kMostOctaves / 24 < kLastWindow, "no window is both");
inline int64_t WindowBeyondMost(uint32_t key) {
  const int64_t base = (key >> 31) == 0 ? -kBeyondMost : kBeyondMost;
  return static_cast<int64_t>(ExponentBeyondMost(MaxOfKey(key))) / 24 - base;
}

inline ExactSum SumOf(const SoftmaxState& state) {
  ExactSum sum;
  sum.window = state.window >> 2;
  if (sum.window < -kLastWindow || kLastWindow < sum.window) {
    sum.window += WindowBeyondMost(state.max_key);
  }
  std::memcpy(sum.limbs, state.limbs, sizeof(sum.limbs));
  return sum;
}

/// The state of columns with this maximum and this sum.
inline SoftmaxState StateOf(uint32_t key, const ExactSum& sum, StateUse use) {
  SoftmaxState state{};
  state.max_key = key;
  if (!HasSum(state)) return state;
  int64_t window = sum.window;
  if (window < -kLastWindow || kLastWindow < window) {
    window -= WindowBeyondMost(key);
  }
  state.window = static_cast<int32_t>(4 * window + static_cast<int64_t>(use));
  std::memcpy(state.limbs, sum.limbs, sizeof(sum.limbs));
  return state;
}

/// Merges a state into another state of the same use.
void MergeState(const SoftmaxState& from, SoftmaxState& into);

/// Adds a block of the sum s * 2^offset, whose maximum is finite, to a state of
/// the use kSoftmax.
void AddBlockToState(float max, double s, int64_t offset, SoftmaxState& state);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ARITH_STATE_H_
