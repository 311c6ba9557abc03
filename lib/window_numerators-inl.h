// SPDX-License-Identifier: Apache-2.0

// The numerators that a window gives, and whether it held them all.

#if defined(SOFTLANE_LIB_WINDOW_NUMERATORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_WINDOW_NUMERATORS_INL_H_
#undef SOFTLANE_LIB_WINDOW_NUMERATORS_INL_H_
#else
#define SOFTLANE_LIB_WINDOW_NUMERATORS_INL_H_
#endif

#include "kernels/stages-inl.h"
#include "softmax_window-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The numerators of a window, from what Whole and Rest give; and what its lanes
// gather. With kHasMasked elements may be below its lowest. V is VF, Two or
// Four.
template <bool kHasMasked, class V>
HWY_INLINE V EndInWindow(const V& x, const V& eighths, const V& rest,
                         const SoftmaxExp& exp, LaneWindow& lanes) {
  if constexpr (kHasMasked) {
    lanes.AddUnlessLess(eighths, x, exp.LowestArgument());
    return exp.FromRestNotBelow(x, eighths, rest);
  } else {
    lanes.Add(eighths);
    return exp.FromRest(eighths, rest);
  }
}
template <bool kHasMasked, class V>
HWY_INLINE V ExpInWindow(const V& x, const SoftmaxExp& exp, LaneWindow& lanes) {
  const V eighths = exp.Whole(x);
  return EndInWindow<kHasMasked>(x, eighths, exp.Rest(x, eighths), exp, lanes);
}

// The numerators of a row as the terms of a sum, written on the way. With
// kHasMasked elements may be below the window's lowest; with kNeedsMax the
// sweep looks for the maximum, too.
template <bool kHasMasked, bool kNeedsMax, class Logits>
struct WindowNumerators {
  HWY_INLINE Four FourOf(size_t i) const {
    const Four result = Of(InRegisters(logits.FourOf(i)));
    StoreFour(result, y + i, 16);
    return result;
  }
  HWY_INLINE VF One(size_t i) const {
    const VF result = Of(logits.One(i));
    Store(result, y + i);
    return result;
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF x = logits.First(i, count);
    // In the other lanes the first element again.
    const VF result =
        Of(hn::IfThenElse(hn::FirstN(F32(), count), x, Set(hn::GetLane(x))));
    StoreFirst(result, y + i, count);
    return KeepFirst(result, count);
  }

  // See AddStagedBlocks.
  static constexpr bool kMayBeStaged = kLanes == 16 && Logits::kMayBeStaged;
  HWY_INLINE Four X(size_t i) const {
    const Four x = InRegisters(logits.FourOf(i));
    if constexpr (kNeedsMax) max.Add(x);
    return x;
  }
  HWY_INLINE const SoftmaxExp& Exp() const { return exp; }
  HWY_INLINE Two End(const Stage& stage) const {
    return EndInWindow<kHasMasked>(stage.x, stage.eighths, stage.rest, exp,
                                   window);
  }
  HWY_INLINE void Write(size_t i, const Two& result) const {
    Store(result.a, y + i);
    Store(result.b, y + i + 16);
  }

  template <class V>
  HWY_INLINE V Of(const V& x) const {
    if constexpr (kNeedsMax) max.Add(x);
    return ExpInWindow<kHasMasked>(x, exp, window);
  }

  const SoftmaxExp& exp;
  const Logits& logits;
  float* y;
  LaneWindow& window;
  LaneMax& max;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_WINDOW_NUMERATORS_INL_H_
