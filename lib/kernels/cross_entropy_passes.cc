// SPDX-License-Identifier: Apache-2.0
#include "kernels/cross_entropy_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cross_entropy_passes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "kernels/cross_entropy_few-inl.h"
#include "kernels/cross_entropy_shares-inl.h"
#include "kernels/cross_entropy_tile-inl.h"
#include "kernels/exp_sums-inl.h"
#include "kernels/sse2_cross_entropy-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::kSumCols;

// loss = sum_c q_c * -log p_c + z * lse^2 and, with Q = sum_c q_c,
// d loss / d x_c = scale * ((Q + 2 z lse) p_c - q_c).
//
// There are three passes. The first finds the maximum. The second writes the
// exp values to the place of the gradient, and sums them. The third replaces
// them by the gradient. Smoothing and probability targets take another read for
// sum_c q_c (x_c - max). A long row without a gradient is read once for its
// sums. A far row, or a row that no cache holds, is also read once for its
// sums, and its exp values are computed twice.

// The label's exp value is left out of the sum and added last: the gradient of
// the label, p - 1 = -(sum of the others) / sum, is then not a difference of
// nearly equal numbers where p is near 1.
static_assert(kNoLabel == kNoHole, "a label is the hole of its row");

// dx_c = factor * e_c - unit * q_c for a row with this sum. `shares` is null if
// only the label has a share.
HWY_INLINE void WriteGradient(double factor, double sum,
                              const ClassShares* shares, double unit, size_t n,
                              float* dx) {
  if (shares == nullptr) return Multiply(factor, sum, n, dx);
  WriteShares(FactorOf(factor, sum), *shares, unit, n, dx, dx);
}

// Writes the gradient of a long row. dx has exp values by the offsets of the
// blocks. If `in_floats` is false, only brings the exp values to the row's
// offset.
HWY_NOINLINE void WriteLongGradient(const uint8_t* below, bool in_floats,
                                    double factor, double sum,
                                    const ClassShares* shares, double unit,
                                    size_t n, float* dx) {
  for (size_t start = 0, end; start < n; start = end) {
    end = internal::EndOfBlocks(below, start, n);
    float* const e = dx + start;
    // The offset of the largest block is the offset of the row.
    const double octaves = -static_cast<double>(below[start / kSumCols]);
    const double power = internal::PowerOfBlocks(
        kBlockPasses, octaves, in_floats ? factor : 0.0, end - start, e);
    if (!in_floats) continue;
    const ClassShares rest =
        shares == nullptr ? ClassShares{} : shares->From(start);
    WriteGradient(factor * power, sum / power,
                  shares == nullptr ? nullptr : &rest, unit, end - start, e);
  }
}

// Computes the loss of a row after its gradient has been written, so that the
// gradient does not wait for a logarithm that it does not need. AVX2 on Zen 3:
// 4 to 8 % less time at 16 x 256.
HWY_INLINE double LossBehind(const Loss& loss, RowSums& row,
                             const RowPlan& plan, float x_label,
                             double label_share, const ShareSums* shares) {
  if (loss.options.z_loss == 0.0f && (shares != nullptr || !IsLarge(row))) {
    row.log_sum = LogOfExpSum(plan.max, row.sum, plan, loss.parts);
  }
  const double label_loss = LabelLoss(row, plan, loss.parts.scale, x_label);
  return LossAlone(loss, row, plan, label_share, label_loss, shares);
}

