// SPDX-License-Identifier: Apache-2.0

// The numbers that each row of a tile of attention has once, with a row per
// lane: maxima, units, and windows of states.

#if defined(SOFTLANE_LIB_KERNELS_ATTENTION_TILE_PLAN_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_ATTENTION_TILE_PLAN_INL_H_
#undef SOFTLANE_LIB_KERNELS_ATTENTION_TILE_PLAN_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_ATTENTION_TILE_PLAN_INL_H_
#endif

#include "arith/fold_rows-inl.h"
#include "arith/max-inl.h"
#include "arith/reference_octave.h"
#include "arith/row_exp-inl.h"
#include "arith/sum-inl.h"
#include "kernels/attention_tiles.h"

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::AttentionTileParams;
using internal::AttentionTileRow;

constexpr size_t kHalf = hn::MaxLanes(F64());
using I64 = hn::RebindToSigned<F64>;
// As many lanes in half the bytes.
using Narrow = hn::Rebind<int32_t, F64>;
using NarrowF = hn::Rebind<float, F64>;

// The numbers of the rows, with a row per lane.
struct Lanes {
  HWY_ALIGN float max[kLanes];     // of the logits
  HWY_ALIGN float magic[kLanes];   // of the offset
  HWY_ALIGN float lowest[kLanes];  // a logit
  HWY_ALIGN int32_t key[kLanes];   // of the running maximum
  HWY_ALIGN int32_t window[kLanes];
  HWY_ALIGN int32_t offset[kLanes];   // of the exp values, in octaves
  HWY_ALIGN int32_t octaves[kLanes];  // from the offset to the units
  HWY_ALIGN int32_t shift[kLanes];
  HWY_ALIGN int32_t exponent[kLanes];  // of units of limbs
  HWY_ALIGN float least[kLanes];       // the least sum of the window
  uint32_t is_usual;                   // bits
};

HWY_INLINE VI KeysOf(VF v) {
  const VI bits = hn::BitCast(I32(), hn::Add(v, Set(0.0f)));  // +0 for -0
  const VI sign = hn::ShiftRight<31>(bits);
  return hn::Xor(bits, hn::Or(sign, hn::Set(I32(), INT32_MIN)));
}
HWY_INLINE VF MaximaOf(VI keys) {
  const VI sign = hn::ShiftRight<31>(keys);
  return hn::BitCast(
      F32(), hn::Xor(keys, hn::Or(hn::Not(sign), hn::Set(I32(), INT32_MIN))));
}
// round(a * b), below 2^22. It is in the last bits of the sum with the magic
// number, so there is no conversion, which would check its range.
HWY_INLINE VI Rounded(VF a, VF b) {
  const VF magic = Set(0x1.8p23f);
  return hn::Sub(hn::BitCast(I32(), Fma(a, b, magic)),
                 hn::BitCast(I32(), magic));
}
HWY_INLINE VI OctavesOf(VF z) { return Rounded(z, Set(kLog2EHigh)); }
HWY_INLINE VI UnitsOf(VI octaves) {
  const VI up = hn::Set(I32(), int32_t{internal::kReferenceStep - 1});
  const VI reference = hn::AndNot(up, hn::Add(octaves, up));
  return hn::Sub(reference, hn::Set(I32(), int32_t{internal::kTileHeadroom}));
}
// A bit per lane.
HWY_INLINE uint32_t BitsOf(hn::Mask<F32> mask) {
  uint8_t bytes[8] = {};
  hn::StoreMaskBits(F32(), mask, bytes);
  return bytes[0] | static_cast<uint32_t>(bytes[1]) << 8;
}
HWY_INLINE uint32_t BitsOf(hn::Mask<F64> mask) {
  uint8_t bytes[8] = {};
  hn::StoreMaskBits(F64(), mask, bytes);
  return bytes[0];
}

// The maximum of a row, not folded yet. With NaN in the row it is any number.
HWY_INLINE VF MaxOfRow(const float* x, size_t n) {
  NarrowMax max;
  for (const float* const end = x + n / (4 * kLanes) * (4 * kLanes); x != end;
       x += 4 * kLanes) {
    max.Add(LoadFour(x, kLanes));
  }
  n %= 4 * kLanes;
  for (size_t i = 0; i < n; i += kLanes) {
    max.Add(LoadFirst(x + i, HWY_MIN(n - i, kLanes), Set(-kInfinity)));
  }
  return max.Lanes();
}

