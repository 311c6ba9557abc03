// SPDX-License-Identifier: Apache-2.0

// Cross-entropy in a tile, with a row or a column per lane: from logits to
// losses, and to the numbers of the gradients.

#if defined(SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_LANES_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_LANES_INL_H_
#undef SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_LANES_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_LANES_INL_H_
#endif

#include "arith/lane_rows-inl.h"
#include "arith/lane_sums-inl.h"
#include "kernels/cross_entropy_loss-inl.h"
#include "kernels/cross_entropy_tile_shares-inl.h"
#include "kernels/row_limits.h"
#include "kernels/tiles.h"

// One lane has nothing to transpose.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::LabelledRow;

class LaneLosses {
 public:
  HWY_INLINE LaneLosses(const Loss& loss, const internal::TileKernels& kernels)
      : loss_(loss), kernels_(kernels) {}

  // Whether the maximum of row i is beyond the direct limit.
  HWY_INLINE bool IsFar(size_t i) const { return at_.to[i] == of_no_row_; }

 protected:
  // Computes the losses, and the numbers of the gradients, from the logits.
  // False as in Run.
  HWY_NOINLINE bool FindLosses(size_t cols, size_t n, const LabelledRow* rows,
                               bool has_labels, bool has_gradient,
                               TileShares* shares, double* losses) {
    // Without Unknown, GCC would write most of the code twice.
    const bool has_shares = Unknown(shares != nullptr ? 1 : 0);
    float* const logits = has_shares ? shares->Logits() : e_;
    const size_t labelled = has_labels ? at_.count : 0;
    TakeLabels(rows, labelled, logits);
    kernels_.exp(logits, n, loss_.parts, e_, tile_);
    if (has_shares) {
      shares->Sum(kernels_, cols, n, tile_);
      for (size_t i = 0; i < labelled; ++i) *Hole(rows, Unknown(i), e_) = 0.0f;
    }
    SumAll(n);
    if (has_others_) ClearFarSums();
    const bool is_mixed = loss_.options.z_loss != 0.0f || has_shares;
    has_logs_ = loss_.options.z_loss != 0.0f || (has_shares && loss_.is_wanted);
    if (has_logs_) kernels_.log_sums(tile_, loss_.parts, log_sums_);
    SetPlainLosses(losses);
    if (has_gradient) SetPlainGradients();
    if (is_mixed || loss_.options.class_weights != nullptr) {
      for (size_t i = 0; i < at_.count; ++i) {
        if (!SetLoss(i, rows[i].label, losses, shares, cols)) return false;
      }
    }
    return !has_gradient || SetFactors();
  }

  const Loss& loss_;
  const internal::TileKernels& kernels_;
  internal::Tile tile_;
  internal::TileRows at_;
  bool has_others_, has_logs_;
  HWY_ALIGN double upstream_[internal::kMaxTileLanes];
  HWY_ALIGN double factors_[internal::kMaxTileLanes];
  HWY_ALIGN double label_gradients_[internal::kMaxTileLanes];
  HWY_ALIGN float label_[internal::kMaxTileLanes];
  HWY_ALIGN float x_label_[internal::kMaxTileLanes];
  HWY_ALIGN double others_[internal::kMaxTileLanes];
  HWY_ALIGN double log_sums_[internal::kMaxTileLanes];
  HWY_ALIGN float units_[internal::kMaxTileLanes];
  float of_no_row_[internal::kTileCapacity];
  // The room for exp values. After narrow rows come the rows that FillRows
  // adds, and each is stored as a whole vector.
  static constexpr size_t kFilledRows =
      internal::kMaxTileLanes * internal::kMinTileCols;
  static_assert(2 * kFilledRows + kLanes <= internal::kRowTileFloats,
                "both fit");
  HWY_ALIGN float e_[internal::kRowTileFloats];

 private:
  HWY_NOINLINE void ClearFarSums() {
    for (size_t i = 0; i < tile_.width; ++i) {
      i = Unknown(i);  // GCC would write much code
      if (IsFar(i)) tile_.sums[i] = 0.0;
    }
  }

