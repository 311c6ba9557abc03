// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_PARTS_H_
#define SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_PARTS_H_

#include "arith/plan.h"
#include "dispatch.h"
#include "kernels/cross_entropy_kernels.h"

namespace softlane {
namespace internal {

/// What a part of a row knows of the row's sum, in units of its plan. A part
/// without the label has 0 for `label`, and a `sum` of all for `others`.
struct PartSums {
  double others, label, sum;
  double log_sum;  // where it is needed: see NeedsLog
  float x_label;
};
/// Not if the loss is that of the label alone, and is made of the others.
inline bool NeedsLog(const CrossEntropyOptions& options, const PartSums& sums) {
  return options.z_loss != 0.0f || !(sums.label > sums.others);
}
/// The loss of a row whose label's class has the weight class_weights[0], and
/// what the gradient takes.
using LossOfPartFunction = RowLoss(const Loss& loss, const PartSums& sums,
                                   const RowPlan& plan, double upstream);
extern const KernelTable<LossOfPartFunction> kLossOfPart;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_PARTS_H_
