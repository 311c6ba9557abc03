// SPDX-License-Identifier: Apache-2.0

// Cross-entropy's loss, and the numbers of its gradient, from the sums of a
// row.

#if defined(SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_LOSS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_LOSS_INL_H_
#undef SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_LOSS_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_LOSS_INL_H_
#endif

#include "arith/log-inl.h"
#include "arith/row_exp-inl.h"
#include "arith/sum-inl.h"
#include "kernels/cross_entropy_kernels.h"
#include "softlane/accuracy.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// The error of a gradient, in units of u = 2^-24. With T = sum q + 2 z_loss
// logsumexp, the gradient is the difference of T p_c and q_c.
// - p_c: the exp value's error and that of the sum.
// - sum q: three roundings of a share (its target's part, the sum, the weight);
//   the shares are added in double.
// - 2 z_loss logsumexp: the error of log(sum) is the relative error of the sum,
//   so this part errs by that times 2 z_loss p_c, and counts with p_c's error
//   for less than sum q does.
// - The product's rounding, and that of the difference.
// The label's gradient is computed in double. If it is computed from the other
// classes, p_c is at least 1/2. Its error is that of p_c times sum q (1 - p_c),
// plus that of sum q times p_c.
static_assert(kSoftmaxExpErrorU + kExpSumErrorU + 3.0 + kDoubleSumErrorU +
                      0.02 + 2.0 <=
                  kCrossEntropyGradientMaxError,
              "the documented bound holds");

// With saved results, p_c has the error of the exp value alone, and the rest is
// as above. The label's p is in double.
static_assert(kSoftmaxExpErrorU + 3.0 + kDoubleSumErrorU + 0.02 + 2.0 <=
                  kCrossEntropyBackwardMaxError,
              "the documented bound holds");

// The error of a loss with labels alone: the error of log(sum), and the
// rounding to float. Otherwise a class adds q_c (log(sum) - scale (x_c - max)).
// Its error is the error of log(sum) times q_c, plus q_c |log p_c| times these
// errors: three roundings of a share, the difference and the product. Sums are
// in double.
static_assert(kExpSumErrorU + 1.0 + 0.02 <= kCrossEntropyMaxError * 0x1p24,
              "the documented bound holds");
static_assert(kExpSumErrorU + 5.0 + kDoubleSumErrorU + 1.0 + 0.02 <=
                  2.0 * kCrossEntropyMaxError * 0x1p24,
              "the documented bound holds");

using internal::FactorFitsFloats;
using internal::IsLarge;
using internal::kMaxFactor;
using internal::kNoLabel;
using internal::Loss;
using internal::NeedsLog;
using internal::RowLoss;
using internal::RowSums;
using internal::ShareSums;
using internal::UnitFitsFloats;

// The parts of the share q_c of class c:
//   weights_c * (target_share * targets_c + smoothing).
// Without targets, q_c is only the part that all classes share.
struct ClassShares {
  // Whether all shares are the smoothing.
  HWY_INLINE bool AreEqual() const {
    return targets == nullptr && weights == nullptr;
  }

  // The shares of the classes from `start` on.
  HWY_INLINE ClassShares From(size_t start) const {
    return {targets == nullptr ? nullptr : targets + start,
            weights == nullptr ? nullptr : weights + start, target_share,
            smoothing};
  }

  const float* targets;  // or null
  const float* weights;  // or null, for ones
  float target_share, smoothing;
};

// The sum of n equal shares. A sum of up to 2^29 equal floats is exact in
// double.
HWY_INLINE double SumOfEqual(const ClassShares& shares, size_t n) {
  return static_cast<double>(n) * double{shares.smoothing};
}

// The sum of q_c (x_c - max) is multiplied by this unit, so that neither
// differences nor their sums overflow.
constexpr float kLogitUnit = 0x1p-6f;

// log(1 + t) for t >= 0, with a relative error of 2^-42. Up to 2^-10 it is a
// series. Above it is the log of the sum 1 + t, which loses a bit more than
// 2^-53.
constexpr double kMaxSeries = 0x1p-10;
constexpr double kOnePlusSeries[] = {1.0 / 4.0, 1.0 / 3.0, 1.0 / 2.0, 1.0};
template <class V>
HWY_INLINE V LogOnePlusSeries(V t) {
  const hn::DFromV<V> d;
  V tail = hn::Set(d, 1.0 / 5.0);
  for (const double c : kOnePlusSeries) {
    tail = hn::Sub(hn::Set(d, c), hn::Mul(t, tail));
  }
  return hn::Mul(t, tail);
}
HWY_INLINE double LogOnePlus(double t) {
  if (t > kMaxSeries) return Log(1.0 + t);
  return hn::GetLane(LogOnePlusSeries(hn::Set(hn::CappedTag<double, 1>(), t)));
}

