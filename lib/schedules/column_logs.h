// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_COLUMN_LOGS_H_
#define SOFTLANE_LIB_SCHEDULES_COLUMN_LOGS_H_

#include <cstddef>

#include "schedules/columns.h"
#include "softlane/rows.h"

namespace softlane {
namespace internal {

/// The logarithms of the sums of a tile's columns, and logsumexp.
class ColumnLogs {
 public:
  /// `logsumexp` may be null.
  ColumnLogs(const ScaleParts& parts, Target target,
             const Rows<float>* logsumexp);

  /// Whether logsumexp is wanted.
  bool AreWanted() const { return logsumexp_ != nullptr; }
  /// Finds out which columns with +inf have NaN, too. To be called after the
  /// plans are decided, and before results replace the logits.
  void FindInfinities(const ColumnPlans& plans, const Tile& tile,
                      const TypedMemory& memory, const Planes<const float>& x,
                      const ColumnTile& at);
  /// Finds LogOfSum of each column that has a finite maximum. The tile has the
  /// columns' maxima, offsets and sums.
  void Find(const ColumnPlans& plans, const Tile& tile);
  /// Whether Find() did the columns one by one. Only then a column can have a
  /// shift.
  bool AreByColumn() const { return are_by_column_; }
  const double* Get() const { return logs_; }
  /// Writes logsumexp, if it is wanted. To be called after Find().
  void Write(const ColumnPlans& plans, const Tile& tile,
             const ColumnTile& at) const {
    if (AreWanted()) WriteAll(plans, tile, at);
  }

 private:
  void FindEach(const ColumnPlans& plans, const Tile& tile);
  void WriteAll(const ColumnPlans& plans, const Tile& tile,
                const ColumnTile& at) const;

  const ScaleParts& parts_;
  const TileKernels& tiles_;
  const ColumnKernels& kernels_;
  FarTileFunction& exp_of_far_;
  const Rows<float>* const logsumexp_;
  bool are_by_column_ = false;
  alignas(64) double logs_[kMaxTileLanes];
  // +inf or NaN for the columns without a finite maximum. A column whose logits
  // are all -inf is known by its sum.
  float infinities_[kMaxTileLanes];
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_COLUMN_LOGS_H_
