// SPDX-License-Identifier: Apache-2.0

// Cross-entropy of short rows, transposed: a row per lane.

#if defined(SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_TILE_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_TILE_INL_H_
#undef SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_TILE_INL_H_
#else
#define SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_TILE_INL_H_
#endif

#include "arith/lane_rows-inl.h"
#include "arith/lane_sums-inl.h"
#include "arith/max-inl.h"
#include "kernels/cross_entropy_lanes-inl.h"
#include "kernels/row_limits.h"
#include "kernels/tiles.h"

// One lane has nothing to transpose.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

using internal::LabelledRow;

class CrossEntropyTile : private LaneLosses {
 public:
  HWY_INLINE CrossEntropyTile(const Loss& loss,
                              const internal::TileKernels& kernels)
      : LaneLosses(loss, kernels) {}

  // The losses of rows [first, first + count), and their gradients if dx is not
  // null, but for the rows that are far. Gives false and writes no gradient if
  // no row counts, or if a factor or share does not fit floats. `shares` is
  // null if only labels have a share.
  HWY_INLINE bool Run(const Rows<const float>& x,
                      const Rows<const float>* targets, const Rows<float>& dx,
                      size_t first, size_t count, const LabelledRow* rows,
                      double* losses, TileShares* shares) {
    const size_t width = (count + kLanes - 1) / kLanes * kLanes;
    tile_.width = width;
    at_.first = first;
    at_.count = count;
    const bool is_narrow = x.cols < internal::kMinTileCols;
    const size_t n = is_narrow ? internal::kMinTileCols : x.cols;
    if (targets != nullptr) {
      at_.Set(*targets, dx, width);
      if (is_narrow) FillRows(x.cols, 0.0f);
      if (!kernels_.read_rows(at_.from, n, loss_.parts, shares->Targets(),
                              tile_)) {
        return false;
      }
    }
    at_.Set(x, dx, width);
    const float* counted = nullptr;
    bool are_counted = true;
    for (size_t i = 0; i < count; ++i) {
      upstream_[i] = rows[i].upstream;
      are_counted &= !rows[i].is_ignored;
      if (!rows[i].is_ignored) counted = at_.from[i];
    }
    if (!are_counted && !ReplaceIgnored(rows, counted)) return false;
    if (is_narrow) FillRows(x.cols, -kInfinity);
    float* const logits = shares == nullptr ? e_ : shares->Logits();
    has_others_ = !kernels_.read_rows(at_.from, n, loss_.parts, logits, tile_);
    if (has_others_) FindFarRows();
    const bool has_gradient = dx.data != nullptr;
    if (!FindLosses(x.cols, n, rows, targets == nullptr, has_gradient, shares,
                    losses)) {
      return false;
    }
    if (has_gradient) {
      shares == nullptr ? kernels_.write_rows(e_, n, tile_, at_.to)
                        : shares->WriteGradients(e_, n, units_, tile_, at_.to);
      if (is_narrow) WriteFilledRows(dx);
    }
    for (size_t i = 0; targets == nullptr && i < count; ++i) {
      if (rows[i].is_ignored) {
        losses[i] = 0.0;
        if (has_gradient) Fill(dx.Row(first + i), x.cols, 0.0f);
      } else if (has_gradient) {
        at_.to[i][rows[i].label] = static_cast<float>(label_gradients_[i]);
      }
    }
    return true;
  }

