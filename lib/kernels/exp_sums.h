// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_EXP_SUMS_H_
#define SOFTLANE_LIB_KERNELS_EXP_SUMS_H_

#include <cstddef>

// The argument and result types of the functions of exp_sums-inl.h, for all
// targets.

namespace softlane {
namespace internal {

/// The column of the hole in a row without a hole. The hole is the logit that
/// is left out of a sum.
constexpr size_t kNoHole = ~size_t{0};

/// The sum of the exp values of a row without the hole, and the exp value of
/// the hole, which is 0 without a hole.
struct HoleSum {
  double others, hole;
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_EXP_SUMS_H_
