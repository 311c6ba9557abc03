// SPDX-License-Identifier: Apache-2.0

// Numerators without the row's maximum. Any power of two may be taken off all
// numerators of a row: their quotients by the sum are the same. So a guess will
// do in place of the maximum, if it is good enough for all numerators to fit
// the range of floats, and the sweep that looks for the maximum is saved.
//
// Whether it was good enough is known afterwards: the exponents, in eighths of
// an octave, must be within a window of 128 octaves. As integers those differ
// only in their last bits then; one instruction per vector gathers the others.

#if defined(SOFTLANE_LIB_SOFTMAX_WINDOW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_SOFTMAX_WINDOW_INL_H_
#undef SOFTLANE_LIB_SOFTMAX_WINDOW_INL_H_
#else
#define SOFTLANE_LIB_SOFTMAX_WINDOW_INL_H_
#endif

#include <cstring>

#include "arith/max-inl.h"
#include "softmax_row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The window, in octaves: numerators from about 2^-68 to 2^60.
constexpr int kWindow = 128;
constexpr int kWindowTop = 60;
// The numerator of a maximum that was guessed right is near 2^kGuessedPeak. The
// row's maximum may be 28 octaves above the guess, and the rest of the row 100
// octaves below it.
constexpr int kGuessedPeak = 32;
// A sum up to this has no quotient below 2^-126.
constexpr double kMaxSumWithoutTiny = 0x1p58;
static_assert(-126 + 58 == kWindowTop - kWindow, "the least over the largest");

// Elements are masked if they are so far below the guess that no maximum within
// kMaxFall octaves below it has them as numerators that are not +0.
constexpr int kMaxFall = 30;
constexpr int kMaskedOctaves = -170;
static_assert(kMaskedOctaves < -kMaxFall - kHeadroom + kLowestOctaves - 1,
              "below the lowest argument of such a row");
// No element of the window is below the lowest of a row whose maximum is in it.
static_assert(kWindow + 1 < kHeadroom - kLowestOctaves, "");

// Octaves for which the whole window is within the direct limit.
constexpr float kMaxGuess = 3900.0f;
static_assert(kMaxGuess + kWindow < kDirectLimit, "octaves are below nepers");

// The maximum in octaves, rounded once, as PlanRow does.
HWY_INLINE float OctavesOf(float max, const ScaleParts& parts) {
  const VF ones = Set(0x1.8p23f);
  return hn::GetLane(hn::Sub(Fma(Set(max), Set(parts.l_hi), ones), ones));
}

// The least numerator of a maximum in a row with masked elements.
constexpr double kMinPeak = 0x1p3;
static_assert(kMinPeak >= (uint64_t{2} << (kGuessedPeak - kMaxFall)), "");
// The least sum of n elements with such a maximum, whose share is at least the
// mean.
HWY_INLINE double LeastSum(size_t n) {
  return static_cast<double>(n) * kMinPeak;
}
// Beyond, the guess moves.
constexpr double kMinUsualSum = 0x1p20;
constexpr double kMaxUsualSum = 0x1p46;

// The exponent of a positive normal number.
HWY_INLINE float ExponentOf(double v) {
  uint64_t bits;
  std::memcpy(&bits, &v, sizeof(bits));
  return static_cast<float>(static_cast<int>(bits >> 52) - 1023);
}

// The guess: a row's maximum, and then what the sums say of it.
class MaxGuess {
 public:
  HWY_INLINE explicit MaxGuess(const ScaleParts& parts) : parts_(parts) {}

  HWY_INLINE bool IsUsable() const { return is_usable_; }
  HWY_INLINE float Octaves() const { return octaves_; }
  HWY_INLINE void SetMax(float max) { SetOctaves(OctavesOf(max, parts_)); }
  HWY_INLINE void SetOctaves(float octaves) {
    octaves_ = octaves;
    is_usable_ =
        parts_.unit == 1.0 && -kMaxGuess <= octaves && octaves <= kMaxGuess;
  }
  // Rarely, and in a branch: so the next row need not wait for the sum.
  HWY_INLINE void Follow(double sum) {
    if (HWY_UNLIKELY(sum < kMinUsualSum || sum > kMaxUsualSum)) Move(sum);
  }

 private:
  HWY_NOINLINE void Move(double sum) {
    SetOctaves(octaves_ + ExponentOf(sum) - kGuessedPeak);
  }

  const ScaleParts& parts_;
  float octaves_ = 0.0f;
  bool is_usable_ = false;
};

