// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_COLUMN_ROWS_H_
#define SOFTLANE_LIB_SCHEDULES_COLUMN_ROWS_H_

#include <cstddef>

#include "schedules/columns.h"
#include "softlane/planes.h"
#include "softlane/target.h"

// Columns of planes as rows of floats, for functions that have no passes over
// columns.

namespace softlane {
namespace internal {

/// Elements of some columns: `count` elements of each, from `first` on. Columns
/// are counted over all planes: column c has inner index c % inner in plane c /
/// inner.
struct ColumnPart {
  size_t col, cols;
  size_t first, count;
};

/// Transposes columns of any element type.
class ColumnRows {
 public:
  /// `types` is null if the planes are of floats.
  ColumnRows(Target target, const ColumnTypes* types) noexcept
      : kernels_(KernelsOf(kColumnKernels, target)), types_(types) {}

  /// Row k gets the elements of column part.col + k.
  void Read(const Planes<const float>& v, const ColumnPart& part, float* rows,
            size_t stride) const;
  /// Writes rows to columns. If `are_added_to`, the rows are added to the
  /// elements, and the sums are rounded to the type of the elements.
  void Write(const float* rows, size_t stride, bool are_added_to,
             const Planes<float>& v, const ColumnPart& part) const;

 private:
  void ReadResults(const Planes<float>& v, const ColumnTile& at,
                   const TilePart& part) const;

  const ColumnKernels& kernels_;
  const ColumnTypes* const types_;
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_COLUMN_ROWS_H_
