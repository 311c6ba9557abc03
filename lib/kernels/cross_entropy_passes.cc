// SPDX-License-Identifier: Apache-2.0
#include "kernels/cross_entropy_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cross_entropy_passes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "kernels/cross_entropy_row-inl.h"
#include "kernels/cross_entropy_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// loss = sum_c q_c * -log p_c + z * lse^2 and, with Q = sum_c q_c,
// d loss / d x_c = scale * ((Q + 2 z lse) p_c - q_c).
//
// Passes: the maximum; the exp values, which are written to where the gradient
// goes, and their sum; the gradient in their place. Smoothing and probability
// targets take another read for sum_c q_c (x_c - max). Rows that no cache holds
// get their exp values computed twice instead of written.

HWY_INLINE ShareSums SumShares(const ClassShares& shares, const float* x,
                               size_t n, float max) {
  const double logits = SumTerms<true>(n, SharedLogits{shares, x, max});
  return {SumTerms<true>(n, shares), logits / SharedLogits::kUnit};
}

// A row's shares in floats where these hold them, else in double.
class RowShares {
 public:
  HWY_INLINE RowShares(const Loss& loss, const float* targets, size_t n)
      : doubles_(loss.options, targets, loss.smoothing, n),
        floats_{targets, loss.options.class_weights,
                static_cast<float>(1.0 - double{loss.options.label_smoothing}),
                static_cast<float>(loss.smoothing)},
        fit_floats_(loss.shares_fit_floats) {}

  HWY_INLINE ShareSums Sum(const float* x, size_t n, float max) {
    if (fit_floats_) {
      const ShareSums sums = SumShares(floats_, x, n, max);
      fit_floats_ = sums.total - sums.total == 0.0 &&
                    sums.logits - sums.logits == 0.0;  // both finite
      if (fit_floats_) return sums;
    }
    const internal::DoubleShares::Sums sums = doubles_.Sum(x, max);
    return {sums.total, sums.logits};
  }
  HWY_INLINE bool FitFloats() const { return fit_floats_; }
  HWY_INLINE const ClassShares& Floats() const { return floats_; }
  HWY_INLINE const internal::DoubleShares& Doubles() const { return doubles_; }

 private:
  internal::DoubleShares doubles_;
  ClassShares floats_;
  bool fit_floats_;
};

double LossOfRow(const Loss& loss, const float* x, float* dx, size_t n,
                 size_t label, const float* targets, double upstream) {
  internal::LargeSum large{false, 0.0f, 0.0};
  if (n >= internal::kMinLargeCols)
    large = SumOfBlocks(x, n, label, loss.parts);
  const float max = large.is_direct ? large.max : MaxOf<IgnoreNaN>(x, n);
  const bool is_finite = IsFinite(max);
  const RowPlan plan = PlanRow(is_finite ? max : 0.0f, loss.parts);
  const bool has_shares = targets != nullptr || loss.smoothing != 0.0;
  const float x_label = label == kNoLabel ? max : x[label];
  RowShares shares(loss, targets, n);
  ShareSums share_sums{0.0, 0.0};
  if (has_shares && is_finite) share_sums = shares.Sum(x, n, max);
  RowSums row{};
  if (is_finite) {
    double others = large.sum;
    if (!large.is_direct) {
      others = dx == nullptr
                   ? SumExpValues(x, n, label, plan, loss.parts)
                   : WriteExpValues(x, dx, n, label, plan, loss.parts);
    }
    row = SumsOf(others, label, x_label, max, plan, loss.parts);
  }
  if (!row.is_number || share_sums.total != share_sums.total) {
    if (dx != nullptr) Fill(dx, n, kNaN);
    return kNaN;
  }
  const double label_loss = LabelLoss(row, plan, loss.parts.scale, x_label);
  const RowLoss result = LossOf(loss, row, plan, label, label_loss,
                                has_shares ? &share_sums : nullptr, upstream);
  if (dx == nullptr) return result.loss;

  const double factor = result.unit * result.total / row.sum;
  const bool in_floats =
      FactorFitsFloats(factor) &&
      (!has_shares || (shares.FitFloats() && UnitFitsFloats(result.unit)));
  // Exp values that floats do not hold the factor of stay as they are at first.
  const Probabilities scaled =
      in_floats ? Probabilities(FactorOf(factor, row.sum))
                : Probabilities(Set(1.0f), Set(0.0f), Set(0.0f));
  const GradientRow gradient{scaled, shares.Floats(), has_shares && in_floats,
                             Set(static_cast<float>(result.unit))};
  if (large.is_direct) WriteExpValues(x, dx, n, label, plan, loss.parts);
  if (in_floats) gradient.Write(n, dx);
  if (!in_floats) {
    shares.Doubles().ReplaceExpValues(result.unit, result.total / row.sum, dx);
  }
  if (label != kNoLabel) dx[label] = static_cast<float>(result.label_gradient);
  return result.loss;
}

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
bool LossesOfTile(const Loss& loss, const internal::TileKernels& kernels,
                  const Rows<const float>& x, const Rows<float>& dx,
                  size_t first, size_t count, const LabelledRow* rows,
                  double* losses) {
  CrossEntropyTile tile(loss, kernels);
  return tile.Run(x, dx, first, count, rows, losses);
}
constexpr internal::CrossEntropyKernels kKernels = {&LossOfRow, &LossesOfTile};
#else
constexpr internal::CrossEntropyKernels kKernels = {&LossOfRow, nullptr};
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<const CrossEntropyKernels> kCrossEntropyKernels =
    SOFTLANE_KERNEL_TABLE(kKernels);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