double LossOfRow(const Loss& loss, const float* x, float* dx, size_t n,
                 size_t label, const float* targets, double upstream) {
  const ScaleParts& parts = loss.parts;
  const bool has_shares = targets != nullptr || loss.smoothing != 0.0;
  const bool is_long = n > kSumCols;
  // The exp values of blocks stay in dx with the offsets of AddBlocks. If dx is
  // x, they replace x only after the shares have been summed.
  bool is_kept = is_long && dx != nullptr && n < internal::kMinLargeCols;
  internal::BlockOctaves below;
  internal::BlockSums blocks;
  float max = 0.0f;
  if (is_kept) {
    max = internal::MaxOfBlocks(kBlockPasses, x, n, parts, below);
    is_kept = internal::HasNoFarBlock(max, parts);
  }
  if (!is_long) {
    max = MaxOfLongRow(x, n);
  } else if (!is_kept) {
    internal::SumOfBlocks(kBlockPasses, kBlockPasses.sum, x, n, label, parts,
                          true, blocks);
    max = blocks.max;
  }
  const bool is_finite = IsFinite(max);
  const RowPlan plan = PlanRow(is_finite ? max : 0.0f, parts);
  const float x_label = label == kNoLabel ? max : x[label];
  bool fit_floats = loss.shares_fit_floats;
  ShareSums share_sums{0.0, 0.0};
  if (has_shares && is_finite) {
    share_sums = SumSharesOf(loss, targets, x, n, max, fit_floats);
  }
  if (is_kept) {
    internal::AddBlocks(kBlockPasses.write, x, dx, n, label, parts, max, below,
                        nullptr, true, blocks);
  }
  RowSums row{0.0, 0.0, kNaN, 0.0};
  if (is_finite && is_long) {
    const internal::HoleTotals totals =
        internal::TotalsOfBlocks(blocks, plan.offset);
    row.others = totals.others;
    row.sum = totals.sum;
    if (label != kNoLabel) {
      row.label = internal::HoleOfBlocks(blocks, x_label, plan, parts);
    }
  } else if (is_finite) {
    const internal::HoleSum exps =
        dx == nullptr ? SumExpValues(x, n, label, plan, parts)
                      : WriteExpValues(x, dx, n, label, plan, parts);
    row = {exps.others, exps.hole, exps.others + exps.hole, 0.0};
  }
  if (!(row.sum == row.sum) || share_sums.total != share_sums.total) {
    if (dx != nullptr) Fill(dx, n, kNaN);
    return kNaN;
  }
  const ShareSums* const sums_of_shares = has_shares ? &share_sums : nullptr;
  if (loss.options.z_loss != 0.0f) {
    row.log_sum = LogOfExpSum(max, row.sum, plan, parts);
  }
  const RowLoss gradient =
      GradientOf(loss, row, plan, label, sums_of_shares, upstream);
  if (dx != nullptr) {
    const double factor = gradient.unit * gradient.total / row.sum;
    const bool in_floats =
        FactorFitsFloats(factor) &&
        (!has_shares || (fit_floats && UnitFitsFloats(gradient.unit)));
    if (is_long && !is_kept) {
      WriteExpValues(x, dx, n, label, plan, parts);
    }
    // Done in one run, like a row that is not kept. Unknown() keeps GCC from
    // writing the code from here on twice.
    const bool is_usual =
        Unknown(is_kept && in_floats && blocks.HaveOneOffset(factor) ? 1 : 0);
    if (is_kept || in_floats) {
      ClassShares of_row;
      const ClassShares* shares = nullptr;
      if (has_shares) shares = &(of_row = FloatShares(loss, targets));
      if (is_kept && !is_usual) {
        WriteLongGradient(below, in_floats, factor, row.sum, shares,
                          gradient.unit, n, dx);
      } else {
        WriteGradient(is_usual ? factor * internal::kPowerOfAll : factor,
                      is_usual ? blocks.totals.sum : row.sum, shares,
                      gradient.unit, n, dx);
      }
    }
    if (!in_floats) {
      // The exp values that count depend on the row alone, not on its blocks.
      if (is_long) kBlockPasses.multiply(1.0, row.sum, n, dx);
      DoubleSharesOf(loss, targets, n)
          .ReplaceExpValues(gradient.unit, gradient.total / row.sum, dx);
    }
    if (label != kNoLabel) {
      dx[label] = static_cast<float>(gradient.label_gradient);
    }
  }
  if (!loss.is_wanted) return 0.0;
  return LossBehind(loss, row, plan, x_label, gradient.label_share,
                    sums_of_shares);
}

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_NOINLINE void LossesOfFarRows(
    const Loss& loss, const CrossEntropyTile& tile, const Rows<const float>& x,
    const Rows<const float>* targets, const Rows<float>& dx, size_t first,
    size_t count, const LabelledRow* rows, double* losses) {
  for (size_t i = 0; i < count; ++i) {
    if (!tile.IsFar(i) || rows[i].is_ignored) continue;
    const size_t r = first + i;
    losses[i] = LossOfRow(loss, x.Row(r), dx.Row(r), x.cols, rows[i].label,
                          targets == nullptr ? nullptr : targets->Row(r),
                          rows[i].upstream);
  }
}
bool LossesOfTile(const Loss& loss, const internal::TileKernels& kernels,
                  const Rows<const float>& x, const Rows<const float>* targets,
                  const Rows<float>& dx, size_t first, size_t count,
                  const LabelledRow* rows, double* losses) {
  CrossEntropyTile tile(loss, kernels);
  const bool has_shares = targets != nullptr || loss.smoothing != 0.0;
  TileShares shares(
      targets != nullptr,
      FloatShares(loss, targets == nullptr ? nullptr : targets->data));
  if (!tile.Run(x, targets, dx, first, count, rows, losses,
                has_shares ? &shares : nullptr)) {
    return false;
  }
  if (tile.HasOthers()) {
    LossesOfFarRows(loss, tile, x, targets, dx, first, count, rows, losses);
  }
  return true;
}
bool LossesOfColumns(const Loss& loss, const internal::TileKernels& kernels,
                     const internal::ColumnTileIo& io, size_t n,
                     const float* targets, bool has_gradient, size_t count,
                     const LabelledRow* rows, double* losses) {
  CrossEntropyTile tile(loss, kernels);
  const bool has_labels = targets == nullptr;
  TileShares shares(!has_labels, FloatShares(loss, targets));
  return tile.RunColumns(
      io, n, has_labels, has_gradient, count, rows, losses,
      !has_labels || loss.smoothing != 0.0 ? &shares : nullptr);
}
#if HWY_TARGET == HWY_AVX2
constexpr auto kFew = &FewLosses;
#elif HWY_TARGET == HWY_AVX3
constexpr auto kFew = &N_AVX2::FewLosses;
#else
constexpr std::nullptr_t kFew = nullptr;
#endif
constexpr internal::CrossEntropyKernels kKernels = {
    &LossOfRow, &LossesOfTile, &LossesOfColumns, nullptr, kFew};
#elif defined(SOFTLANE_SSE2)
constexpr internal::CrossEntropyKernels kKernels = {
    &LossOfRow, nullptr, nullptr, &LossesOfShortRows, nullptr};
#else
constexpr internal::CrossEntropyKernels kKernels = {&LossOfRow, nullptr,
                                                    nullptr, nullptr, nullptr};
#endif

ShareSums AddShares(const Loss& loss, const float* targets, const float* x,
                    size_t n, float max, internal::ShareParts& sums) {
  return SumShares(FloatShares(loss, targets), x, n, max, &sums);
}
void WriteSharesOfPart(const Loss& loss, const float* targets, double factor,
                       double sum, double unit, size_t n, float* dx) {
  WriteShares(FactorOf(factor, sum), FloatShares(loss, targets), unit, n, dx,
              dx);
}
constexpr internal::SharePasses kShares = {&AddShares, &WriteSharesOfPart};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const CrossEntropyKernels> kCrossEntropyKernels =
    SOFTLANE_KERNEL_TABLE(kKernels);
const KernelTable<const SharePasses> kSharePasses =
    SOFTLANE_KERNEL_TABLE(kShares);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
