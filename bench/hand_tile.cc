// SPDX-License-Identifier: Apache-2.0
#include "hand_tile.h"

#include <cmath>

#include "dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "hand_tile.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
using bench::HandExp;
using bench::HandTile;
using bench::HandTileBackward;
using bench::kHandDims;

using F32 = hn::CappedTag<float, 16>;
using I32 = hn::RebindToSigned<F32>;
using VF = hn::Vec<F32>;
constexpr size_t kLanes = hn::MaxLanes(F32());
constexpr size_t kStep = 4 * kLanes;
static_assert(64 % kStep == 0, "");

HWY_INLINE VF Set(float value) { return hn::Set(F32(), value); }

HWY_INLINE VF Quintic(VF f) {
  VF p = hn::MulAdd(f, Set(0.00828929059f), Set(0.0418978221f));
  p = hn::MulAdd(p, f, Set(0.166676521f));
  p = hn::MulAdd(p, f, Set(0.499991506f));
  p = hn::MulAdd(p, f, Set(0.999999701f));
  return hn::MulAdd(p, f, Set(1.0f));
}

HWY_INLINE VF LeanExp(VF x) {
  const VF magic = Set(0x1.8p23f);
  x = hn::Max(x, Set(-87.3f));
  const VF k = hn::MulAdd(x, Set(1.44269504f), magic);
  const VF f = hn::NegMulAdd(hn::Sub(k, magic), Set(0.693147182f), x);
  const auto bits = hn::BitCast(I32(), Quintic(f));
  return hn::BitCast(F32(),
                     hn::Add(bits, hn::ShiftLeft<23>(hn::BitCast(I32(), k))));
}

HWY_INLINE VF TorchExp(VF x) {
  const VF lowest = Set(-87.3365447f), one = Set(1.0f);
  const auto is_less = hn::Lt(x, lowest);
  const VF v = hn::Max(hn::Min(x, Set(88.7228394f)), lowest);
  const VF k = hn::Floor(hn::MulAdd(v, Set(1.44269504f), Set(0.5f)));
  const VF p = Quintic(hn::NegMulAdd(k, Set(0.693147182f), v));
  const auto n = hn::ShiftLeft<23>(
      hn::Add(hn::ConvertTo(I32(), hn::Sub(k, one)), hn::Set(I32(), 127)));
  const VF power = hn::IfThenZeroElse(is_less, hn::BitCast(F32(), n));
  return hn::Mul(hn::Mul(p, power), Set(2.0f));
}

HWY_INLINE void Put(VF v, float* to) { hn::StoreU(v, F32(), to); }
HWY_INLINE void Put(VF v, uint16_t* to) {
  const hn::RebindToUnsigned<F32> d;
  const auto bits = hn::BitCast(d, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d, 1));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(d, 0x7FFF)));
  const hn::Rebind<uint16_t, F32> d16;
  hn::StoreU(hn::TruncateTo(d16, hn::ShiftRight<16>(rounded)), d16, to);
}

template <HandExp kExp>
HWY_INLINE VF Exp(VF z) {
  return kExp == HandExp::kTorch ? TorchExp(z) : LeanExp(z);
}

