// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_HALF_ROWS_H_
#define SOFTLANE_LIB_KERNELS_HALF_ROWS_H_

#include <cstddef>

#include "dispatch.h"
#include "kernels/softmax_kernels.h"

// The passes that read and write half types. The exp pass of softmax also
// divides a pending row, as ExpRowsFunction does; its exp values are floats.

namespace softlane {
namespace internal {

/// All lengths are whole blocks of 64 columns.
struct HalfRowJob {
  const void* logits;
  size_t full;  // the columns of whole blocks
  float* e;     // the place of their exp values
  /// The row's other columns: their exp values are in the place behind.
  const LastBlock* last;  // null if there are none
  /// The pending row: its exp values, their sum, and the place of its
  /// probabilities. Null: there is no pending row.
  const float* pending;
  double pending_sum;
  void* probs;
};

struct HalfRowKernels {
  /// Does a job. No probability of the pending row may be tiny. The index is
  /// ElementType - 1.
  void (*exp_row[2])(const HalfRowJob& job, const ExpParams& params,
                     RowResult& result);
  /// The exp values of the logits behind the whole blocks of a row of n
  /// columns, which go to e.
  void (*exp_last)(const float* logits, float* e, size_t n,
                   const ExpParams& params, LastBlock& last);
  /// y = exp(x) for n elements of the same half type, whole blocks of 64. y may
  /// be x. The index is ElementType - 1.
  void (*exp[2])(const void* x, void* y, size_t n);
};

/// Null functions: the target has none.
extern const KernelTable<const HalfRowKernels> kHalfRowKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_HALF_ROWS_H_
