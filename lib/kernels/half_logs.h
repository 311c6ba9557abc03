// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_HALF_LOGS_H_
#define SOFTLANE_LIB_KERNELS_HALF_LOGS_H_

#include <cstddef>

#include "dispatch.h"
#include "kernels/softmax_kernels.h"

// The passes of log-softmax that convert half types in registers: see
// log_passes.h.

namespace softlane {
namespace internal {

/// n logits, whose sum is taken.
struct HalfSumJob {
  const void* logits;
  size_t n;
  /// The logits after the whole blocks of 64, as floats. Some of them are
  /// repeated up to 64 floats. Null if there are none.
  const float* last;
  double* block_sums;  // as RowJob::block_sums
};

/// The second index of `write` is HalfIndexOf the results' type. Null
/// functions: the target has none.
struct HalfLogs {
  /// Returns the sum, the maximum, and whether the exp values fit the range.
  /// The index is HalfIndexOf the type.
  void (*sum[2])(const HalfSumJob& job, const ExpParams& params,
                 RowResult& result);
  /// Writes the log-probabilities of n logits, whole blocks of 64, of the same
  /// half type (0) or of floats (1), from the logarithm of the row's sum. The
  /// row fits a predicted range. y may be x.
  void (*write[2][2])(const void* x, void* y, size_t n, double log_sum,
                      const ScaleParts& parts);
};

extern const KernelTable<const HalfLogs> kHalfLogs;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_HALF_LOGS_H_