  HWY_INLINE float* Hole(const LabelledRow* rows, size_t i,
                         float* values) const {
    return values + rows[i].label * tile_.width + i;
  }
  // Keeps the labels' logits. If the exp values replace the logits, -inf takes
  // the place of the label's logit, because the exp value of -inf is +0. A lane
  // without a label gets the logit -inf. Lanes without a row get any loss, and
  // a gradient that is not used.
  HWY_NOINLINE void TakeLabels(const LabelledRow* rows, size_t labelled,
                               float* logits) {
    const float hole = -kInfinity;
    for (size_t i = 0; i < labelled; ++i) {
      float* const x = Hole(rows, i, logits);
      x_label_[i] = *x;
      if (logits == e_) *x = hole;
    }
    for (size_t i = labelled; i < tile_.width; ++i) {
      x_label_[Unknown(i)] = hole;
    }
    for (size_t i = at_.count; i < tile_.width; ++i) {
      i = Unknown(i);
      upstream_[i] = 0.0;
      at_.to[i] = of_no_row_;
    }
  }
  // Sums the other exp values, and adds the labels' exp values last, as
  // WithHole does.
  HWY_NOINLINE void SumAll(size_t n) {
    for (size_t i = 0; i < tile_.width; i += kLanes) {
      const SoftmaxExp exp = MakeExp(Load(tile_.offset + i), loss_.parts);
      Store(exp(Load(x_label_ + i)), label_ + i);
    }
    kernels_.sums.all(e_, n, tile_);
    for (size_t i = 0; i < tile_.width; i += kHalfLanes) {
      const VD others = hn::Load(F64(), tile_.sums + i);
      hn::Store(others, F64(), others_ + i);
      hn::Store(hn::Add(others, InDouble(label_ + i)), F64(), tile_.sums + i);
    }
  }

  // Stores v, but NaN for a row with NaN and for a row whose logits are all
  // -inf.
  static HWY_INLINE void Put(VD sum, VD v, double* to) {
    const VD nan = hn::Set(F64(), static_cast<double>(kNaN));
    hn::StoreU(hn::IfThenElse(hn::Gt(sum, hn::Zero(F64())), v, nan), F64(), to);
  }
  // Computes LabelLoss of rows without weights and z_loss.
  HWY_NOINLINE void SetPlainLosses(double* losses) {
    const F64 d;
    const size_t width = loss_.is_wanted ? tile_.width : 0;
    // The ratios and logarithms use memory that the gradients need later.
    double* const ratios = factors_;
    double* const logs = label_gradients_;
    auto may_be_one = hn::MaskFromVec(hn::Zero(d)), is_series = may_be_one;
    for (size_t i = 0; i < width; i += kHalfLanes) {
      const VD sum = hn::Load(d, tile_.sums + i), label = InDouble(label_ + i);
      const LaneLabelLoss loss(hn::Load(d, others_ + i), label);
      // Either the label's exp value is not the whole sum, or the label is
      // large. So the whole sum can be only an exp value to which the label's
      // exp value adds nothing.
      const auto is_small = hn::Lt(hn::Mul(label, hn::Set(d, 0x1p50)), sum);
      may_be_one = hn::Or(may_be_one, hn::And(MayBeOne(sum), is_small));
      is_series = hn::Or(is_series, loss.IsSeries());
      hn::Store(loss.ratio, d, ratios + i);
      hn::Store(loss.OfLog(sum), d, logs + i);
    }
    kernels_.logs(logs, width, logs);
    if (!has_logs_ && !hn::AllFalse(d, may_be_one)) {
      kernels_.log_sums(tile_, loss_.parts, log_sums_);
      has_logs_ = true;
    }
    const bool has_logs = has_logs_, has_series = !hn::AllFalse(d, is_series);
    const VD scale = hn::Set(d, loss_.parts.scale);
    for (size_t i = 0; i < width; i += kHalfLanes) {
      const LaneLabelLoss loss(hn::Load(d, others_ + i), InDouble(label_ + i),
                               hn::Load(d, ratios + i));
      const VD log = hn::Load(d, logs + i);
      const VD log_sum =
          has_logs ? hn::Load(d, log_sums_ + i)
                   : hn::Add(LogDivisors(InDouble(tile_.offset + i)), log);
      const VD usual = hn::Sub(log_sum, hn::Mul(scale, InDouble(x_label_ + i)));
      VD result = loss.Of(log, usual);
      if (has_series) result = loss.WithSeries(result);
      Put(hn::Load(d, tile_.sums + i), result, losses + i);
    }
    for (size_t i = width; i < at_.count; ++i) losses[Unknown(i)] = 0.0;
  }
  // Computes the numbers of the gradients of rows without weights and z_loss.
  HWY_NOINLINE void SetPlainGradients() {
    const F64 d;
    const VD scale = hn::Set(d, loss_.parts.scale);
    for (size_t i = 0; i < tile_.width; i += kHalfLanes) {
      const VD sum = hn::Load(d, tile_.sums + i);
      const VD unit = hn::Mul(hn::Load(d, upstream_ + i), scale);
      const VD minus_others =
          hn::Sub(hn::Set(d, 0.0), hn::Load(d, others_ + i));
      Put(sum, hn::Div(unit, sum), factors_ + i);
      Put(sum, hn::Mul(unit, hn::Div(minus_others, sum)), label_gradients_ + i);
    }
  }

