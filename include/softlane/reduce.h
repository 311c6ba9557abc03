// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_REDUCE_H_
#define SOFTLANE_REDUCE_H_

#include "softlane/any_rows.h"
#include "softlane/rows.h"
#include "softlane/status.h"
#include "softlane/target.h"

// The maximum of each row.

namespace softlane {
inline namespace v1 {

/// max[r] is the largest element of row r of x.
///
/// Shapes: max has x.rows elements.
/// Aliasing: max does not overlap x.
/// Special values: a row with NaN anywhere gives NaN. A maximum of zero is +0.
/// A row without columns gives -inf.
/// Accuracy: exact.
/// Errors: kNullPointer, kBadShape, kOverlap, kTargetUnavailable.
Status RowMax(const Rows<const float>& x, float* max,
              Target target = Target::kAuto) noexcept;

/// RowMax of any element type: see any_rows.h. The maximum is a float and
/// exact.
template <typename = void>
Status RowMax(const ConstAnyRows& x, float* max,
              Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_REDUCE_H_
