// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_HALF_BATCHES_H_
#define SOFTLANE_LIB_SCHEDULES_HALF_BATCHES_H_

#include "arith/plan.h"
#include "kernels/half_exps.h"
#include "kernels/half_passes.h"
#include "softlane/any_rows.h"
#include "softlane/target.h"

namespace softlane {
namespace internal {

/// Whether a call is for RunHalfBatches. Longer rows of a half type are faster
/// in half_rows.h. The time divided by the time of floats, AVX2 on Zen 5,
/// bfloat16 and float16: at 8 x 512 1.21 and 1.09 in batches, 1.21 and 1.14 in
/// rows; at 8 x 1024 1.27 and 1.16, 1.22 and 1.15. Floats that become a half
/// type have no such rows with AVX2; in chunks they took 1.53 and 1.36 at 8 x
/// 1024, in batches 1.24 and 1.09.
inline bool AreHalfBatches(size_t rows, size_t cols, ElementType in,
                           ElementType, Target target) {
  constexpr size_t kMinRows = 4, kMaxHalfCols = 512;
  return kMinRows <= rows && kMinHalfBatchCols <= cols &&
         (cols <= kMaxHalfCols ||
          (cols <= kBatchElements && !IsHalf(in) &&
           !KernelsOf(kHalfRowKernels, target).takes_floats));
}

/// Softmax of short rows of which the input, the output or both have a half
/// type, in batches by a predicted exponent: see softmax_batches.h. Halves are
/// converted in the passes. Returns the number of rows done. If rows are left,
/// the next batch does not fit the prediction, or there is no such schedule for
/// the target, the types or the shape.
size_t RunHalfBatches(const ConstAnyRows& x, const AnyRows& y,
                      const ScaleParts& parts, Target target);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_HALF_BATCHES_H_
