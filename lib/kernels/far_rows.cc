// SPDX-License-Identifier: Apache-2.0
#include "kernels/far_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/far_rows.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "arith/far_exp-inl.h"
#include "arith/row_exp-inl.h"
#include "arith/terms-inl.h"
#include "kernels/exp_sums-inl.h"
#include "kernels/sse2_rows-inl.h"

// AVX-512 uses the functions of AVX2, because far rows are rare.
#if HWY_TARGET != HWY_AVX3
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::FarLanes;
using internal::HoleSum;
using internal::kSumCols;
using internal::Tile;

#ifdef SOFTLANE_SSE2

class FarSum {
 public:
  FarSum(const FarLanes& lanes, const ScaleParts&) : exp_(lanes) {}
  HWY_INLINE void Exp(const float* from, float* to) const {
    exp_.Write(from, kSumBlock, to);
  }
  HWY_INLINE void Add(const float* block, bool in_double) {
    AddVectors(block, kSumBlock / 4, in_double, sum_.lanes);
  }
  HWY_INLINE double Total() const { return sum_.Total(); }

 private:
  const FarExp exp_;
  WideSum<false> sum_;
};

// A lane at a time.
void ExpOfTile(const float* from, size_t n, const ScaleParts& parts,
               const float* maxima, const Tile& tile, float* to) {
  const size_t width = tile.width;
  for (size_t c = 0; c < width; ++c) {
    const RowPlan plan = PlanRow(maxima[c], parts);
    for (size_t i = 0; i < n; i += kSumBlock) {
      const size_t count = HWY_MIN(kSumBlock, n - i);
      HWY_ALIGN float block[kSumBlock];
      for (size_t k = 0; k < count; ++k) block[k] = from[(i + k) * width + c];
      WriteExpValues(block, block, count, internal::kNoHole, plan, parts);
      for (size_t k = 0; k < count; ++k) to[(i + k) * width + c] = block[k];
    }
  }
}

#else

class FarSum {
 public:
  HWY_INLINE FarSum(const FarLanes& lanes, const ScaleParts& parts)
      : exp_(lanes, parts, true) {}
  HWY_INLINE void Exp(const float* from, float* to) const {
    exp_.Write(from, kSumBlock / kLanes, kLanes, to);
  }
  HWY_INLINE void Add(const float* block, bool in_double) {
    if (in_double) {
      sum_.AddStoredInDouble(block);
    } else {
      sum_.AddBlock(StoredBlock{block});
    }
  }
  HWY_INLINE double Total() const { return sum_.Total(); }

 private:
  const FarExp exp_;
  LaneSum sum_;
};

void ExpOfTile(const float* from, size_t n, const ScaleParts& parts,
               const float* maxima, const Tile& tile, float* to) {
  for (size_t i = 0; i < tile.width; i += kLanes) {
    const VF limit = Set(internal::DirectLimitOf(parts));
    if (hn::AllTrue(F32(), hn::Le(hn::Abs(Load(maxima + i)), limit))) {
      const VF offset = Load(tile.offset + i);
      const SoftmaxExp exp = MakeExp(offset, parts);
      for (size_t k = i; k < n * tile.width; k += tile.width) {
        Store(exp(Load(from + k)), to + k);
      }
      continue;
    }
    FarLanes lanes;
    internal::SetFarLanes(maxima + i, tile.offset + i, kLanes, parts, lanes);
    const FarExp exp(lanes, parts, false);
    exp.Write(from + i, n, tile.width, to + i);
  }
}

#endif  // SOFTLANE_SSE2

}  // namespace

HoleSum SumFar(const float* x, float* y, size_t n, size_t hole,
               const RowPlan& plan, const ScaleParts& parts, float lowest,
               bool in_double) {
  FarLanes lanes;
  const auto offset = static_cast<float>(plan.offset);
  internal::SetFarLanes(&plan.max, &offset, 1, parts, lanes);
  if (!plan.is_far) lanes.lowest[0] = lowest;
  FarSum sum(lanes, parts);
  float of_hole = 0.0f;
  HWY_ALIGN float block[kSumBlock];
  for (size_t i = 0; i < n; i += kSumBlock) {
    const size_t count = HWY_MIN(kSumBlock, n - i);
    const bool is_full = count == kSumBlock;
    const float* from = x + i;
    float* const to = is_full && y != nullptr ? y + i : block;
    if (!is_full) {
      for (size_t k = 0; k < kSumBlock; ++k) {
        block[k] = k < count ? from[k] : -kInfinity;
      }
      from = block;
    }
    sum.Exp(from, to);
    if (hole - i < count) {
      of_hole = to[hole - i];
      to[hole - i] = 0.0f;
    }
    sum.Add(to, in_double);
    if (!is_full && y != nullptr) {
      for (size_t k = 0; k < count; ++k) y[i + k] = block[k];
    }
  }
  return {sum.Total(), of_hole};
}

float MaxOfLongRow(const float* x, size_t n) { return MaxOfLogits(x, n); }

void Multiply(double factor, double sum, size_t n, float* e) {
#ifdef SOFTLANE_SSE2
  MultiplyExp(e, e, n, factor, sum);
#else
  Replace(e, n, Probabilities(FactorOf(factor, sum)));
#endif
}

double LogOfExpSum(float max, double sum, const RowPlan& plan,
                   const ScaleParts& parts) {
  float peak = 0.0f;
  // A sum that is not a float cannot be a single exp value.
  if (sum < kMaxPeak && sum == static_cast<float>(sum)) {
    peak = plan.is_far ? static_cast<float>(SumFar(&max, nullptr, 1, kNoHole,
                                                   plan, parts, 0.0f, false)
                                                .others)
                       : hn::GetLane(MakeExp(plan, parts)(Set(max)));
  }
  return LogOfSum(plan, peak, sum);
}

double LogOfSumInRange(float max, double sum, const internal::ExpRange& range,
                       const ScaleParts& parts) {
  // This test comes before PlanRow, because the maximum may be NaN, too, which
  // has no exponent.
  if (!(sum == sum)) return sum;
  const RowPlan plan = internal::PlanDirectRow(max, parts);
  const double octaves = range.offset - internal::kRangeTop - plan.offset;
  return LogOfExpSum(max, sum * PowerOfTwo(octaves), plan, parts);
}

#ifndef SOFTLANE_SSE2

namespace {

HoleSum SumOfPlan(const float* x, float* y, size_t n, size_t hole,
                  const RowPlan& plan, const ScaleParts& parts, float lowest,
                  const float*, double* block_sums) {
  if (block_sums == nullptr) {
    return SumFar(x, y, n, hole, plan, parts, lowest, false);
  }
  HoleSum total{0.0, 0.0};
  for (size_t i = 0; i < n; i += kSumCols, ++block_sums) {
    const size_t count = HWY_MIN(kSumCols, n - i);
    const HoleSum added =
        SumFar(x + i, y == nullptr ? y : y + i, count, hole - i, plan, parts,
               static_cast<float>(*block_sums), false);
    *block_sums = added.others;
    total = {added.others, total.hole + added.hole};
  }
  return total;
}

}  // namespace

const internal::BlockPasses kFarPasses = {
    &MaxOfLongRow, &SumOfPlan, nullptr, &SumOfPlan, &Multiply, &LogOfExpSum};

#endif  // SOFTLANE_SSE2

}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#else
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using N_AVX2::ExpOfTile;

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
#endif  // HWY_TARGET != HWY_AVX3

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<FarTileFunction> kExpOfFarTile =
    SOFTLANE_KERNEL_TABLE(ExpOfTile);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
