// SPDX-License-Identifier: Apache-2.0

// The numerators that a window gives, and whether it held them all.

#if defined(SOFTLANE_LIB_WINDOW_NUMERATORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_WINDOW_NUMERATORS_INL_H_
#undef SOFTLANE_LIB_WINDOW_NUMERATORS_INL_H_
#else
#define SOFTLANE_LIB_WINDOW_NUMERATORS_INL_H_
#endif

#include "softmax_window-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The numerators of a window in two stages, and what its lanes gather. With
// kHasMasked elements may be below its lowest. V is VF, Two or Four.
template <bool kHasMasked, class V>
HWY_INLINE void BeginInWindow(const V& x, const SoftmaxExp& exp,
                              LaneWindow& lanes, V& eighths, V& rest) {
  eighths = exp.Whole(x);
  if constexpr (kHasMasked) {
    lanes.AddUnlessLess(eighths, x, exp.LowestArgument());
  } else {
    lanes.Add(eighths);
  }
  rest = exp.Rest(x, eighths);
}
template <bool kHasMasked, class V>
HWY_INLINE V EndInWindow(const V& x, const V& eighths, const V& rest,
                         const SoftmaxExp& exp) {
  if constexpr (kHasMasked) {
    return exp.FromRestNotBelow(x, eighths, rest);
  } else {
    return exp.FromRest(eighths, rest);
  }
}
template <bool kHasMasked, class V>
HWY_INLINE V ExpInWindow(const V& x, const SoftmaxExp& exp, LaneWindow& lanes) {
  // Set below; GCC's default constructor of Four has no target attribute.
  V eighths = x, rest = x;
  BeginInWindow<kHasMasked>(x, exp, lanes, eighths, rest);
  return EndInWindow<kHasMasked>(x, eighths, rest, exp);
}

// The numerators of a row as the terms of a sum, written on the way. With
// kHasMasked elements may be below the window's lowest; with kNeedsMax the
// sweep looks for the maximum, too.
template <bool kHasMasked, bool kNeedsMax, class Logits>
struct WindowNumerators {
  HWY_INLINE Four FourOf(size_t i) const {
    const Four result = Exp(InRegisters(logits.FourOf(i)));
    StoreFour(result, y + i, 16);
    return result;
  }
  HWY_INLINE VF One(size_t i) const {
    const VF result = Exp(logits.One(i));
    Store(result, y + i);
    return result;
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF x = logits.First(i, count);
    // In the other lanes the first element again.
    const VF result =
        Exp(hn::IfThenElse(hn::FirstN(F32(), count), x, Set(hn::GetLane(x))));
    StoreFirst(result, y + i, count);
    return KeepFirst(result, count);
  }

  // See AddStagedBlocks.
  static constexpr bool kMayBeStaged = kLanes == 16 && Logits::kMayBeStaged;
  HWY_INLINE Four X(size_t i) const { return InRegisters(logits.FourOf(i)); }
  HWY_INLINE void Begin(const Two& x, Two& eighths, Two& rest) const {
    if constexpr (kNeedsMax) max.Add(x);
    BeginInWindow<kHasMasked>(x, exp, window, eighths, rest);
  }
  HWY_INLINE Two End(const Two& x, const Two& eighths, const Two& rest) const {
    return EndInWindow<kHasMasked>(x, eighths, rest, exp);
  }
  HWY_INLINE void Write(size_t i, const Two& result) const {
    Store(result.a, y + i);
    Store(result.b, y + i + 16);
  }

  template <class V>
  HWY_INLINE V Exp(const V& x) const {
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