  // False if the numbers of a row with shares do not fit floats.
  HWY_NOINLINE bool SetLoss(size_t i, size_t label, double* losses,
                            const TileShares* shares, size_t cols) {
    const double sum = tile_.sums[i];
    units_[i] = 0.0f;
    if (!(sum > 0.0)) return true;
    const RowSums sums{others_[i], label_[i], sum,
                       has_logs_ ? log_sums_[i] : 0.0};
    RowPlan plan{};
    plan.scaled_max = loss_.parts.scale * tile_.max[i];
    ShareSums share_sums{};
    if (shares != nullptr) {
      share_sums = shares->Of(i, cols);
      if (!share_sums.AreFinite()) return false;
    }
    const RowLoss result =
        LossOf(loss_, sums, plan, label, losses[i],
               shares == nullptr ? nullptr : &share_sums, upstream_[i]);
    losses[i] = result.loss;
    factors_[i] = result.unit * result.total / sum;
    label_gradients_[i] = result.label_gradient;
    units_[i] = static_cast<float>(result.unit);
    return shares == nullptr || UnitFitsFloats(result.unit);
  }

  // False if a factor of a row whose sum is a number does not fit floats.
  HWY_NOINLINE bool SetFactors() {
    const F64 d;
    const VD most = hn::Set(d, kMaxFactor);
    bool are_floats = true;
    for (size_t i = 0; i < tile_.width; i += kLanes) {
      const size_t k = i + kHalfLanes;
      const VD lower = hn::Load(d, factors_ + i);
      const VD upper = hn::Load(d, factors_ + k);
      const VD lower_sum = hn::Load(d, tile_.sums + i);
      const VD upper_sum = hn::Load(d, tile_.sums + k);
      const auto is_beyond = hn::Or(hn::AndNot(hn::Le(hn::Abs(lower), most),
                                               hn::Gt(lower_sum, hn::Zero(d))),
                                    hn::AndNot(hn::Le(hn::Abs(upper), most),
                                               hn::Gt(upper_sum, hn::Zero(d))));
      are_floats &= hn::AllFalse(d, is_beyond);
      const LaneReciprocals factors(lower, upper, lower_sum, upper_sum);
      Store(factors.head, tile_.head + i);
      Store(factors.rest, tile_.rest + i);
      Store(factors.least, tile_.least + i);
    }
    return are_floats;
  }
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_LANES_INL_H_
