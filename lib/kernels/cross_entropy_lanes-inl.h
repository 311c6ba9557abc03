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
  // With `from_rows`, the logits of the labels are in the tile's rows. False as
  // in Run.
  HWY_NOINLINE bool FindLosses(size_t cols, size_t n, const LabelledRow* rows,
                               bool has_labels, bool from_rows,
                               bool has_gradient, TileShares* shares,
                               double* losses) {
    const size_t width = tile_.width;
    kernels_.exp(shares == nullptr ? e_ : shares->Logits(), n, loss_.parts, e_,
                 tile_);
    if (shares != nullptr) shares->Sum(kernels_, cols, n, tile_);
    TakeLabels(has_labels ? rows : nullptr, from_rows);
    SumAll(n);
    if (has_others_) ClearFarSums();
    const bool is_mixed = loss_.options.z_loss != 0.0f || shares != nullptr;
    has_logs_ =
        loss_.options.z_loss != 0.0f || (shares != nullptr && loss_.is_wanted);
    if (has_logs_) kernels_.log_sums(tile_, loss_.parts, log_sums_);
    for (size_t i = 0; i < width; i += kHalfLanes) SetPlainLosses(i, losses);
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

  // Removes the labels' exp values. `rows` is null without labels. Lanes
  // without a row get any loss, and a gradient that is not used.
  HWY_INLINE void TakeLabels(const LabelledRow* rows, bool from_rows) {
    const size_t width = tile_.width;
    const size_t labelled = rows == nullptr ? 0 : at_.count;
    for (size_t i = 0; i < labelled; ++i) {
      const size_t label = rows[i].label;
      float& exp_of_label = e_[label * width + i];
      label_[i] = exp_of_label;
      exp_of_label = 0.0f;
      if (from_rows) x_label_[i] = at_.from[i][label];
    }
    for (size_t i = labelled; i < width; ++i) label_[i] = x_label_[i] = 0.0f;
    for (size_t i = at_.count; i < width; ++i) {
      upstream_[i] = 0.0;
      at_.to[i] = of_no_row_;
    }
  }
  // Sums the other exp values, and adds the labels' exp values last, as
  // WithHole does.
  HWY_INLINE void SumAll(size_t n) {
    kernels_.sums.all(e_, n, tile_);
    for (size_t i = 0; i < tile_.width; i += kHalfLanes) {
      const VD others = hn::Load(F64(), tile_.sums + i);
      hn::Store(others, F64(), others_ + i);
      hn::Store(hn::Add(others, InDouble(label_ + i)), F64(), tile_.sums + i);
    }
  }

  // LabelLoss of half of a vector's rows, and the gradients of rows without
  // weights and z_loss.
  HWY_INLINE void SetPlainLosses(size_t i, double* losses) {
    const F64 d;
    const VD label = InDouble(label_ + i), others = hn::Load(d, others_ + i);
    const VD sum = hn::Load(d, tile_.sums + i);
    const VD scale = hn::Set(d, loss_.parts.scale);
    VD label_loss = hn::Zero(d);
    if (loss_.is_wanted) {
      const LaneLabelLoss loss(others, label, sum);
      // Either the label's exp value is not the whole sum, or the label is
      // large. So the whole sum can be only an exp value to which the label's
      // exp value adds nothing.
      const auto may_be_one = hn::And(
          MayBeOne(sum), hn::Lt(hn::Mul(label, hn::Set(d, 0x1p50)), sum));
      if (!has_logs_ && !hn::AllFalse(d, may_be_one)) {
        kernels_.log_sums(tile_, loss_.parts, log_sums_);
        has_logs_ = true;
      }
      const VD log_divisor = LogDivisors(InDouble(tile_.offset + i));
      const VD log_sum = has_logs_ ? hn::Load(d, log_sums_ + i)
                                   : hn::Add(log_divisor, loss.log);
      const VD usual = hn::Sub(log_sum, hn::Mul(scale, InDouble(x_label_ + i)));
      label_loss = loss.Or(usual);
    }
    const VD unit = hn::Mul(hn::Load(d, upstream_ + i), scale);
    const VD minus_others = hn::Sub(hn::Set(d, 0.0), others);
    // The sum is neither NaN nor that of a row whose logits are all -inf.
    const auto is_number = hn::Gt(sum, hn::Zero(d));
    const auto put = [&](VD v, double* to) HWY_ATTR {
      const VD nan = hn::Set(d, static_cast<double>(kNaN));
      hn::StoreU(hn::IfThenElse(is_number, v, nan), d, to + i);
    };
    put(label_loss, losses);
    put(hn::Div(unit, sum), factors_);
    put(hn::Mul(unit, hn::Div(minus_others, sum)), label_gradients_);
  }

  // False if the numbers of a row with shares do not fit floats.
  HWY_INLINE bool SetLoss(size_t i, size_t label, double* losses,
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
  HWY_INLINE bool SetFactors() {
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
