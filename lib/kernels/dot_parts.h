// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_DOT_PARTS_H_
#define SOFTLANE_LIB_KERNELS_DOT_PARTS_H_

#include <cstddef>

#include "dispatch.h"

// The dot product of a row that is read part by part, with the bits of the dot
// products of backward_passes.h, which read the whole row.

namespace softlane {
namespace internal {

/// The columns of a part, except for the last part, are a multiple of this.
constexpr size_t kDotBlock = 64;

/// The lanes of a sum. At the row's begin they are +0.
struct alignas(64) DotLanes {
  double lanes[8];
};

struct DotParts {
  /// Adds the products p * dp of the next n columns. Null p means factors of 1:
  /// a sum of dp. With is_kept a product with p = 0 is +0, whatever dp is.
  void (*add)(const float* p, const float* dp, size_t n, bool is_kept,
              DotLanes* sum);
  double (*total)(const DotLanes& sum);
};

extern const KernelTable<const DotParts> kDotParts;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_DOT_PARTS_H_