// Plans the rows by their maxima.
HWY_INLINE void PlanRows(const AttentionTileRow* rows, size_t count,
                         const AttentionTileParams& params, Lanes& lanes) {
  HWY_ALIGN float maxima[kLanes * kLanes];
  for (size_t r = 0; r < kLanes; ++r) {
    // The first row also stands for missing rows.
    const AttentionTileRow& row = rows[r < count ? r : 0];
    const SoftmaxState& state = params.states[row.index];
    lanes.key[r] = static_cast<int32_t>(state.max_key);
    lanes.window[r] = state.window;
    const VF max = r < count ? MaxOfRow(row.x, row.n) : Load(maxima);
    Store(max, maxima + r * kLanes);
  }
  const VF top = hn::Mul(FoldRows(F32(), StoredRows<F32>{maxima}, Larger()),
                         Set(params.scale));
  Store(top, lanes.max);
  const VI old_keys = hn::Load(I32(), lanes.key);
  const VF limit = Set(internal::DirectLimitOf(internal::kUnscaled));
  const VF old = MaximaOf(old_keys);
  // A state has no sum if its key is at most the key of -inf. Such keys have no
  // sign bit.
  const VI above = hn::Set(I32(), int32_t{internal::kKeyOfMinusInfinity} + 1);
  const auto is_new = hn::RebindMask(
      F32(),
      hn::And(hn::Gt(old_keys, hn::Set(I32(), -1)), hn::Lt(old_keys, above)));
  // No state has a maximum within the limit and such a window, unless it has
  // read logits of another scale.
  const VI windows = hn::Load(I32(), lanes.window);
  const auto is_near =
      hn::RebindMask(F32(), hn::Lt(hn::Abs(windows), hn::Set(I32(), 4 * 1000)));
  const auto is_usual =
      hn::And(hn::Le(hn::Abs(top), limit),
              hn::Or(is_new, hn::And(is_near, hn::Le(hn::Abs(old), limit))));
  lanes.is_usual = BitsOf(is_usual);
  const VF before = hn::IfThenElse(is_new, top, old);
  const VF max = hn::Max(top, before);
  hn::Store(KeysOf(max), I32(), lanes.key);
  const VI own = OctavesOf(top);
  const VI unit = UnitsOf(OctavesOf(max));
  hn::Store(hn::Sub(UnitsOf(OctavesOf(before)), unit), I32(), lanes.shift);
  const VI own_offset =
      hn::Sub(own, hn::Set(I32(), static_cast<int32_t>(kHeadroom)));
  hn::Store(hn::Min(hn::Sub(own_offset, unit), hn::Zero(I32())), I32(),
            lanes.octaves);
  const VI used = hn::Min(own_offset, unit);
  hn::Store(used, I32(), lanes.offset);
  Store(SoftmaxExp::Magic(hn::ConvertTo(F32(), used)), lanes.magic);
  Store(Lowest(hn::ConvertTo(F32(), own_offset), params.parts), lanes.lowest);
  // A new state has the window of its first sum, which is nearly always that of
  // its maximum.
  const VF octave = hn::ConvertTo(F32(), own);
  // floor((octave + 0.5) / 24). No octave is near a tie.
  const VI first = Rounded(hn::Sub(octave, Set(11.5f)), Set(1.0f / 24));
  const VI window = hn::IfThenElse(hn::RebindMask(I32(), is_new), first,
                                   hn::ShiftRight<2>(windows));
  hn::Store(hn::ShiftLeft<2>(window), I32(), lanes.window);
  Store(hn::IfThenElseZero(is_new, Set(0x1p72f)), lanes.least);
  // 2^used in units of limb 0, which stands for 24 (window - 3) octaves.
  const VI exponent = hn::Sub(hn::Add(used, hn::Set(I32(), 1023 + 72)),
                              hn::Mul(window, hn::Set(I32(), 24)));
  hn::Store(
      hn::Max(hn::Min(exponent, hn::Set(I32(), 1023 + 200)), hn::Zero(I32())),
      I32(), lanes.exponent);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_KERNELS_ATTENTION_TILE_PLAN_INL_H_
