// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_ROW_PASSES_H_
#define SOFTLANE_LIB_KERNELS_ROW_PASSES_H_

#include <cstddef>

#include "arith/plan.h"
#include "dispatch.h"
#include "softlane/rows.h"

// The passes over rows that all families of functions share.

namespace softlane {
namespace internal {

/// A sample of all rows: the first elements of one row.
struct RowSample {
  float max;  // the maximum of the sample
  /// Whether elements are so far below the maximum that they are +0. Aligned,
  /// so that it is returned in another register than the maximum, which does
  /// not wait for it.
  alignas(8) bool has_masked;
  bool is_wide;  // whether unmasked elements are far below the maximum, too
};

/// A pass is null if no schedule of the target needs it.
struct RowKernels {
  /// The maximum. Any number if the row holds NaN.
  float (*max)(const float* x, size_t n);
  /// The maximum. NaN if the row holds NaN.
  float (*max_or_nan)(const float* x, size_t n);
  /// to[r] = max_or_nan of row r, and +0 for -0. Reads each element once.
  void (*max_of_rows)(const Rows<const float>& x, float* to);
  RowSample (*sample)(const float* x, size_t n, const ScaleParts& parts);
  /// to[i] = 0, past the caches.
  void (*zero_streamed)(float* to, size_t n);
  /// To be called after the last store past the caches.
  void (*flush)();
};

extern const KernelTable<const RowKernels> kRowKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_ROW_PASSES_H_
