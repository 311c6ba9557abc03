// SPDX-License-Identifier: Apache-2.0

// Softmax of the shortest rows, transposed: a row per lane.

#if defined(SOFTLANE_LIB_KERNELS_SOFTMAX_TILE_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_SOFTMAX_TILE_INL_H_
#undef SOFTLANE_LIB_KERNELS_SOFTMAX_TILE_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_SOFTMAX_TILE_INL_H_
#endif

#include "kernels/row_limits.h"
#include "kernels/tile_columns-inl.h"

// One lane has no groups.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::kTileCapacity;

class TileGroup : public TileColumns<TileGroup, kTileCapacity> {
 public:
  // `logsumexp` may be null.
  HWY_INLINE TileGroup(const ScaleParts& parts, float* logsumexp)
      : TileColumns(parts), logsumexp_(logsumexp) {}

  HWY_INLINE float* Numerators() { return values_; }
  HWY_INLINE void EndSums() {
    const GroupReciprocal reciprocal(hn::Load(F64(), sums_),
                                     hn::Load(F64(), sums_ + kLanes / 2));
    Store(reciprocal.head, head_);
    Store(reciprocal.rest, rest_);
    Store(reciprocal.least, least_);
    if (logsumexp_ != nullptr) WriteLogSumExp(logsumexp_);
  }
  struct Writing {
    HWY_INLINE Writing(TileGroup& group, size_t n)
        : group(group),
          n(n),
          quotients(Load(group.head_), Load(group.rest_), Load(group.least_)) {}
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
    HWY_INLINE void Eight(size_t c) const {
      StoreEightColumns(Columns(c), Columns(c + 4), group.rows_.to, c);
    }
#endif
    HWY_INLINE void FourOf(size_t c) const {
      const size_t at = HWY_MIN(c, n - 4);
      StoreColumns(Columns(at), group.rows_.to, at);
    }
    HWY_INLINE Four Columns(size_t c) const {
      return quotients(LoadFour(group.Column(c), kLanes));
    }

    TileGroup& group;
    size_t n;
    Probabilities quotients;
  };

  // The order of LaneSum: 16 sums of every 16th column, folded in double.
  // Columns that a row lacks are +0 or, behind the 16th, left out.
  HWY_INLINE void FoldSums(size_t n) {
    if (n > kSumBlock) return FoldBlocks<false>(values_, n);
    const float* const sums = n <= 16 ? values_ : folded_;
    if (n <= 16) {
      const size_t end = n <= kSumLanes ? kSumLanes : 16;
      for (size_t c = n; c < end; ++c) Store(Set(0.0f), Column(c));
    } else if (n <= 32) {
      FoldTwo(n);
    } else {
      for (size_t i = 0; i < 16; ++i) {
        Store(SumOfEvery16th(i, n), folded_ + i * kLanes);
      }
    }
    for (size_t half = 0; half < kLanes; half += kLanes / 2) {
      const InDouble column{sums + half};
      const VD sum = n <= kSumLanes ? FoldColumns<kSumLanes>(column)
                                    : FoldColumns<2 * kSumLanes>(column);
      hn::Store(sum, F64(), sums_ + half);
    }
  }

 private:
  struct InDouble {
    HWY_INLINE VD operator()(size_t i) const {
      return hn::PromoteTo(F64(), hn::Load(hn::Half<F32>(), rows + i * kLanes));
    }

    const float* rows;
  };

  // a + b of every 16th column, as far as b exists.
  HWY_INLINE void FoldTwo(size_t n) {
    for (size_t i = 0; i < n - 16; ++i) {
      Store(hn::Add(Load(Column(i)), Load(Column(i + 16))),
            folded_ + i * kLanes);
    }
    for (size_t i = n - 16; i < 16; ++i) {
      Store(Load(Column(i)), folded_ + i * kLanes);
    }
  }
  // (a + b) + (c + d), as far as they exist; a and b do.
  HWY_INLINE VF SumOfEvery16th(size_t i, size_t n) {
    const VF sum = hn::Add(Load(Column(i)), Load(Column(i + 16)));
    if (i + 32 >= n) return sum;
    VF second = Load(Column(i + 32));
    if (i + 48 < n) second = hn::Add(second, Load(Column(i + 48)));
    return hn::Add(sum, second);
  }

 protected:
  HWY_ALIGN float head_[kLanes];
  HWY_ALIGN float rest_[kLanes];
  HWY_ALIGN float least_[kLanes];

 private:
  float* const logsumexp_;
  HWY_ALIGN float folded_[16 * kLanes];
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_KERNELS_SOFTMAX_TILE_INL_H_
