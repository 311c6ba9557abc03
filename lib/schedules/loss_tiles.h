// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_LOSS_TILES_H_
#define SOFTLANE_LIB_SCHEDULES_LOSS_TILES_H_

#include <cstddef>

#include "kernels/cross_entropy_kernels.h"
#include "schedules/cross_entropy_columns.h"
#include "schedules/cross_entropy_rows.h"
#include "softlane/target.h"

namespace softlane {
namespace internal {

/// Cross-entropy of columns in tiles, with a column per lane. The columns of a
/// tile stand side by side in a plane; if planes have few columns, they are
/// those of several planes.
class LossTiles {
 public:
  LossTiles(const LossPlanes& planes, const CrossEntropyCall& call,
            Target target) noexcept;

  /// Whether the columns fit tiles. Otherwise columns are done as rows.
  bool HoldColumns() const { return width_ != 0; }
  /// LossTileSource::rows and LossTileSource::run.
  size_t RowsOf(size_t first, size_t count);
  /// Does the rows from the `first` of the last RowsOf() on.
  bool Run(const Loss& loss, size_t count, const LabelledRow* rows,
           double* losses);

 private:
  static void Read(void* context, bool are_targets, float* values, Tile& tile);
  static void Write(void* context, float* values, bool are_gradients,
                    const Tile& tile, const double* label_gradients);
  void Read(const Planes<const float>& v, float* values, Tile& tile) const;
  void Gather(const Planes<const float>& v, float* values, size_t width) const;
  void Scatter(const float* values, size_t width) const;
  template <class Body>
  void ForRuns(const Body& body) const;
  void SetLabels(const double* label_gradients, const ColumnsOut& out) const;

  const LossPlanes& planes_;
  const CrossEntropyCall& call_;
  const CrossEntropyKernels& losses_;
  const TileKernels& tiles_;
  const ColumnKernels& kernels_;
  const TypedMemory memory_;
  size_t width_;  // the most lanes
  const bool are_gathered_, is_far_;
  ColumnTile at_{};  // the columns of the tile
  const LabelledRow* rows_;
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_LOSS_TILES_H_