template <HandExp kExp, class T>
void Run(const HandTile& tile) {
  const VF scale = Set(tile.scale);
  for (size_t r = 0; r < tile.rows; ++r) {
    const float* const x = tile.scores + r * tile.cols;
    T* const to = static_cast<T*>(tile.exps) + r * tile.cols;
    VF m0 = Set(-INFINITY), m1 = m0, m2 = m0, m3 = m0;
    for (size_t i = 0; i < tile.cols; i += kStep) {
      m0 = hn::Max(m0, hn::LoadU(F32(), x + i));
      m1 = hn::Max(m1, hn::LoadU(F32(), x + i + kLanes));
      m2 = hn::Max(m2, hn::LoadU(F32(), x + i + 2 * kLanes));
      m3 = hn::Max(m3, hn::LoadU(F32(), x + i + 3 * kLanes));
    }
    const VF all = hn::Max(hn::Max(m0, m1), hn::Max(m2, m3));
    const float of_tile = hn::GetLane(hn::MaxOfLanes(F32(), all)) * tile.scale;
    const float old = tile.max[r], max = old > of_tile ? old : of_tile;
    VF s0 = Set(0.0f), s1 = s0, s2 = s0, s3 = s0;
    const VF minus_max = Set(-max);
    const auto add = [&](size_t i, VF& sum) HWY_ATTR {
      const VF z = hn::MulAdd(hn::LoadU(F32(), x + i), scale, minus_max);
      const VF e = Exp<kExp>(z);
      Put(e, to + i);
      sum = hn::Add(sum, e);
    };
    for (size_t i = 0; i < tile.cols; i += kStep) {
      add(i, s0);
      add(i + kLanes, s1);
      add(i + 2 * kLanes, s2);
      add(i + 3 * kLanes, s3);
    }
    const VF sum = hn::Add(hn::Add(s0, s1), hn::Add(s2, s3));
    const float factor = std::exp(old - max);
    tile.sum[r] =
        tile.sum[r] * factor + hn::GetLane(hn::SumOfLanes(F32(), sum));
    tile.max[r] = max;
    if (kExp == HandExp::kLean && max == old) continue;
    float* const accumulator = tile.accumulators + r * kHandDims;
    for (size_t i = 0; i < kHandDims; i += kLanes) {
      Put(hn::Mul(hn::LoadU(F32(), accumulator + i), Set(factor)),
          accumulator + i);
    }
  }
}

template <HandExp kExp, class T>
void Run(const HandTileBackward& tile) {
  const VF scale = Set(tile.scale);
  for (size_t r = 0; r < tile.rows; ++r) {
    const size_t begin = r * tile.cols;
    const float* const x = tile.scores + begin;
    const float* const dp = tile.dprobs + begin;
    T* const p_to = static_cast<T*>(tile.probs) + begin;
    T* const dx_to = static_cast<T*>(tile.dscores) + begin;
    const VF minus_log = Set(-tile.logsumexp[r]), delta = Set(tile.delta[r]);
    for (size_t i = 0; i < tile.cols; i += kLanes) {
      const VF z = hn::MulAdd(hn::LoadU(F32(), x + i), scale, minus_log);
      const VF p = Exp<kExp>(z);
      const VF rest = hn::Sub(hn::LoadU(F32(), dp + i), delta);
      Put(p, p_to + i);
      Put(hn::Mul(hn::Mul(p, scale), rest), dx_to + i);
    }
  }
}

template <class Tile>
bool RunAny(const Tile& tile, HandExp exp, bool is_bfloat16) {
  if (exp == HandExp::kTorch) {
    is_bfloat16 ? Run<HandExp::kTorch, uint16_t>(tile)
                : Run<HandExp::kTorch, float>(tile);
  } else {
    is_bfloat16 ? Run<HandExp::kLean, uint16_t>(tile)
                : Run<HandExp::kLean, float>(tile);
  }
  return true;
}
#else
template <class Tile>
bool RunAny(const Tile&, bench::HandExp, bool) {
  return false;
}
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace bench {

namespace {

template <class Tile>
bool Run(const Tile& tile, HandExp exp, bool is_bfloat16, Target target) {
  static const internal::KernelTable<bool(const Tile&, HandExp, bool)> kTable =
      SOFTLANE_KERNEL_TABLE(RunAny<Tile>);
  return internal::Select(kTable, target)(tile, exp, is_bfloat16);
}

}  // namespace

bool RunHandTile(const HandTile& tile, HandExp exp, bool is_bfloat16,
                 Target target) {
  return Run(tile, exp, is_bfloat16, target);
}
bool RunHandTile(const HandTileBackward& tile, HandExp exp, bool is_bfloat16,
                 Target target) {
  return Run(tile, exp, is_bfloat16, target);
}

}  // namespace bench
}  // namespace softlane
#endif  // HWY_ONCE
