// SPDX-License-Identifier: Apache-2.0

// The largest element of a row, in one read. A maximum does not round, so its
// bits do not depend on the order.

#if defined(SOFTLANE_LIB_ARITH_MAX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_ARITH_MAX_INL_H_
#undef SOFTLANE_LIB_ARITH_MAX_INL_H_
#else
#define SOFTLANE_LIB_ARITH_MAX_INL_H_
#endif

#include <limits>

#include "arith/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// Whether a row with this maximum has a sum. False for NaN.
HWY_INLINE bool IsFinite(float v) { return -kInfinity < v && v < kInfinity; }

// Each class below collects a property of the elements that Add gets. AddFirst
// gets the last elements of a row, with -inf after them.

// The largest element. Four maxima hide the latency of one.
class LaneMax {
 public:
  HWY_INLINE LaneMax() {
    HWY_UNROLL(4)  // a loop would put them in memory
    for (VF& lanes : lanes_) lanes = Set(-kInfinity);
  }
  HWY_INLINE void Add(VF x) { Add(0, x); }
  HWY_INLINE void AddFirst(VF x) { Add(1, x); }
  HWY_INLINE void Add(const Four& x) {
    Add(0, x.a);
    Add(1, x.b);
    Add(2, x.c);
    Add(3, x.d);
  }
  HWY_INLINE float Total() const {
    const VF a = hn::Max(lanes_[0], lanes_[1]);
    const VF b = hn::Max(lanes_[2], lanes_[3]);
    const VF max = hn::Max(a, b);
    // Highway 1.0.3's MaxOfLanes starts at -FLT_MAX on its emulated target.
    return hn::GetLane(kLanes == 1 ? max : hn::MaxOfLanes(F32(), max));
  }

 private:
  HWY_INLINE void Add(size_t k, VF x) { lanes_[k] = hn::Max(lanes_[k], x); }

  VF lanes_[4];
};

// The maximum in one vector: a loop that has few registers left.
class NarrowMax {
 public:
  HWY_INLINE NarrowMax() : lanes_(Set(-kInfinity)) {}
  HWY_INLINE void Add(VF x) { lanes_ = hn::Max(lanes_, x); }
  HWY_INLINE void Add(const Four& x) {
    Add(hn::Max(hn::Max(x.a, x.b), hn::Max(x.c, x.d)));
  }
  HWY_INLINE float Total() const {
    return hn::GetLane(hn::MaxOfLanes(F32(), lanes_));
  }
  HWY_INLINE VF Lanes() const { return lanes_; }

 private:
  VF lanes_;
};

// Whether any element was NaN.
class LaneNaN {
 public:
  HWY_INLINE LaneNaN() {
    HWY_UNROLL(4)
    for (auto& lanes : ordered_) lanes = hn::FirstN(F32(), kLanes);
  }
  HWY_INLINE void Add(VF x) { Add(0, x); }
  HWY_INLINE void AddFirst(VF x) { Add(1, x); }
  HWY_INLINE void Add(const Four& x) {
    Add(0, x.a);
    Add(1, x.b);
    Add(2, x.c);
    Add(3, x.d);
  }
  HWY_INLINE bool Total() const {
    const auto a = hn::And(ordered_[0], ordered_[1]);
    const auto b = hn::And(ordered_[2], ordered_[3]);
    return !hn::AllTrue(F32(), hn::And(a, b));
  }

 private:
  HWY_INLINE void Add(size_t k, VF x) {
    ordered_[k] = hn::And(ordered_[k], hn::Eq(x, x));
  }

  hn::Mask<F32> ordered_[4];
};

// Collects nothing, for a caller that finds NaN later.
struct IgnoreNaN {
  template <class V>
  HWY_INLINE void Add(const V&) {}
  HWY_INLINE void AddFirst(VF) {}
  HWY_INLINE bool Total() const { return false; }
};

// Gives all elements of a row to each of `lanes`.
template <class... Lanes>
HWY_INLINE void AddRow(const float* x, size_t n, Lanes&... lanes) {
  size_t i = 0;
  for (; n - i >= 4 * kLanes; i += 4 * kLanes) {
    const Four v = LoadFour(x + i, kLanes);
    (lanes.Add(v), ...);
  }
  for (; n - i >= kLanes; i += kLanes) {
    const VF v = Load(x + i);
    (lanes.Add(v), ...);
  }
  if (const size_t count = n - i; count != 0) {
    const VF v = LoadFirst(x + i, count, Set(-kInfinity));
    (lanes.AddFirst(v), ...);
  }
}

// The maximum; -inf for an empty row. If the row holds NaN, the result is NaN
// with LaneNaN and any number with IgnoreNaN.
template <class NaN>
HWY_INLINE float MaxOf(const float* x, size_t n) {
  LaneMax max;
  NaN nan;
  AddRow(x, n, max, nan);
  return nan.Total() ? kNaN : max.Total();
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_ARITH_MAX_INL_H_
