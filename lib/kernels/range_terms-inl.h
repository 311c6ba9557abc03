// SPDX-License-Identifier: Apache-2.0

// Exp values by a predicted exponent, for logits of any kind.
//
// Logits has FourOf(i), which gives the vectors from elements i, i + 16, i + 32
// and i + 48 on; One(i); First(i, count), with -inf after `count` elements; and
// kMayBeStaged.

#if defined(SOFTLANE_LIB_KERNELS_RANGE_TERMS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_RANGE_TERMS_INL_H_
#undef SOFTLANE_LIB_KERNELS_RANGE_TERMS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_RANGE_TERMS_INL_H_
#endif

#include <type_traits>

#include "arith/lane_range-inl.h"
#include "arith/max-inl.h"
#include "arith/probability-inl.h"
#include "kernels/logits-inl.h"
#include "kernels/pending_terms-inl.h"
#include "kernels/stages-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The exp values of a row as the terms of a sum, written on the way. With
// kHasMasked elements may be below the range's lowest; with kNeedsMax the pass
// looks for the maximum, too.
template <bool kHasMasked, bool kNeedsMax, class Logits, class Max = NarrowMax>
struct RangeTerms {
  HWY_INLINE Four LoadFourOf(size_t i) const {
    return InRegisters(logits.FourOf(i));
  }
  HWY_INLINE void PutFour(size_t i, const Four& exps) const {
    StoreFour(exps, e + i, 16);
  }
  HWY_INLINE Four FourOf(size_t i) const {
    const Four result = Of(LoadFourOf(i));
    PutFour(i, result);
    return result;
  }
  HWY_INLINE VF One(size_t i) const {
    const VF result = Of(logits.One(i));
    Store(result, e + i);
    return result;
  }
  HWY_INLINE VF First(size_t i, size_t count) const {
    const VF x = logits.First(i, count);
    // The lanes after `count` repeat the first element.
    const VF result =
        Of(hn::IfThenElse(hn::FirstN(F32(), count), x, Set(hn::GetLane(x))));
    StoreFirst(result, e + i, count);
    return KeepFirst(result, count);
  }

  // See AddStagedBlocks.
  static constexpr bool kMayBeStaged = kLanes == 16 && Logits::kMayBeStaged;
  HWY_INLINE Four X(size_t i) const {
    const Four x = LoadFourOf(i);
    if constexpr (kNeedsMax) max.Add(x);
    return x;
  }
  HWY_INLINE const SoftmaxExp& Exp() const { return exp; }
  HWY_INLINE Two End(const Stage& stage) const {
    return EndInRange<kHasMasked>(stage.x, stage.eighths, stage.rest, exp,
                                  range);
  }
  HWY_INLINE void Write(size_t i, const Two& result) const {
    Store(result.a, e + i);
    Store(result.b, e + i + 16);
  }

  // See EndAndBegin. With masked elements, attention's logits would take 3 to 5
  // % more time, because they test for masks at each vector.
  static constexpr bool kMayRunAhead =
      kRunsAhead && (std::is_same_v<Logits, PlainLogits> || !kHasMasked);
  HWY_INLINE VF Begin(size_t i) const {
    const VF v = logits.One(i);
    if constexpr (kNeedsMax) max.Add(v);
    return v;
  }
  HWY_INLINE void Beside(size_t) const {}
  HWY_INLINE VF End(const NarrowStage& stage) const {
    const VF result =
        EndInRange<kHasMasked>(stage.x, stage.eighths, stage.rest, exp, range);
    range.KeepInOrder();
    return result;
  }
  HWY_INLINE void Put(size_t i, VF result) const { Store(result, e + i); }

  template <class V>
  HWY_INLINE V Of(const V& x) const {
    if constexpr (kNeedsMax) max.Add(x);
    return ExpInRange<kHasMasked>(x, exp, range);
  }

  const SoftmaxExp& exp;
  const Logits& logits;
  float* e;
  LaneRange& range;
  Max& max;
};

// The exp values and, in the same loop, the probabilities of a pending row. No
// probability is below 2^-126.
template <class Terms>
using DividingTerms = PendingTerms<Terms, UsualProbabilities>;

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_RANGE_TERMS_INL_H_
