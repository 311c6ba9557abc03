// SPDX-License-Identifier: Apache-2.0

// Cross-entropy of short rows with class labels, transposed: a row per lane.

#if defined(SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_TILE_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_TILE_INL_H_
#undef SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_TILE_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_TILE_INL_H_
#endif

#include "kernels/cross_entropy_loss-inl.h"
#include "kernels/softmax_tile-inl.h"

// One lane has no groups.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

// What a row asks for. One that is ignored is not read; it has no loss and a
// gradient of zeros.
struct LabelledRow {
  size_t label;
  bool is_ignored;
  double upstream;
};

class CrossEntropyTile : public TileGroup {
 public:
  HWY_INLINE explicit CrossEntropyTile(const Loss& loss)
      : TileGroup(loss.parts, nullptr), loss_(loss) {}

  // The losses of rows [first, first + count), and their gradients if dx is not
  // null; row(r) gives the LabelledRow. False if one of them needs more than a
  // tile does; then nothing has been written.
  template <class Row>
  HWY_INLINE bool Run(const Rows<const float>& x, const Rows<float>& dx,
                      size_t first, size_t count, const Row& row,
                      double* losses) {
    const size_t n = x.cols;
    rows_.Set(x, dx, first, count);
    LabelledRow rows[kLanes];
    const float* counted = nullptr;
    for (size_t r = 0; r < kLanes; ++r) {
      rows[r] = row(first + HWY_MIN(r, count - 1));
      if (!rows[r].is_ignored) counted = rows_.from[r];
    }
    if (counted == nullptr) return false;
    for (size_t r = 0; r < kLanes; ++r) {
      if (rows[r].is_ignored) rows_.from[r] = counted;
    }
    if (!ReadRows(n)) return false;
    SumAll(n, rows);
    double label_gradients[kLanes];
    bool fits_floats = true;
    for (size_t r = 0; r < kLanes; ++r) {
      const RowLoss result = LossOfLane(r, rows[r]);
      if (r < count) losses[r] = result.loss;
      if (dx.data == nullptr) continue;
      label_gradients[r] = result.label_gradient;
      const double quotient = result.unit * result.total / sums_[r];
      fits_floats &= FactorFitsFloats(quotient) | (sums_[r] != sums_[r]);
      const Reciprocal factor = FactorOf(quotient, sums_[r]);
      head_[r] = factor.head;
      rest_[r] = factor.rest;
      least_[r] = factor.least;
    }
    if (dx.data == nullptr) return true;
    if (!fits_floats) return false;
    Write(n);
    for (size_t r = 0; r < count; ++r) {
      float* const row_dx = rows_.to[r];
      if (rows[r].is_ignored) {
        Fill(row_dx, n, 0.0f);
      } else {
        row_dx[rows[r].label] = static_cast<float>(label_gradients[r]);
      }
    }
    return true;
  }

 private:
  // Numerators, of which the label's is left out of the sum at first, as
  // WithHole has it.
  HWY_INLINE void SumAll(size_t n, const LabelledRow* rows) {
    WriteNumerators(n);
    for (size_t r = 0; r < kLanes; ++r) {
      float& numerator = Column(rows[r].label)[r];
      label_[r] = numerator;
      numerator = 0.0f;
      x_label_[r] = rows_.from[r][rows[r].label];
    }
    FoldSums(n);
    for (size_t r = 0; r < kLanes; ++r) {
      others_[r] = sums_[r];
      sums_[r] += label_[r];
    }
    LogOfSums(sums_, log_sums_);
    for (size_t r = 0; r < kLanes; r += kLanes / 2) SetLabelLosses(r);
  }

  // LabelLoss of half of the rows.
  HWY_INLINE void SetLabelLosses(size_t r) {
    const F64 d;
    const VD label = hn::PromoteTo(d, hn::Load(hn::Half<F32>(), label_ + r));
    const VD logit = hn::PromoteTo(d, hn::Load(hn::Half<F32>(), x_label_ + r));
    const VD others = hn::Load(d, others_ + r);
    const VD scaled = hn::Mul(hn::Set(d, loss_.parts.scale), logit);
    const VD usual = hn::Sub(hn::Load(d, log_sums_ + r), scaled);
    const VD large = LogOnePlusLanes(hn::Div(others, label));
    hn::Store(hn::IfThenElse(hn::Gt(label, others), large, usual), d,
              label_losses_ + r);
  }

  HWY_INLINE RowLoss LossOfLane(size_t r, const LabelledRow& row) const {
    if (row.is_ignored) return {};
    const bool is_number = sums_[r] == sums_[r];
    if (!is_number) return {kNaN, kNaN, kNaN, kNaN};
    const RowSums sums{true, others_[r], label_[r], sums_[r], log_sums_[r]};
    return LossOf(loss_, sums, RowPlan{}, row.label, label_losses_[r], nullptr,
                  row.upstream);
  }

  const Loss& loss_;
  HWY_ALIGN float label_[kLanes];
  HWY_ALIGN float x_label_[kLanes];
  HWY_ALIGN double others_[kLanes];
  HWY_ALIGN double log_sums_[kLanes];
  HWY_ALIGN double label_losses_[kLanes];
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_TILE_INL_H_
