// SPDX-License-Identifier: Apache-2.0

// Log-softmax of short rows, transposed: a row per lane.

#if defined(SOFTLANE_LIB_KERNELS_LOG_SOFTMAX_TILE_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_LOG_SOFTMAX_TILE_INL_H_
#undef SOFTLANE_LIB_KERNELS_LOG_SOFTMAX_TILE_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_LOG_SOFTMAX_TILE_INL_H_
#endif

#include "arith/log_probabilities-inl.h"
#include "kernels/tile_columns-inl.h"

// One lane has no groups.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::kTileCapacity;
static_assert(kTileCapacity % 16 == 0, "whole sums of every 16th column");

class LogTileGroup : public TileColumns<LogTileGroup, kTileCapacity> {
 public:
  HWY_INLINE explicit LogTileGroup(const ScaleParts& parts)
      : TileColumns(parts) {}

  HWY_INLINE float* Numerators() { return numerators_; }
  HWY_INLINE void FoldSums(size_t n) { FoldBlocks<true>(numerators_, n); }
  // LogOfSum, in two floats.
  HWY_INLINE void EndSums() {
    const F64 d;
    const hn::Half<F32> half;
    HWY_ALIGN double log_sums[kLanes];
    LogOfSums(sums_, log_sums);
    for (size_t r = 0; r < kLanes; r += kLanes / 2) {
      const VD log_sum = hn::Load(d, log_sums + r);
      const auto high = hn::DemoteTo(half, log_sum);
      const VD low = hn::Sub(log_sum, hn::PromoteTo(d, high));
      hn::Store(high, half, high_ + r);
      hn::Store(hn::DemoteTo(half, low), half, low_ + r);
    }
  }
  struct Writing {
    HWY_INLINE Writing(LogTileGroup& group, size_t n)
        : group(group),
          n(n),
          log(Set(static_cast<float>(group.parts_.scale)), Load(group.high_),
              Load(group.low_)) {}
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
      return log.Subtract(LoadFour(group.Column(c), kLanes));
    }

    LogTileGroup& group;
    size_t n;
    LogProbabilities log;
  };

 private:
  HWY_ALIGN float high_[kLanes];
  HWY_ALIGN float low_[kLanes];
  HWY_ALIGN float numerators_[kTileCapacity * kLanes];
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_KERNELS_LOG_SOFTMAX_TILE_INL_H_
