// SPDX-License-Identifier: Apache-2.0
#include "softlane/cross_entropy.h"

#include "check.h"
#include "cross_entropy.h"
#include "dispatch.h"
#include "fp_environment.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cross_entropy.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "cross_entropy_row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// loss = sum_c q_c * -log p_c + z * lse^2 and, with Q = sum_c q_c,
// d loss / d x_c = scale * ((Q + 2 z lse) p_c - q_c).
//
// Sweeps: the maximum; the numerators, which are written to where the gradient
// goes, and their sum; the gradient in their place. Smoothing and probability
// targets take another read for sum_c q_c (x_c - max). Rows that no cache holds
// get their numerators computed twice instead of written.

// What is the same for all rows.
struct Loss {
  const CrossEntropyOptions& options;
  ScaleParts parts;
  double smoothing;  // label_smoothing / cols
};

// Sums of a row's q and q (x - max).
struct ShareSums {
  double total, logits;
};

HWY_INLINE ShareSums SumShares(const ClassShares& shares, const float* x,
                               size_t n, float max) {
  const double logits = SumTerms(n, SharedLogits{shares, x, max});
  return {SumTerms(n, shares), logits / SharedLogits::kUnit};
}

// A row that counts. Writes its gradient times `upstream` to dx unless that is
// null. Returns its loss.
HWY_INLINE double LossOfRow(const Loss& loss, const float* x, float* dx,
                            size_t n, size_t label, const float* targets,
                            double upstream) {
  const CrossEntropyOptions& options = loss.options;
  const double scale = loss.parts.scale;
  float max = 0.0f;
  RowSums row{};
  const bool is_large = n >= kMinLargeCols &&
                        SumLargeNumerators(x, n, label, loss.parts, max, row);
  if (!is_large) max = MaxOf<IgnoreNaN>(x, n);
  const bool is_finite = IsFinite(max);
  const RowPlan plan = PlanRow(is_finite ? max : 0.0f, loss.parts);
  const SoftmaxExp exp = MakeExp(plan, loss.parts);
  const double target_share = 1.0 - double{options.label_smoothing};
  const ClassShares shares{targets, options.class_weights,
                           static_cast<float>(target_share),
                           static_cast<float>(loss.smoothing)};
  const bool has_shares = targets != nullptr || loss.smoothing != 0.0;
  const float x_label = label == kNoHole ? max : x[label];
  ShareSums share_sums{0.0, 0.0};
  if (has_shares && is_finite) share_sums = SumShares(shares, x, n, max);
  if (!is_large && is_finite) {
    row = SumNumerators(x, dx, n, label, max, plan, exp);
  }
  if (!row.is_number) {
    if (dx != nullptr) Fill(dx, n, kNaN);
    return kNaN;
  }
  // Of the label, beyond what all classes share.
  const double label_share = label == kNoHole ? 0.0
                             : options.class_weights == nullptr
                                 ? target_share
                                 : target_share * options.class_weights[label];
  double result = 0.0;
  if (label_share != 0.0) {
    result = label_share * LabelLoss(row, plan, scale, x_label);
  }
  if (has_shares) {
    const double log_over_max =
        row.log_sum - (plan.scaled_max - plan.scaled_shift);
    result += share_sums.total * log_over_max - scale * share_sums.logits;
  }
  const double lse = row.log_sum + plan.scaled_shift;
  if (options.z_loss != 0.0f) result += options.z_loss * (lse * lse);
  if (dx == nullptr) return result;

  const double unit = upstream * scale;
  const double total = label_share + share_sums.total;
  const double extra =
      options.z_loss == 0.0f ? 0.0 : 2.0 * options.z_loss * lse;
  double label_gradient = 0.0;
  if (label != kNoHole) {
    const double weight =
        options.class_weights == nullptr ? 1.0 : options.class_weights[label];
    label_gradient =
        unit * ((extra * row.label - total * row.others) / row.sum +
                (share_sums.total - loss.smoothing * weight));
  }
  const Quotients quotients(
      FactorOf(unit * (total + extra) / row.sum, row.sum));
  const GradientRow gradient{quotients, shares, has_shares,
                             Set(static_cast<float>(unit))};
  if (is_large) {
    WithArgumentOf(plan, [&](const auto& argument) HWY_ATTR {
      gradient.Write(n, dx, [&](size_t i, size_t count) HWY_ATTR {
        return exp(argument(LoadFirst(x + i, count, Set(0.0f))));
      });
    });
  } else {
    gradient.Write(n, dx, [&](size_t i, size_t count) HWY_ATTR {
      return LoadFirst(dx + i, count, Set(0.0f));
    });
  }
  if (label != kNoHole) dx[label] = static_cast<float>(label_gradient);
  return result;
}

void CrossEntropyRows(const internal::CrossEntropyCall& call) {
  const CrossEntropyOptions& options = *call.options;
  const Rows<const float>& x = call.logits;
  Loss loss{options, SplitScale(options.scale), 0.0};
  if (options.label_smoothing != 0.0f) {
    loss.smoothing =
        double{options.label_smoothing} / static_cast<double>(x.cols);
  }
  double divisor = 0.0;
  size_t counted = 0;
  for (size_t r = 0; r < x.rows; ++r) {
    const int64_t label = call.Label(r);
    if (call.has_labels && label == options.ignore_index) continue;
    const bool is_weighted =
        call.has_labels && options.class_weights != nullptr;
    divisor += is_weighted ? double{options.class_weights[label]} : 1.0;
    ++counted;
  }
  const bool is_mean = options.reduction == Reduction::kMean;
  const bool has_gradient = call.dlogits.data != nullptr;
  double total = 0.0;
  for (size_t r = 0; r < x.rows; ++r) {
    const int64_t label = call.Label(r);
    float* const dx = has_gradient ? call.dlogits.Row(r) : nullptr;
    double row_loss = 0.0;
    if (call.has_labels && label == options.ignore_index) {
      if (has_gradient) Fill(dx, x.cols, 0.0f);
    } else {
      double upstream = options.upstream;
      if (has_gradient && options.reduction == Reduction::kNone &&
          options.upstream_rows != nullptr) {
        upstream = options.upstream_rows[r];
      }
      if (is_mean) upstream /= divisor;
      row_loss =
          LossOfRow(loss, x.Row(r), dx, x.cols,
                    call.has_labels ? static_cast<size_t>(label) : kNoHole,
                    call.has_labels ? nullptr : call.targets.Row(r), upstream);
    }
    if (options.reduction == Reduction::kNone) {
      call.loss[r] = static_cast<float>(row_loss);
    }
    total += row_loss;
  }
  if (is_mean && !(counted == 0 && options.zero_if_all_ignored)) {
    total /= divisor;
  }
  if (options.reduction != Reduction::kNone) {
    call.loss[0] = total == total ? static_cast<float>(total) : kNaN;
  }
  if (call.divisor != nullptr) *call.divisor = static_cast<float>(divisor);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {
namespace {
constexpr KernelTable<void(const CrossEntropyCall&)> kCrossEntropyTable =
    SOFTLANE_KERNEL_TABLE(CrossEntropyRows);
}  // namespace

CrossEntropyFunction* SelectCrossEntropy(Target target) noexcept {
  return Select(kCrossEntropyTable, target);
}

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