// LabelLoss, with a row per lane. A row has one logarithm: that of its sum, or
// of 1 + others / label.
struct LaneLabelLoss {
  HWY_INLINE LaneLabelLoss(VD others, VD label)
      : LaneLabelLoss(others, label, hn::Div(others, label)) {}
  HWY_INLINE LaneLabelLoss(VD others, VD label, VD known_ratio)
      : is_large(hn::Gt(label, others)), ratio(known_ratio) {}

  // The number whose logarithm is that of the row.
  HWY_INLINE VD OfLog(VD sum) const {
    const VD one_plus = hn::Add(hn::Set(F64(), 1.0), ratio);
    return hn::IfThenElse(is_large, one_plus, sum);
  }
  // Whether the loss is a series, not the logarithm.
  HWY_INLINE auto IsSeries() const {
    return hn::AndNot(hn::Gt(ratio, hn::Set(F64(), kMaxSeries)), is_large);
  }
  // The loss, which is `usual` if the label's p is not above 1/2. `log` is that
  // of OfLog.
  HWY_INLINE VD Of(VD log, VD usual) const {
    return hn::IfThenElse(is_large, log, usual);
  }
  // The loss with the series where it is needed.
  HWY_INLINE VD WithSeries(VD loss) const {
    return hn::IfThenElse(IsSeries(), LogOnePlusSeries(ratio), loss);
  }

  hn::Mask<F64> is_large;
  VD ratio;
};

// -log p of the label.
HWY_INLINE double LabelLoss(const RowSums& row, const RowPlan& plan,
                            double scale, float x_label) {
  if (IsLarge(row)) return LogOnePlus(row.others / row.label);
  return row.log_sum - scale * (x_label - plan.shift);
}

// In the functions below, `shares` is null if only the label has a share, and
// the row's sum is a number.

// The whole RowLoss except the loss. Without z_loss it does not need the row's
// log_sum.
HWY_INLINE RowLoss GradientOf(const Loss& loss, const RowSums& row,
                              const RowPlan& plan, size_t label,
                              const ShareSums* shares, double upstream) {
  const CrossEntropyOptions& options = loss.options;
  const double share_total = shares == nullptr ? 0.0 : shares->total;
  double weight = 0.0;
  if (label != kNoLabel) {
    weight =
        options.class_weights == nullptr ? 1.0 : options.class_weights[label];
  }
  double extra = 0.0;
  if (options.z_loss != 0.0f) {
    extra = 2.0 * options.z_loss * (row.log_sum + plan.scaled_shift);
  }
  const double label_share = (1.0 - double{options.label_smoothing}) * weight;
  const double total = label_share + share_total;
  const double shared = loss.smoothing * weight;  // of the label's share
  RowLoss result{};
  result.label_share = label_share;
  result.unit = upstream * loss.parts.scale;
  result.total = total + extra;
  // Where p is near 1, p - 1 is computed from the other classes. Elsewhere
  // their shares would cancel.
  const bool from_others = shares == nullptr || IsLarge(row);
  result.label_gradient =
      result.unit *
      (from_others ? (extra * row.label - total * row.others) / row.sum +
                         (share_total - shared)
                   : result.total * row.label / row.sum - label_share - shared);
  // With a negative unit, a label without a share gets -0. Adding +0 turns it
  // into +0. Adding -0 changes no other number.
  result.label_gradient += result.total == 0.0 ? 0.0 : -0.0;
  return result;
}

// The loss, by GradientOf's label_share.
HWY_INLINE double LossAlone(const Loss& loss, const RowSums& row,
                            const RowPlan& plan, double label_share,
                            double label_loss, const ShareSums* shares) {
  double result = 0.0;
  if (label_share != 0.0) {
    result = label_share * label_loss;
  }
  if (shares != nullptr) {
    const double log_over_max =
        row.log_sum - (plan.scaled_max - plan.scaled_shift);
    result += shares->total * log_over_max - loss.parts.scale * shares->logits;
  }
  if (loss.options.z_loss != 0.0f) {
    const double lse = row.log_sum + plan.scaled_shift;
    result += loss.options.z_loss * (lse * lse);
  }
  return result;
}

HWY_INLINE RowLoss LossOf(const Loss& loss, const RowSums& row,
                          const RowPlan& plan, size_t label, double label_loss,
                          const ShareSums* shares, double upstream) {
  RowLoss result = GradientOf(loss, row, plan, label, shares, upstream);
  if (loss.is_wanted) {
    result.loss =
        LossAlone(loss, row, plan, result.label_share, label_loss, shares);
  }
  return result;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#endif  // SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_LOSS_INL_H_