  // Run for columns. False also if a column is far.
  HWY_INLINE bool RunColumns(const internal::ColumnTileIo& io, size_t n,
                             bool has_labels, bool has_gradient, size_t count,
                             const LabelledRow* rows, double* losses,
                             TileShares* shares) {
    const size_t width = (count + kLanes - 1) / kLanes * kLanes;
    tile_.width = width;
    at_.count = count;
    if (!has_labels) {
      io.read(io.context, true, shares->Targets(), tile_);
      if (!FindOffsets()) return false;
    }
    float* const logits = shares == nullptr ? e_ : shares->Logits();
    io.read(io.context, false, logits, tile_);
    bool has_ignored = false;
    for (size_t i = 0; i < count; ++i) {
      upstream_[i] = rows[i].upstream;
      if (!rows[i].is_ignored) continue;
      ClearColumn(i, n, logits);
      has_ignored = true;
    }
    has_others_ = !FindOffsets();
    if (has_others_ && HasFarColumn()) return false;
    has_others_ = false;
    if (!FindLosses(n, n, rows, has_labels, has_gradient, shares, losses)) {
      return false;
    }
    for (size_t i = 0; has_ignored && i < count; ++i) {
      if (rows[i].is_ignored) losses[i] = 0.0;
    }
    if (!has_gradient) return true;
    if (shares != nullptr) shares->MakeGradients(e_, n, units_, tile_);
    io.write(io.context, e_, shares != nullptr, tile_,
             has_labels ? label_gradients_ : nullptr);
    return true;
  }

  // Whether a maximum is not finite or beyond the direct limit.
  HWY_INLINE bool HasOthers() const { return has_others_; }
  using LaneLosses::IsFar;

 private:
  // False if a maximum is not finite or beyond the direct limit.
  HWY_INLINE bool FindOffsets() {
    bool are_direct = true;
    for (size_t i = 0; i < tile_.width; i += kLanes) {
      VF offset;
      are_direct &= FindOffset(Load(tile_.max + i), loss_.parts, offset);
      Store(offset, tile_.offset + i);
    }
    return are_direct;
  }
  HWY_NOINLINE bool HasFarColumn() const {
    const float limit = internal::DirectLimitOf(loss_.parts);
    bool has_far = false;
    for (size_t i = 0; i < tile_.width; ++i) {
      const float max = tile_.max[Unknown(i)];
      has_far |= IsFinite(max) && !(-limit <= max && max <= limit);
    }
    return has_far;
  }
  // Replaces an ignored column by a column without special values.
  HWY_NOINLINE void ClearColumn(size_t i, size_t n, float* logits) {
    for (size_t k = 0; k < n; ++k) logits[k * tile_.width + i] = 0.0f;
    tile_.max[i] = 0.0f;
    upstream_[i] = 0.0;
  }

  HWY_NOINLINE void FindFarRows() {
    const float limit = internal::DirectLimitOf(loss_.parts);
    for (size_t i = 0; i < tile_.width; ++i) {
      const float max = tile_.max[i];
      if (-limit <= max && max <= limit) continue;
      if (IsFinite(max)) at_.to[i] = of_no_row_;
    }
  }
  // An ignored row is not read, and a row that counts stands for it. False if
  // no row counts.
  HWY_NOINLINE bool ReplaceIgnored(const LabelledRow* rows,
                                   const float* counted) {
    for (size_t i = 0; i < tile_.width; ++i) {
      if (!rows[HWY_MIN(i, at_.count - 1)].is_ignored) continue;
      at_.from[i] = counted;
      upstream_[i] = 0.0;
    }
    return counted != nullptr;
  }

  // Rows of less than four columns become rows of four. -inf, whose exp value
  // is +0, changes no sum. The gradients take the place of the logits.
  HWY_NOINLINE void FillRows(size_t cols, float value) {
    float* to = e_ + kFilledRows;
    for (size_t i = 0; i < tile_.width; ++i, to += internal::kMinTileCols) {
      Store(LoadFirst(at_.from[i], cols, Set(value)), to);
      at_.from[i] = at_.to[i] = to;
    }
  }
  HWY_NOINLINE void WriteFilledRows(const Rows<float>& dx) {
    for (size_t i = 0; i < at_.count; ++i) {
      if (IsFar(i)) continue;
      const VF row = LoadFirst(at_.to[i], dx.cols, Set(0.0f));
      at_.to[i] = dx.Row(at_.first + i);
      StoreFirst(row, at_.to[i], dx.cols);
    }
  }
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();
#endif

#endif  // SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_TILE_INL_H_
