// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_REDUCE_H_
#define SOFTLANE_REDUCE_H_

#include "softlane/rows.h"
#include "softlane/status.h"
#include "softlane/target.h"

namespace softlane {
inline namespace v1 {

/// max[r] = the largest element of row r of x.
///
/// Shapes: max has x.rows elements and does not overlap x.
/// Special values: NaN if the row holds one, anywhere; a maximum that is zero
/// is +0; the maximum of a row without columns is -inf. Accuracy: exact.
/// Errors: kNullPointer, kBadShape, kOverlap, kTargetUnavailable.
Status RowMax(const Rows<const float>& x, float* max,
              Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_REDUCE_H_
