// SPDX-License-Identifier: Apache-2.0
#include "kernels/cross_entropy_parts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cross_entropy_parts.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "kernels/cross_entropy_loss-inl.h"

HWY_BEFORE_NAMESPACE();
namespace softlane {
namespace HWY_NAMESPACE {
namespace {

RowLoss LossOfPart(const Loss& loss, const RowSums& row, const RowPlan& plan,
                   float x_label, size_t label, const ShareSums* shares,
                   double upstream) {
  const double label_loss =
      loss.is_wanted ? LabelLoss(row, plan, loss.parts.scale, x_label) : 0.0;
  return LossOf(loss, row, plan, label, label_loss, shares, upstream);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace softlane
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace softlane {
namespace internal {

const KernelTable<LossOfPartFunction> kLossOfPart =
    SOFTLANE_KERNEL_TABLE(LossOfPart);

}  // namespace internal
}  // namespace softlane
#endif  // HWY_ONCE
