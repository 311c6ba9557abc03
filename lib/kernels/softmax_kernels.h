// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_SOFTMAX_KERNELS_H_
#define SOFTLANE_LIB_KERNELS_SOFTMAX_KERNELS_H_

#include <cstddef>

#include "arith/exponent_range.h"
#include "arith/plan.h"
#include "dispatch.h"
#include "kernels/row_limits.h"
#include "softlane/rows.h"
#include "softlane/softmax.h"

// The passes of softmax over rows, a set of functions per target. They do not
// know the schedule they are part of: see ../schedules. A null function is not
// there for a target.

namespace softlane {
namespace internal {

/// What is read soon: brought into the first cache on the way. Both may be
/// null.
struct ReadAhead {
  const float* first;
  const float* second;
};

/// Exp values of a row are to be computed. On the way, those of a pending row
/// are divided by their sum.
struct RowJob {
  const float* logits;  // the row in memory, for the kind of logits
  size_t row, begin;    // its index in the call, and the first column
  size_t n;
  float sink;  // a logit that only joins the sum; -inf: none
  float* e;    // n exp values
  /// The pending row: n exp values, their sum, and where the probabilities go.
  /// pending_n is 0 if there is none. The sum may be a result of the same call.
  const float* pending;
  size_t pending_n;
  const double* pending_sum;
  float* probs;
  /// The probabilities go past the caches. They are aligned, and `ahead` is
  /// brought into the cache.
  bool is_streamed;
  ReadAhead ahead;
};

struct ExpParams {
  ScaleParts parts;
  ExpRange range;
  bool is_exact;   // the range is that of the row's maximum: no row fails
  bool is_staged;  // AVX-512: exponentials in two stages
  /// The rows have one length, of 256 or more, no sinks and no maximum, and are
  /// staged and not streamed.
  bool is_uniform;
};

struct RowResult {
  double sum;      // of the exp values and the sink's
  double row_sum;  // of the exp values
  float max;       // of the logits and the sink, where it was asked for
  bool in_range;   // false: the row needs its maximum
};

/// What a row's block that is not full adds: its exp values, folded to 16; the
/// maximum of its logits; and whether they are in the range.
struct LastBlock {
  alignas(64) float folded[16];
  float max;
  bool in_range;
};

/// How many jobs are done. If `has_failed`, the next was tried, and its result
/// says so; its pending row is done all the same.
struct RowsDone {
  size_t count;
  bool has_failed;
};

/// Stops behind a row whose sum is not IsUsualSum, or whose probabilities may
/// be tiny, and at a row whose exp values do not fit the range.
using ExpRowsFunction = RowsDone(const void* source, const RowJob* jobs,
                                 size_t count, const ExpParams& params,
                                 RowResult* results);

/// Rows of a batch: `rows` rows of n logits, from row `first` of the call on,
/// `stride` apart. Their exp values go to e, `e_stride` apart. If is_dense,
/// both are n, and so are the strides of all masks.
struct BatchRows {
  const float* logits;
  size_t stride, first, rows, n;
  bool is_dense;
  float* e;
  size_t e_stride;
  /// The columns of each row, not more than n; the exp values behind are +0.
  /// Null: all. Then is_dense is false.
  const size_t* ends;
  /// Takes the maximum of each row; null where it is not asked for.
  float* max;
};
/// False if one does not fit the range.
using ExpBatchFunction = bool(const void* source, const BatchRows& rows,
                              const ExpParams& params);

/// The passes that read logits of one kind. `source` is the kind's own.
struct LogitsKernels {
  /// By (may have masked elements) + 2 * (the maximum is asked for).
  ExpRowsFunction* exp_rows[4];
  /// Writes the row's logits. Null: they stand in memory as they are.
  void (*write_logits)(const void* source, const RowJob& job, float* to);
};

/// The exp passes of batches of short rows of such logits.
struct BatchLogitsKernels {
  /// By (may have masked elements).
  ExpBatchFunction* exp_batch[2];
  /// The same where maxima are asked for, or rows have ends; elements may be
  /// masked.
  ExpBatchFunction* exp_batch_of_rows;
};

/// The passes of one last step, over rows of floats in memory.
struct SoftmaxKernels {
  /// A row by itself, from its maximum on, in place or not. If the sum is NaN
  /// nothing is divided, and logsumexp is not written; it may be null.
  RowResult (*one_row)(const float* x, float* y, size_t n, float sink,
                       const ScaleParts& parts, float* logsumexp);
  /// logsumexp of a row with this maximum, of exp values in the range.
  float (*log_sum_exp)(float max, double sum, const ExpRange& range,
                       const ScaleParts& parts);
  /// probs = e / sum.
  void (*divide)(const float* e, float* probs, size_t n, double sum,
                 bool has_tiny, const ScaleParts& parts);
  /// The same, past the caches; there may be tiny ones.
  void (*divide_streamed)(const float* e, float* probs, size_t n, double sum,
                          const ReadAhead& ahead, const ScaleParts& parts);
  /// A row beyond the caches in two passes. False if it needs more than this
  /// does; then nothing is written.
  bool (*large_row)(const float* x, float* y, size_t n, float* logsumexp,
                    const ScaleParts& parts);
  /// A batch of short rows, in place or not. Gives how many of the first rows
  /// are done; the next needs more than this does. logsumexp may be null.
  size_t (*short_rows)(const float* x, size_t x_stride, float* y,
                       size_t y_stride, size_t rows, size_t n, float* logsumexp,
                       const ScaleParts& parts);
};

extern const KernelTable<const SoftmaxKernels> kSoftmaxKernels;
extern const KernelTable<const LogitsKernels> kPlainLogitsKernels;
extern const KernelTable<const BatchLogitsKernels> kPlainBatchKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_SOFTMAX_KERNELS_H_
