// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_HALF_EXPS_H_
#define SOFTLANE_LIB_KERNELS_HALF_EXPS_H_

#include <cstddef>

#include "dispatch.h"
#include "kernels/softmax_kernels.h"

// The passes that read and write half types. The exp pass of softmax also
// divides a pending row, as ExpRowsFunction does; its exp values are floats.

namespace softlane {
namespace internal {

struct HalfRowJob {
  const void* logits;
  size_t n;
  float* e;  // the place of n exp values
  /// What exp_last gave for the columns behind the whole blocks of 64.
  const LastBlock* last;
  /// The pending row: its exp values, their sum, and the place of its
  /// probabilities. Null: there is no pending row.
  const float* pending;
  double pending_sum;
  void* probs;
  /// As RowJob::block_sums.
  double* block_sums;
};

struct HalfRowKernels {
  /// Does the whole blocks of a job and of its pending row, whose
  /// probabilities must not be tiny. The first index is HalfIndexOf the row's
  /// type. The second is 1 if probabilities are floats, and 0 if they have the
  /// row's type.
  void (*exp_row[2][2])(const HalfRowJob& job, const ExpParams& params,
                        RowResult& result);
  /// The exp values of the logits behind the whole blocks of a row of n
  /// columns, whose place is e.
  void (*exp_last)(const float* logits, float* e, size_t n,
                   const ExpParams& params, LastBlock& last);
  /// Splits n floats, whole blocks of 64, into upper and lower halves, in an
  /// order of their own. `lower` may be e.
  void (*split)(const float* e, void* upper, void* lower, size_t n);
  /// The probabilities of split exp values, in place of the upper halves. They
  /// may be tiny.
  void (*divide_split[2])(void* upper, const void* lower, size_t n, double sum);
  /// y = exp(x) for n elements of the same half type, whole blocks of 64. y may
  /// be x.
  void (*exp[2])(const void* x, void* y, size_t n);
};

/// Null functions: the target has none.
extern const KernelTable<const HalfRowKernels> kHalfRowKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_HALF_EXPS_H_
