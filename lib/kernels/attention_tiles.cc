// SPDX-License-Identifier: Apache-2.0
#include "kernels/attention_tiles.h"

#include "arith/reference_octave.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention_tiles.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "kernels/attention_tile_plan-inl.h"
#include "kernels/exp_sums-inl.h"

// Does as many rows at a time as a vector has lanes. The pass reads a score
// twice and writes an exp value. The work that a row has once is done with a
// row per lane: the folds of maxima and of sums, the units, and the limbs of
// the sums. In a single row this work would take as long as 64 keys.

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::AttentionTileKernels;
using internal::AttentionTileParams;
using internal::AttentionTileRow;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64

// Copies n logits, and -inf up to a whole block.
HWY_NOINLINE void CopyBlock(const float* x, size_t n, float* block) {
  for (size_t i = 0; i < kSumBlock; i += kLanes) {
    const size_t left = n > i ? HWY_MIN(n - i, kLanes) : 0;
    Store(LoadFirst(left == 0 ? x : x + i, left, Set(-kInfinity)), block + i);
  }
}

// Copies the first n of a block.
HWY_NOINLINE void StoreBlock(const float* block, size_t n, float* to) {
  for (size_t i = 0; i < n; i += kLanes) {
    StoreFirst(Load(block + i), to + i, HWY_MIN(n - i, kLanes));
  }
}

// The exponential of a call, and the scale that its logits are multiplied by.
struct TileExp {
  SoftmaxExp exp;
  VF scale;
};

template <bool kIsScaled>
struct BlockTerms {
  HWY_INLINE Four operator()(size_t i) const {
    Four z = LoadFour(x + i, 16);
    if constexpr (kIsScaled) {
      z = Map([&](VF v) HWY_ATTR { return hn::Mul(v, exp.scale); }, z);
    }
    if constexpr (kLanes == 8) {
      // 16 registers hold all of two vectors. Of four vectors, x would be
      // loaded four times.
      const Two low = ExpOfTwo({z.a, z.b}, i);
      const Two high = ExpOfTwo({InOrder(z.c), InOrder(z.d)}, i + 32);
      return {low.a, low.b, high.a, high.b};
    }
    const Four e = exp.exp(z, Repeat<Four>(lowest), Repeat<Four>(magic));
    StoreFour(e, to + i, 16);
    return e;
  }
  HWY_INLINE Two ExpOfTwo(const Two& z, size_t i) const {
    const Two e = exp.exp(z, Repeat<Two>(lowest), Repeat<Two>(magic));
    Store(e.a, to + i);
    Store(e.b, to + i + 16);
    return e;
  }

  const TileExp& exp;
  const float* x;
  float* to;
  VF lowest, magic;
};

// Writes the exp values of a row, and their sum in lanes. A block that is not
// full is done in a copy, where exp values of +0 follow those of the row.
template <bool kIsScaled>
HWY_INLINE void ExpOfRow(const TileExp& exp, const AttentionTileRow& row,
                         float lowest, float magic, double* sums) {
  LaneSum sum;
  HWY_ALIGN float copy[kSumBlock];
  const float* x = row.x;
  float* to = row.floats;
  for (size_t n = row.n;;) {
    float* place = to;
    if (HWY_UNLIKELY(n < kSumBlock)) {
      CopyBlock(x, n, copy);
      x = place = copy;
    }
    sum.AddBlock(BlockTerms<kIsScaled>{exp, x, place, Set(lowest), Set(magic)});
    if (HWY_UNLIKELY(n < kSumBlock)) {
      StoreBlock(copy, n, to);
      break;
    }
    n -= kSumBlock;
    if (n == 0) break;
    x += kSumBlock;
    to += kSumBlock;
  }
  hn::Store(sum.Folded(), F64(), sums);
}

