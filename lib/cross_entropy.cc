// SPDX-License-Identifier: Apache-2.0
#include "softlane/cross_entropy.h"

#include "cross_entropy.h"
#include "dispatch.h"
#include "kernels/row_limits.h"
#include "kernels/tiles.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cross_entropy.cc"
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
// Sweeps: the maximum; the numerators, which are written to where the gradient
// goes, and their sum; the gradient in their place. Smoothing and probability
// targets take another read for sum_c q_c (x_c - max). Rows that no cache holds
// get their numerators computed twice instead of written.

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

// A row that counts. Writes its gradient times `upstream` to dx unless that is
// null. Returns its loss.
HWY_INLINE double LossOfRow(const Loss& loss, const float* x, float* dx,
                            size_t n, size_t label, const float* targets,
                            double upstream) {
  float max = 0.0f;
  RowSums row{};
  const bool is_large = n >= kMinLargeCols &&
                        SumLargeNumerators(x, n, label, loss.parts, max, row);
  if (!is_large) max = MaxOf<IgnoreNaN>(x, n);
  const bool is_finite = IsFinite(max);
  const RowPlan plan = PlanRow(is_finite ? max : 0.0f, loss.parts);
  const SoftmaxExp exp = MakeExp(plan, loss.parts);
  const bool has_shares = targets != nullptr || loss.smoothing != 0.0;
  const float x_label = label == kNoHole ? max : x[label];
  RowShares shares(loss, targets, n);
  ShareSums share_sums{0.0, 0.0};
  if (has_shares && is_finite) share_sums = shares.Sum(x, n, max);
  if (!is_large && is_finite) {
    row = SumNumerators(x, dx, n, label, max, plan, exp);
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
  // Numerators that floats do not hold the factor of stay as they are at first.
  const Probabilities quotients =
      in_floats ? Probabilities(FactorOf(factor, row.sum))
                : Probabilities(Set(1.0f), Set(0.0f), Set(0.0f));
  const GradientRow gradient{quotients, shares.Floats(),
                             has_shares && in_floats,
                             Set(static_cast<float>(result.unit))};
  if (is_large) {
    WithArgumentOf(plan, [&](const auto& argument) HWY_ATTR {
      gradient.Write(n, dx, [&](size_t i, size_t count) HWY_ATTR {
        return exp(argument(LoadFirst(x + i, count, Set(0.0f))));
      });
    });
  } else if (in_floats) {
    gradient.Write(n, dx, [&](size_t i, size_t count) HWY_ATTR {
      return LoadFirst(dx + i, count, Set(0.0f));
    });
  }
  if (!in_floats) {
    shares.Doubles().ReplaceNumerators(result.unit, result.total / row.sum, dx);
  }
  if (label != kNoHole) dx[label] = static_cast<float>(result.label_gradient);
  return result.loss;
}

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr Target kTarget = HWY_TARGET == HWY_AVX2   ? Target::kAvx2
                           : HWY_TARGET == HWY_AVX3 ? Target::kAvx512
                                                    : Target::kNeon;
#endif

// The rows of a call, whose losses are added in their order.
class CrossEntropyLoop {
 public:
  HWY_INLINE explicit CrossEntropyLoop(const internal::CrossEntropyCall& call)
      : call_(call),
        options_(*call.options),
        loss_{options_, SplitScale(options_.scale), 0.0,
              call.shares_fit_floats} {
    if (options_.label_smoothing != 0.0f) {
      loss_.smoothing = double{options_.label_smoothing} /
                        static_cast<double>(call.logits.cols);
    }
    if (call.has_labels) {
      CountLabels();
    } else {
      counted_ = call.logits.rows;
      divisor_ = static_cast<double>(counted_);
    }
    upstream_ = options_.upstream;
    if (IsMean()) upstream_ /= HasNoWeight() ? kNaN : divisor_;
  }

  HWY_INLINE void Run() {
    const size_t rows = call_.logits.rows;
    double total = 0.0;
    if (IsEndless()) total = kNaN;
    const size_t step = RowsAtOnce();
    for (size_t r = IsEndless() ? rows : 0; r < rows; r += step) {
      const size_t count = HWY_MIN(step, rows - r);
      double losses[internal::kMaxTileLanes];
      if (step == 1) {
        losses[0] = RowByItself(r);
      } else {
        RunTiles(r, count, losses);
      }
      for (size_t k = 0; k < count; ++k) {
        if (options_.reduction == Reduction::kNone) {
          call_.loss[r + k] = static_cast<float>(losses[k]);
        }
        total += losses[k];
      }
    }
    if (IsMean() && !(counted_ == 0 && options_.zero_if_all_ignored)) {
      total /= HasNoWeight() ? kNaN : divisor_;
    }
    if (options_.reduction != Reduction::kNone) {
      call_.loss[0] = total == total ? static_cast<float>(total) : kNaN;
    }
    if (call_.divisor != nullptr) *call_.divisor = static_cast<float>(divisor_);
  }

 private:
  HWY_INLINE void CountLabels() {
    for (size_t r = 0; r < call_.logits.rows; ++r) {
      if (IsIgnored(r)) continue;
      divisor_ += options_.class_weights == nullptr
                      ? 1.0
                      : double{options_.class_weights[call_.Label(r)]};
      ++counted_;
    }
  }
  // Rows count, but all have a weight of 0.
  HWY_INLINE bool HasNoWeight() const {
    return counted_ != 0 && divisor_ == 0.0;
  }
  // Rows without columns and without memory of their own: any number of them.
  HWY_INLINE bool IsEndless() const {
    return !call_.has_labels && call_.logits.cols == 0 && counted_ != 0 &&
           options_.reduction != Reduction::kNone;
  }
  HWY_INLINE bool IsMean() const {
    return options_.reduction == Reduction::kMean;
  }
  HWY_INLINE bool IsIgnored(size_t r) const {
    return call_.has_labels && call_.Label(r) == options_.ignore_index;
  }
  HWY_INLINE bool HasGradient() const { return call_.dlogits.data != nullptr; }
  HWY_INLINE double Upstream(size_t r) const {
    const bool has_rows = options_.reduction == Reduction::kNone &&
                          options_.upstream_rows != nullptr && HasGradient();
    return has_rows ? options_.upstream_rows[r] : upstream_;
  }

  HWY_NOINLINE double RowByItself(size_t r) const {
    const Rows<const float>& x = call_.logits;
    float* const dx = HasGradient() ? call_.dlogits.Row(r) : nullptr;
    if (IsIgnored(r)) {
      if (HasGradient()) Fill(dx, x.cols, 0.0f);
      return 0.0;
    }
    const size_t label =
        call_.has_labels ? static_cast<size_t>(call_.Label(r)) : kNoHole;
    return LossOfRow(loss_, x.Row(r), dx, x.cols, label,
                     call_.has_labels ? nullptr : call_.targets.Row(r),
                     Upstream(r));
  }

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
  HWY_INLINE size_t RowsAtOnce() const {
    const size_t cols = call_.logits.cols;
    const bool has_tiles =
        call_.has_labels && loss_.smoothing == 0.0 && loss_.parts.unit == 1.0 &&
        internal::kMinTileRows <= call_.logits.rows &&
        internal::kMinTileCols <= cols && cols <= internal::kTileCapacity;
    return has_tiles ? internal::RowTileWidth(call_.logits.rows, cols, kLanes)
                     : 1;
  }
  // All rows in one tile if that can do them, else in tiles of one vector.
  HWY_NOINLINE void RunTiles(size_t first, size_t count, double* losses) const {
    CrossEntropyTile tile(loss_,
                          internal::KernelsOf(internal::kTileKernels, kTarget));
    if (InTile(tile, first, count, losses)) return;
    for (size_t k = 0; k < count; k += kLanes) {
      const size_t some = HWY_MIN(kLanes, count - k);
      if (count > kLanes && InTile(tile, first + k, some, losses + k)) continue;
      for (size_t i = k; i < k + some; ++i) losses[i] = RowByItself(first + i);
    }
  }
  HWY_NOINLINE bool InTile(CrossEntropyTile& tile, size_t first, size_t count,
                           double* losses) const {
    if (count < internal::kMinTileRows) return false;
    const Rows<const float>& x = call_.logits;
    const Rows<float> none(nullptr, x.rows, x.cols, 0);
    return tile.Run(
        x, HasGradient() ? call_.dlogits : none, first, count,
        [&](size_t r) HWY_ATTR {
          const bool is_ignored = IsIgnored(r);
          return LabelledRow{
              is_ignored ? 0 : static_cast<size_t>(call_.Label(r)), is_ignored,
              Upstream(r)};
        },
        losses);
  }
#else
  HWY_INLINE size_t RowsAtOnce() const { return 1; }
  HWY_INLINE void RunTiles(size_t, size_t, double*) const {}
#endif

  const internal::CrossEntropyCall& call_;
  const CrossEntropyOptions& options_;
  Loss loss_;
  double divisor_ = 0.0;
  double upstream_;
  size_t counted_ = 0;
};

void CrossEntropyRows(const internal::CrossEntropyCall& call) {
  CrossEntropyLoop(call).Run();
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
