// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_ROW_PASSES_H_
#define SOFTLANE_LIB_KERNELS_ROW_PASSES_H_

#include <cstddef>

#include "arith/plan.h"
#include "dispatch.h"
#include "softlane/rows.h"

// The passes over rows that all families share.

namespace softlane {
namespace internal {

/// What the first elements of a row say of all rows.
struct RowSample {
  float max;        // of all elements that were read
  bool has_masked;  // some are so far below it that they do not count
  bool is_wide;     // others are too far below it for a predicted range
};

/// Null where a target has no schedule that needs it.
struct RowKernels {
  /// The maximum; any number if the row holds NaN.
  float (*max)(const float* x, size_t n);
  /// The maximum; NaN if the row holds one.
  float (*max_or_nan)(const float* x, size_t n);
  /// to[r] = the same of row r, but +0 for -0. Reads each element once.
  void (*max_of_rows)(const Rows<const float>& x, float* to);
  RowSample (*sample)(const float* x, size_t n, const ScaleParts& parts);
  /// to[i] = 0, past the caches.
  void (*zero_streamed)(float* to, size_t n);
  /// After the last store past the caches.
  void (*flush)();
};

extern const KernelTable<const RowKernels> kRowKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_ROW_PASSES_H_
