// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_HALF_EXPS_H_
#define SOFTLANE_LIB_KERNELS_HALF_EXPS_H_

#include <cstddef>

#include "dispatch.h"
#include "kernels/short_rows.h"
#include "kernels/softmax_kernels.h"

// The passes that read and write half types. The exp pass of softmax also
// divides a pending row, as ExpRowsFunction does; its exp values are floats.

namespace softlane {
namespace internal {

constexpr size_t kMinHalfBatchCols = 32;

struct HalfRowJob {
  const void* logits;
  size_t n;
  float* e;  // the place of n exp values
  /// The result of exp_last for the columns after the whole blocks of 64.
  const LastBlock* last;
  /// The pending row: its exp values, their sum, and the place of its
  /// probabilities. Null: there is no pending row.
  const float* pending;
  double pending_sum;
  void* probs;
  /// Whether probabilities are floats, as the second index of exp_row says.
  bool to_floats;
  /// Whether logits are floats: see HalfRowKernels::takes_floats.
  bool from_floats;
  /// As RowJob::block_sums.
  double* block_sums;
};

struct HalfRowKernels {
  bool has_words;     // bfloat16 may be in words
  bool takes_floats;  // exp_row may read floats
  /// Does the whole blocks of a job and of its pending row, whose
  /// probabilities must not be tiny. The first index is HalfIndexOf the row's
  /// type. The second is 1 if probabilities are floats, and 0 if they have the
  /// row's type.
  void (*exp_row[2][2])(const HalfRowJob& job, const ExpParams& params,
                        RowResult& result);
  /// Computes the exp values of the logits after the whole blocks of a row of n
  /// columns. The place of the row is e.
  void (*exp_last)(const float* logits, float* e, size_t n,
                   const ExpParams& params, LastBlock& last);
  /// Writes the probabilities of a row's exp values, whole blocks of 64.
  /// Probabilities may be tiny. The last columns are written first, so probs
  /// may overlap e, if no probability stands before its exp value. The first
  /// index is HalfIndexOf the type of probs. With the second index 1, exp
  /// values are in order. With 0, they have the order of exp_row.
  void (*divide[2][2])(const float* e, void* probs, size_t n, double sum);
  /// The exp values of n logits, whole blocks of 64. False if an exp value does
  /// not fit the range. The first index is HalfIndexOf the type. With the
  /// second index 1, exp values are in order. With 0, they may be in words: see
  /// Batch::is_in_words.
  bool (*exp_blocks[2][2])(const void* logits, float* e, size_t n,
                           const ExpParams& params);
  /// Writes a batch of rows of at least kMinHalfBatchCols columns. No
  /// probability is tiny. `stride` counts elements. The indices are those of
  /// exp_blocks.
  void (*write_batch[2][2])(const Batch& batch, void* probs, size_t stride);
};

/// A null function does not exist for the target.
extern const KernelTable<const HalfRowKernels> kHalfRowKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_HALF_EXPS_H_
