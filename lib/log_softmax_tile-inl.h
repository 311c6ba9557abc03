// SPDX-License-Identifier: Apache-2.0

// Log-softmax of short rows, transposed: a row per lane.

#if defined(SOFTLANE_LIB_LOG_SOFTMAX_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_LOG_SOFTMAX_TILE_INL_H_
#undef SOFTLANE_LIB_LOG_SOFTMAX_TILE_INL_H_
#else
#define SOFTLANE_LIB_LOG_SOFTMAX_TILE_INL_H_
#endif

#include "log-inl.h"
#include "log_probabilities-inl.h"
#include "tile_columns-inl.h"

// One lane has no groups.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// ns per element at 128 columns on Zen 5, row by row and so: 0.38 and 0.21 with
// AVX-512, 0.57 and 0.34 with AVX2.
constexpr size_t kMaxLogTileCols = 128;

class LogTileGroup : public TileColumns<LogTileGroup, kMaxLogTileCols> {
 public:
  HWY_INLINE explicit LogTileGroup(const ScaleParts& parts)
      : TileColumns(parts) {}

  HWY_INLINE float* Numerators() { return numerators_; }
  // The order of LaneSum in double. Columns that a row lacks are +0.
  HWY_INLINE void FoldSums(size_t n) {
    const size_t count = (n + 15) / 16;
    for (size_t c = n; c < 16 * count; ++c) {
      Store(Set(0.0f), numerators_ + c * kLanes);
    }
    for (size_t half = 0; half < kLanes; half += kLanes / 2) {
      const SumOfLane lane{numerators_ + half, n};
      hn::Store(FoldColumns<kSumLanes>(lane), F64(), sums_ + half);
    }
  }
  // LogOfSum, in two floats.
  HWY_INLINE void EndSums() {
    const F64 d;
    const hn::Half<F32> half;
    const VF offset = Load(offset_);
    const SoftmaxExp exp(Set(parts_.l_hi), Set(parts_.l_lo), offset,
                         Lowest(offset, parts_));
    HWY_ALIGN float top[kLanes];
    Store(exp(Load(max_)), top);
    for (size_t r = 0; r < kLanes; r += kLanes / 2) {
      const VD sum = hn::Load(d, sums_ + r);
      const VD max = hn::PromoteTo(d, hn::Load(half, max_ + r));
      const VD octaves = hn::PromoteTo(d, hn::Load(half, offset_ + r));
      const VD log_divisor = hn::Sub(hn::Mul(octaves, hn::Set(d, kLn2)),
                                     hn::Set(d, kLogSoftmaxFactor));
      const VD top_only = hn::Mul(max, hn::Set(d, parts_.scale));
      const auto is_top_only =
          hn::Eq(sum, hn::PromoteTo(d, hn::Load(half, top + r)));
      const VD log = hn::IfThenElse(is_top_only, top_only,
                                    hn::Add(log_divisor, LogLanes(sum)));
      const VD log_sum = hn::IfThenElse(hn::Eq(sum, sum), log, sum);  // NaN
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
  // That of blocks of 64 columns, each its every 8th.
  struct SumOfLane {
    HWY_INLINE VD operator()(size_t i) const {
      if (n <= kSumLanes) return Column(i);
      VD sum = hn::Add(SumOfEvery16th(i), SumOfEvery16th(i + kSumLanes));
      for (size_t c = i + kSumBlock; c < n; c += kSumBlock) {
        sum = hn::Add(
            sum, hn::Add(SumOfEvery16th(c), SumOfEvery16th(c + kSumLanes)));
      }
      return sum;
    }
    // (a + b) + (c + d) of a block, as far as they exist.
    HWY_INLINE VD SumOfEvery16th(size_t c) const {
      const size_t count = (n - c / kSumBlock * kSumBlock + 15) / 16;
      VD sum = Column(c);
      if (count > 1) sum = hn::Add(sum, Column(c + 16));
      if (count > 2) {
        VD second = Column(c + 32);
        if (count > 3) second = hn::Add(second, Column(c + 48));
        sum = hn::Add(sum, second);
      }
      return sum;
    }
    HWY_INLINE VD Column(size_t c) const {
      return hn::PromoteTo(F64(), hn::Load(hn::Half<F32>(), rows + c * kLanes));
    }

    const float* rows;
    size_t n;
  };

  HWY_ALIGN float high_[kLanes];
  HWY_ALIGN float low_[kLanes];
  HWY_ALIGN float numerators_[(kMaxLogTileCols + 16) * kLanes];
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_LOG_SOFTMAX_TILE_INL_H_
