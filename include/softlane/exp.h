// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_EXP_H_
#define SOFTLANE_EXP_H_

#include "softlane/accuracy.h"
#include "softlane/any_rows.h"
#include "softlane/rows.h"
#include "softlane/status.h"
#include "softlane/target.h"

// exp, element by element.

namespace softlane {
inline namespace v1 {

/// y = exp(x), element by element.
///
/// Shapes: x and y have the same rows and cols.
/// Aliasing: y may be the view x.
/// Special values: exp(-inf) = +0, exp(+inf) = +inf, exp(+-0) = 1, and NaN
/// stays NaN. Small results underflow gradually, and large results become +inf.
/// Accuracy: kExpMaxUlp. The host's rounding mode and its FTZ and DAZ settings
/// change nothing.
/// Errors: kNullPointer, kBadShape, kOverlap, kTargetUnavailable.
Status Exp(const Rows<const float>& x, const Rows<float>& y,
           Target target = Target::kAuto) noexcept;

/// Exp of any element type: see any_rows.h.
Status Exp(const ConstAnyRows& x, const AnyRows& y,
           Target target = Target::kAuto) noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_EXP_H_