// Adds the sums of rows to the states. Returns a bit for each row that is not
// done.
HWY_INLINE uint32_t AddSums(const AttentionTileRow* rows, size_t count,
                            const double* folded, const Lanes& lanes,
                            const AttentionTileParams& params) {
  HWY_ALIGN double sums[kLanes];
  HWY_ALIGN int64_t limbs[5][kLanes];
  const F64 d;
  const I64 di;
  // The last bit of big j stands for 2^(24 j): see exact_sum.h.
  constexpr double kBigs[5] = {0x1.8p52, 0x1.8p76, 0x1.8p100, 0x1.8p124,
                               0x1.8p148};
  uint32_t fit = 0, numbers = 0;
  for (size_t h = 0; h < Unknown(kLanes); h += kHalf) {
    const VD s = FoldRows(d, StoredRows<F64>{folded + h * kHalf}, Plus());
    const auto exponent =
        hn::PromoteTo(di, hn::Load(Narrow(), lanes.exponent + h));
    VD q = hn::Mul(s, hn::BitCast(d, hn::ShiftLeft<52>(exponent)));
    const VD least = hn::PromoteTo(d, hn::Load(NarrowF(), lanes.least + h));
    fit |= BitsOf(hn::And(hn::Ge(q, least), hn::Lt(q, hn::Set(d, 0x1p96))))
           << h;
    numbers |= BitsOf(hn::Eq(s, s)) << h;
    hn::Store(s, d, sums + h);
    HWY_UNROLL(5)
    for (size_t j = 5; j-- > 0;) {
      const VD big = hn::Set(d, kBigs[j]);
      const VD t = hn::Add(q, big);
      hn::Store(hn::Sub(hn::BitCast(di, t), hn::BitCast(di, big)), di,
                limbs[j] + h);
      q = hn::Sub(q, hn::Sub(t, big));
    }
  }
  const uint32_t all = (uint32_t{1} << count) - 1;
  numbers &= lanes.is_usual;
  for (size_t r = 0; r < count; ++r) {
    const uint32_t bit = uint32_t{1} << r;
    if (HWY_UNLIKELY((numbers & bit) == 0)) continue;
    SoftmaxState& state = params.states[rows[r].index];
    params.shifts[rows[r].index] = lanes.shift[r];
    // The sum may have a larger window than the state.
    if (HWY_UNLIKELY((fit & bit) == 0)) {
      internal::AddBlockToState(lanes.max[r], sums[r], lanes.offset[r], state);
      continue;
    }
    state.max_key = static_cast<uint32_t>(lanes.key[r]);
    state.window = lanes.window[r];
    HWY_UNROLL(5)
    for (size_t j = 0; j < 5; ++j) {
      // With a damaged state, the sum may wrap around.
      state.limbs[j] =
          static_cast<int64_t>(static_cast<uint64_t>(state.limbs[j]) +
                               static_cast<uint64_t>(limbs[j][r]));
    }
  }
  return all & ~numbers;
}

// The exp values of as many rows as a vector has lanes, and their sums in
// lanes.
template <bool kIsScaled>
HWY_NOINLINE void WriteExps(const AttentionTileRow* rows, size_t count,
                            const Lanes& lanes,
                            const AttentionTileParams& params, double* folded) {
  const ScaleParts& parts = params.parts;
  TileExp exp{{Set(parts.l_hi), Set(parts.l_lo), Set(0.0f), Set(0.0f)},
              Set(params.scale)};
  exp.exp.KeepConstants();
  for (size_t r = 0; r < kLanes; ++r, folded += kHalf) {
    if (r >= count || (lanes.is_usual >> r & 1) == 0) {
      hn::Store(hn::Zero(F64()), F64(), folded);
      continue;
    }
    const AttentionTileRow& row = rows[r];
    ExpOfRow<kIsScaled>(exp, row, lanes.lowest[r], lanes.magic[r], folded);
    const int32_t octaves = lanes.octaves[r];
    if (HWY_UNLIKELY(octaves != 0)) {
      // NaN stays NaN, for the caller.
      const double power = internal::PowerOfTileShift(octaves);
      Multiply(power, 1.0 / power, row.n, row.floats);
    }
    if (HWY_UNLIKELY(row.floats != row.exps)) {
      params.halves.narrow[internal::HalfIndexOf(params.type)](row.floats,
                                                               row.exps, row.n);
    }
  }
}

// Plans the next rows before the exp values of the last ones. A plan is a long
// chain of steps, and the CPU does it beside the exp values.
uint32_t RunTile(const AttentionTileRow* rows, size_t count,
                 const AttentionTileParams& params) {
  Lanes lanes[2];
  HWY_ALIGN double folded[kLanes * kHalf];
  const auto write = params.is_scaled ? &WriteExps<true> : &WriteExps<false>;
  uint32_t rest = 0;
  size_t begin = 0, before = 0;
  for (size_t k = 0;; ++k) {
    const size_t left = count - begin, planned = HWY_MIN(left, kLanes);
    if (planned != 0) PlanRows(rows + begin, planned, params, lanes[k % 2]);
    if (before != 0) {
      const size_t first = begin - before;
      const Lanes& now = lanes[(k + 1) % 2];
      write(rows + first, before, now, params, folded);
      rest |= AddSums(rows + first, before, folded, now, params) << first;
    }
    if (planned == 0) return rest;
    begin += planned;
    before = planned;
  }
}

constexpr AttentionTileKernels kKernels = {internal::kMaxAttentionTileRows,
                                           &RunTile};
#else
constexpr AttentionTileKernels kKernels = {0, nullptr};
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const AttentionTileKernels> kAttentionTileKernels =
    SOFTLANE_KERNEL_TABLE(kKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
