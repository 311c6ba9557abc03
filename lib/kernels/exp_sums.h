// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_EXP_SUMS_H_
#define SOFTLANE_LIB_KERNELS_EXP_SUMS_H_

#include <cstddef>

// What exp_sums-inl.h's functions take and give, for all targets.

namespace softlane {
namespace internal {

/// The column of a row's hole, the logit that is left out of a sum, where there
/// is none.
constexpr size_t kNoHole = ~size_t{0};

/// The sum of the exp values of a row but that of the hole, and the hole's; 0
/// where there is none.
struct HoleSum {
  double others, hole;
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_EXP_SUMS_H_
