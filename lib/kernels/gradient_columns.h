// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_GRADIENT_COLUMNS_H_
#define SOFTLANE_LIB_KERNELS_GRADIENT_COLUMNS_H_

#include <cstddef>

#include "dispatch.h"

// The passes of backward functions along an axis. The columns of a plane take
// the place of rows, and a vector has neighbouring columns. The passes read
// long runs of neighbouring columns, of few rows at a time, which a CPU
// prefetches well. A stride that is a power of two would put many rows into the
// same few sets of every cache.

namespace softlane {
namespace internal {

/// n rows of two inputs. Softmax: a is p, b is dp. Log-softmax: a is log p, b
/// is d. There are at least as many columns as a vector has lanes.
struct GradientRows {
  const float* a;
  size_t a_stride;
  const float* b;
  size_t b_stride;
  size_t n, cols;
};

/// The largest number of columns of a call that sums columns of at most
/// kColumnBlock elements at once, and of other calls.
constexpr size_t kMaxShortCols = 1024;
constexpr size_t kMaxLongCols = 256;
/// The number of rows that sums take at a time.
constexpr size_t kColumnBlock = 64;

/// The sums of columns, and the numbers that follow from them.
struct ColumnSums {
  /// For each of the 8 lanes of LaneSum a double per column. Columns that are
  /// summed at once need a quarter of it.
  alignas(64) double parts[8 * kMaxLongCols];
  /// -sum / 2 for softmax, or sum / c for log-softmax, where c is SoftmaxExp's
  /// factor. The last vector of columns may overlap the vector before it, but
  /// its numbers come after those of that vector.
  float factors[kMaxShortCols];
};
static_assert(2 * kMaxShortCols <= 8 * kMaxLongCols, "two doubles per column");

struct GradientColumnKernels {
  /// Sums p * dp, or d, of each column, in the order of LaneSum. Rows that are
  /// not the last are whole blocks.
  void (*sum)(const GradientRows& rows, bool is_first, bool is_last,
              ColumnSums& sums);
  /// Writes the gradients. `to` may be an input. If `is_streamed`, they go past
  /// the caches: each row of `to` is whole cache lines then, four vectors at a
  /// time.
  void (*write)(const GradientRows& rows, float scale, const ColumnSums& sums,
                float* to, size_t to_stride, bool is_streamed);
};
extern const KernelTable<const GradientColumnKernels> kGradientColumnKernels;
extern const KernelTable<const GradientColumnKernels> kLogGradientColumnKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_GRADIENT_COLUMNS_H_
