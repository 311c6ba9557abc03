// SPDX-License-Identifier: Apache-2.0

// Cross-entropy of short rows with class labels, transposed: a row per lane.

#if defined(SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_TILE_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_TILE_INL_H_
#undef SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_TILE_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_TILE_INL_H_
#endif

#include "arith/lane_sums-inl.h"
#include "arith/max-inl.h"
#include "kernels/cross_entropy_loss-inl.h"
#include "kernels/tiles.h"

// One lane has nothing to transpose.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::LabelledRow;

class CrossEntropyTile {
 public:
  HWY_INLINE CrossEntropyTile(const Loss& loss,
                              const internal::TileKernels& kernels)
      : loss_(loss), kernels_(kernels) {}

  // The losses of rows [first, first + count), and their gradients if dx is not
  // null. False if one of them needs more than a tile does; then nothing has
  // been written.
  HWY_INLINE bool Run(const Rows<const float>& x, const Rows<float>& dx,
                      size_t first, size_t count, const LabelledRow* rows,
                      double* losses) {
    const size_t n = x.cols;
    const size_t width = (count + kLanes - 1) / kLanes * kLanes;
    tile_.width = width;
    at_.first = first;
    at_.count = count;
    at_.Set(x, dx, width);
    const float* counted = nullptr;
    for (size_t i = 0; i < width; ++i) {
      rows_[i] = rows[HWY_MIN(i, count - 1)];
      if (!rows_[i].is_ignored) counted = at_.from[i];
    }
    if (counted == nullptr) return false;
    for (size_t i = 0; i < width; ++i) {
      if (rows_[i].is_ignored) at_.from[i] = counted;
    }
    if (!kernels_.read_rows(at_.from, n, loss_.parts, e_, tile_)) return false;
    SumAll(n);
    const bool has_gradient = dx.data != nullptr;
    bool fits_floats = true;
    for (size_t i = 0; i < width; ++i) {
      const RowLoss result = LossOfLane(i);
      if (i < count) losses[i] = result.loss;
      if (!has_gradient) continue;
      const double sum = tile_.sums[i];
      label_gradients_[i] = result.label_gradient;
      const double quotient = result.unit * result.total / sum;
      fits_floats &= FactorFitsFloats(quotient) | (sum != sum);
      const Reciprocal factor = FactorOf(quotient, sum);
      tile_.head[i] = factor.head;
      tile_.rest[i] = factor.rest;
      tile_.least[i] = factor.least;
    }
    if (!has_gradient) return true;
    if (!fits_floats) return false;
    kernels_.write_rows(e_, n, tile_, at_.to);
    for (size_t i = 0; i < count; ++i) {
      float* const row_dx = at_.to[i];
      if (rows_[i].is_ignored) {
        Fill(row_dx, n, 0.0f);
      } else {
        row_dx[rows_[i].label] = static_cast<float>(label_gradients_[i]);
      }
    }
    return true;
  }

 private:
  // Exp values, of which the label's is left out of the sum at first, as
  // WithHole has it.
  HWY_INLINE void SumAll(size_t n) {
    const size_t width = tile_.width;
    kernels_.exp(e_, n, loss_.parts, e_, tile_);
    for (size_t i = 0; i < width; ++i) {
      float& exp_of_label = e_[rows_[i].label * width + i];
      label_[i] = exp_of_label;
      exp_of_label = 0.0f;
      x_label_[i] = at_.from[i][rows_[i].label];
    }
    kernels_.sums.all(e_, n, tile_);
    for (size_t i = 0; i < width; ++i) {
      others_[i] = tile_.sums[i];
      tile_.sums[i] += label_[i];
    }
    kernels_.log_sums(tile_, loss_.parts, log_sums_);
    for (size_t i = 0; i < width; i += kHalfLanes) SetLabelLosses(i);
  }

  // LabelLoss of half of a vector's rows.
  HWY_INLINE void SetLabelLosses(size_t i) {
    const F64 d;
    const VD label = InDouble(label_ + i);
    const VD others = hn::Load(d, others_ + i);
    const VD scaled =
        hn::Mul(hn::Set(d, loss_.parts.scale), InDouble(x_label_ + i));
    const VD usual = hn::Sub(hn::Load(d, log_sums_ + i), scaled);
    const VD large = LogOnePlusLanes(hn::Div(others, label));
    hn::Store(hn::IfThenElse(hn::Gt(label, others), large, usual), d,
              label_losses_ + i);
  }

  HWY_INLINE RowLoss LossOfLane(size_t i) const {
    if (rows_[i].is_ignored) return {};
    const double sum = tile_.sums[i];
    if (!(sum == sum)) return {kNaN, kNaN, kNaN, kNaN};
    const RowSums sums{true, others_[i], label_[i], sum, log_sums_[i]};
    return LossOf(loss_, sums, RowPlan{}, rows_[i].label, label_losses_[i],
                  nullptr, rows_[i].upstream);
  }

  const Loss& loss_;
  const internal::TileKernels& kernels_;
  internal::Tile tile_;
  internal::TileRows at_;
  LabelledRow rows_[internal::kMaxTileLanes];
  double label_gradients_[internal::kMaxTileLanes];
  HWY_ALIGN float label_[internal::kMaxTileLanes];
  HWY_ALIGN float x_label_[internal::kMaxTileLanes];
  HWY_ALIGN double others_[internal::kMaxTileLanes];
  HWY_ALIGN double log_sums_[internal::kMaxTileLanes];
  HWY_ALIGN double label_losses_[internal::kMaxTileLanes];
  HWY_ALIGN float e_[internal::kRowTileFloats];
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_TILE_INL_H_
