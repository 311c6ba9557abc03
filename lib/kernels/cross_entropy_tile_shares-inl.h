// SPDX-License-Identifier: Apache-2.0

// The shares of cross_entropy_shares-inl.h in a tile: a row per lane, with the
// same bits.

#if defined(SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_TILE_SHARES_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_TILE_SHARES_INL_H_
#undef SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_TILE_SHARES_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_TILE_SHARES_INL_H_
#endif

#include "arith/lane_sums-inl.h"
#include "arith/probability-inl.h"
#include "kernels/cross_entropy_shares-inl.h"
#include "kernels/tile_rows-inl.h"
#include "kernels/tiles.h"

// One lane has nothing to transpose.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// A pass of ForColumns: factor * e_c - unit * q_c.
struct WritingGradients {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  HWY_INLINE void Eight(size_t c) const {
    StoreEightColumns(Columns(c), Columns(c + 4), to, c);
  }
#endif
  HWY_INLINE void FourOf(size_t c) const { StoreColumns(Columns(c), to, c); }
  HWY_INLINE Four Columns(size_t c) const {
    const Four v = scaled(LoadFour(e + c * width, width));
    return Map([&](VF q, VF v) HWY_ATTR { return Fnma(unit, q, v); },
               LoadFour(shares + c * width, width), v);
  }

  const float* e;
  const float* shares;
  size_t width;
  float* const* to;
  Probabilities scaled;
  VF unit;
};

class TileShares {
 public:
  HWY_INLINE TileShares(bool has_targets, const ClassShares& shares)
      : has_targets_(has_targets), shares_(shares) {}

  // The place of the rows' targets, transposed.
  HWY_INLINE float* Targets() { return products_; }
  // The place of the logits.
  HWY_INLINE float* Logits() { return terms_; }

  // Takes the sums of the shares of n logits, and of the shares times logits.
  // Overwrites the logits and tile.sums. `padded` is n or kMinTileCols.
  HWY_NOINLINE void Sum(const internal::TileKernels& kernels, size_t n,
                        size_t padded, Tile& tile) {
    for (size_t i = 0; i < tile.width; i += kLanes)
      SetTerms(n, padded, i, tile);
    kernels.sums_in_double.all(terms_, padded, tile);
    TakeSums(tile, 1.0 / kLogitUnit, logits_);
    if (shares_.AreEqual()) return;
    kernels.sums_in_double.all(products_, padded, tile);
    TakeSums(tile, 1.0, totals_);
  }
  // The sums of row i of n logits.
  HWY_INLINE ShareSums Of(size_t i, size_t n) const {
    return {shares_.AreEqual() ? SumOfEqual(shares_, n) : totals_[i],
            logits_[i]};
  }

  // Writes factor * e_c - unit * q_c of lane i to rows[i], of which the tile
  // has the factors.
  HWY_NOINLINE void WriteGradients(const float* e, size_t n, const float* units,
                                   const Tile& tile, float* const* rows) const {
    for (size_t i = 0; i < tile.width; i += kLanes) {
      const WritingGradients writing{
          e + i,
          products_ + i,
          tile.width,
          rows + i,
          Probabilities(Load(tile.head + i), Load(tile.rest + i),
                        Load(tile.least + i)),
          Load(units + i)};
      ForColumns(n, writing);
    }
  }

  // WriteGradients in the place of e.
  HWY_NOINLINE void MakeGradients(float* e, size_t n, const float* units,
                                  const Tile& tile) const {
    const size_t width = tile.width;
    for (size_t i = 0; i < width; i += kLanes) {
      const Probabilities scaled(Load(tile.head + i), Load(tile.rest + i),
                                 Load(tile.least + i));
      const VF unit = Load(units + i);
      for (size_t k = i; k < n * width; k += width) {
        Store(Fnma(unit, Load(products_ + k), scaled(Load(e + k))), e + k);
      }
    }
  }

 private:
  // Replaces the targets by the shares, and the logits by the terms.
  HWY_INLINE void SetTerms(size_t n, size_t padded, size_t i,
                           const Tile& tile) {
    const size_t width = tile.width;
    const VF target_share = Set(shares_.target_share);
    const VF smoothing = Set(shares_.smoothing);
    const VF minus_max = hn::Mul(Load(tile.max + i), Set(-kLogitUnit));
    float* product = products_ + i;
    float* term = terms_ + i;
    for (size_t c = 0; c < padded; ++c, product += width, term += width) {
      if (HWY_UNLIKELY(c >= n)) {
        Store(Set(0.0f), product);
        Store(Set(0.0f), term);
        continue;
      }
      const ShareFactors<true> q = {
          has_targets_ ? Fma(Load(product), target_share, smoothing)
                       : smoothing,
          Set(shares_.weights == nullptr ? 1.0f : shares_.weights[c])};
      const VF difference = Fma(Load(term), Set(kLogitUnit), minus_max);
      Store(q.Product(), product);
      Store(q.Counted(hn::Mul(q.Product(), difference)), term);
    }
  }
  // A sum of a row begins with +0, so it is never -0.
  static HWY_INLINE void TakeSums(const Tile& tile, double factor, double* to) {
    const F64 d;
    for (size_t i = 0; i < tile.width; i += kHalfLanes) {
      const VD sums = hn::Add(hn::Load(d, tile.sums + i), hn::Zero(d));
      hn::Store(hn::Mul(sums, hn::Set(d, factor)), d, to + i);
    }
  }

  const bool has_targets_;
  const ClassShares shares_;
  HWY_ALIGN double totals_[internal::kMaxTileLanes];
  HWY_ALIGN double logits_[internal::kMaxTileLanes];
  HWY_ALIGN float products_[internal::kShareTileFloats];
  HWY_ALIGN float terms_[internal::kShareTileFloats];
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_TILE_SHARES_INL_H_