// When to guess: after a row or a group whose guess was not good enough, so
// many are done without; each time in a row twice as many.
class Attempts {
 public:
  HWY_INLINE bool IsDue() const { return skipped_ == 0; }
  // Asked once for each.
  HWY_INLINE bool NextIsDue() {
    if (IsDue()) return true;
    --skipped_;
    return false;
  }
  HWY_INLINE void Succeeded() { failures_ = 0; }
  HWY_INLINE void Failed() {
    failures_ = HWY_MIN(2 * failures_ + 1, size_t{31});
    skipped_ = failures_;
  }

 private:
  size_t failures_ = 0, skipped_ = 0;
};

// What the numerators of a row are made with.
struct Window {
  // From a guess of the maximum's octaves.
  HWY_INLINE Window(float octaves, const ScaleParts& parts)
      : offset(octaves + (kWindowTop - kGuessedPeak)),
        lowest((octaves + kMaskedOctaves) * parts.inverse_l) {}
  // From the maximum's octaves. All numerators are right; elements that are +0
  // for other schedules are so here.
  struct Exact {};
  HWY_INLINE Window(float octaves, const ScaleParts& parts, Exact)
      : offset(octaves + (kWindowTop - kGuessedPeak)),
        lowest(hn::GetLane(
            Lowest(Set(octaves - static_cast<float>(kHeadroom)), parts))) {}

  // Whether an element has the same numerator whatever the row's maximum is.
  // False for NaN.
  HWY_INLINE bool Holds(float x, const ScaleParts& parts) const {
    const float rise = x * parts.l_hi - offset;
    return x < lowest || (1 - kWindow <= rise && rise <= -1);
  }

  HWY_INLINE SoftmaxExp Exp(const ScaleParts& parts) const {
    return SoftmaxExp(Set(parts.l_hi), Set(parts.l_lo), Set(offset),
                      Set(lowest), SoftmaxTable<kWindowTop>());
  }

  float offset, lowest;
};

// What a sweep finds on the way: whether all numerators are in the window.
class LaneWindow {
 public:
  HWY_INLINE LaneWindow() : outside_(hn::Zero(I32())) {}
  HWY_INLINE void Add(VF eighths) {
#if HWY_TARGET == HWY_AVX3
    outside_ = VI{_mm512_ternarylogic_epi32(
        outside_.raw, _mm512_castps_si512(eighths.raw),
        _mm512_set1_epi32(kLeastInside), kOrXor)};
#else
    outside_ = hn::Or(outside_, Outside(eighths));
#endif
  }
  HWY_INLINE void Add(const Four& eighths) {
    Add(eighths.a);
    Add(eighths.b);
    Add(eighths.c);
    Add(eighths.d);
  }
  HWY_INLINE void Add(const Two& eighths) {
    Add(eighths.a);
    Add(eighths.b);
  }
  // The same for elements that are not below `lowest`.
  HWY_INLINE void AddUnlessLess(VF eighths, VF x, VF lowest) {
#if HWY_TARGET == HWY_AVX3
    const __mmask16 keep = _mm512_cmp_ps_mask(x.raw, lowest.raw, _CMP_NLT_UQ);
    outside_ = VI{_mm512_mask_ternarylogic_epi32(
        outside_.raw, keep, _mm512_castps_si512(eighths.raw),
        _mm512_set1_epi32(kLeastInside), kOrXor)};
#else
    const auto is_less = hn::RebindMask(I32(), hn::Lt(x, lowest));
    outside_ = hn::Or(outside_, hn::IfThenZeroElse(is_less, Outside(eighths)));
#endif
  }
  HWY_INLINE void AddUnlessLess(const Two& eighths, const Two& x, VF lowest) {
    AddUnlessLess(eighths.a, x.a, lowest);
    AddUnlessLess(eighths.b, x.b, lowest);
  }
  HWY_INLINE void AddUnlessLess(const Four& eighths, const Four& x, VF lowest) {
    AddUnlessLess(eighths.a, x.a, lowest);
    AddUnlessLess(eighths.b, x.b, lowest);
    AddUnlessLess(eighths.c, x.c, lowest);
    AddUnlessLess(eighths.d, x.d, lowest);
  }

  HWY_INLINE bool IsInside() const {
    constexpr int32_t kInside = 8 * kWindow - 1;
    const VI high = hn::AndNot(hn::Set(I32(), kInside), outside_);
    return hn::AllTrue(I32(), hn::Eq(high, hn::Zero(I32())));
  }

 private:
  // The bits of the least one inside; all others have its first 22.
  static constexpr int32_t kLeastInside = 0x49C00000 - 8 * kWindow;
  static constexpr int kOrXor = 0xF6;  // a | (b ^ c), for vpternlog

  static HWY_INLINE VI Outside(VF eighths) {
    return hn::Xor(hn::BitCast(I32(), eighths), hn::Set(I32(), kLeastInside));
  }

  VI outside_;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_SOFTMAX_WINDOW_INL_H_
