// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_PARTS_H_
#define SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_PARTS_H_

#include "arith/plan.h"
#include "dispatch.h"
#include "kernels/cross_entropy_kernels.h"

namespace softlane {
namespace internal {

/// The loss of a row whose label's class has the weight class_weights[0], and
/// what the gradient takes. A part without the label has 0 for the label's exp
/// value, and the sum of all for that of the others.
using LossOfPartFunction = RowLoss(const Loss& loss, const RowSums& row,
                                   const RowPlan& plan, float x_label,
                                   double upstream);
extern const KernelTable<LossOfPartFunction> kLossOfPart;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_PARTS_H_
