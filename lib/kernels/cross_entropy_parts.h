// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_PARTS_H_
#define SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_PARTS_H_

#include "arith/plan.h"
#include "dispatch.h"
#include "kernels/cross_entropy_kernels.h"

namespace softlane {
namespace internal {

// What a row takes of which no memory has all columns as floats.

/// The loss of a row, and the numbers of the gradient. A part without the label
/// has 0 as the label's exp value, and the sum of all as the sum of the others.
/// `shares` is null if only the label has a share.
using LossOfPartFunction = RowLoss(const Loss& loss, const RowSums& row,
                                   const RowPlan& plan, float x_label,
                                   size_t label, const ShareSums* shares,
                                   double upstream);
extern const KernelTable<LossOfPartFunction> kLossOfPart;

/// The sums of a row's shares so far. All members are 0 before the first class.
struct ShareParts {
  size_t n;  // the classes
  alignas(64) double total[8];
  alignas(64) double logits[8];
};

/// The shares of a part of a row's classes, in floats. The class weights of
/// `loss` begin with that of the part's first class.
struct SharePasses {
  /// Adds the shares of n classes and returns the sums of all classes so far. n
  /// is a multiple of 512, except for the last classes.
  ShareSums (*add)(const Loss& loss, const float* targets, const float* x,
                   size_t n, float max, ShareParts& sums);
  /// dx_c = factor * dx_c - unit * q_c, for exp values of a row with this sum.
  void (*write)(const Loss& loss, const float* targets, double factor,
                double sum, double unit, size_t n, float* dx);
};
extern const KernelTable<const SharePasses> kSharePasses;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_CROSS_ENTROPY_PARTS_H_
