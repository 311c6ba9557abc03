// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_SOFTMAX_KERNELS_H_
#define SOFTLANE_LIB_KERNELS_SOFTMAX_KERNELS_H_

#include <cstddef>

#include "arith/exact_sum.h"
#include "arith/exponent_range.h"
#include "arith/plan.h"
#include "dispatch.h"
#include "kernels/row_limits.h"
#include "softlane/options.h"
#include "softlane/rows.h"

// The passes of softmax over rows, a set of functions per target. The schedules
// in ../schedules choose among them. A null function does not exist for the
// target.

namespace softlane {
namespace internal {

/// Data that are read soon. A pass brings them into the first cache. Both
/// pointers may be null.
struct ReadAhead {
  const float* first;
  const float* second;
};

struct OpenLine;  // see open_line.h

/// The largest number of columns of a job, in blocks of kSumCols.
constexpr size_t kMaxJobBlocks = kMaxSums;
constexpr size_t kMaxJobCols = kMaxJobBlocks * kSumCols;

/// A job of the exp pass: compute the exp values of a row, and in the same loop
/// divide the exp values of a pending row by their sum.
struct RowJob {
  const float* logits;  // the row in memory, which the source makes logits of
  size_t row, begin;    // its index in the call, and its first column
  size_t n;
  float sink;  // a logit that only joins the sum; -inf: no sink
  float* e;    // the place of n exp values
  /// The pending row: its exp values, their number and sum, and the place of
  /// its probabilities. pending_n is 0 if there is no pending row. The sum may
  /// be a result of the same call.
  const float* pending;
  size_t pending_n;
  const double* pending_sum;
  float* probs;
  /// Whether the probabilities go past the caches. If so, they are aligned, and
  /// `ahead` is brought into the cache.
  bool is_streamed;
  ReadAhead ahead;
  /// Gets the sums of up to kMaxJobBlocks blocks of kSumCols columns. If the
  /// range is exact, it has the lowest argument of each block before the job.
  /// Null means that the job is a row of at most kSumCols columns.
  double* block_sums;
};

struct ExpParams {
  ScaleParts parts;
  ExpRange range;
  bool is_exact;   // the range is from the row's own maximum, so no row fails
  bool is_staged;  // AVX-512: exponentials in two stages
};

struct RowResult {
  double sum;      // the sum of the exp values and the sink's exp value
  double row_sum;  // the sum of the exp values alone
  float max;       // the maximum of logits and sink, if it was asked for
  bool in_range;   // if false, the row must be done by its maximum
};

/// The results for the partial block of a row: its exp values, folded to 16;
/// the maximum of its logits; and whether its exp values fit the range.
struct LastBlock {
  alignas(64) float folded[16];
  float max;
  bool in_range;
};

/// The number of jobs done. If has_failed, the next job was tried, too: its
/// result says that the row did not fit, and its pending row is done.
struct RowsDone {
  size_t count;
  bool has_failed;
};

/// Does jobs in order. Stops after a row whose sum is not IsUsualSum or whose
/// probabilities may be tiny. Stops at a row whose exp values do not fit the
/// range.
using ExpRowsFunction = RowsDone(const void* source, const RowJob* jobs,
                                 size_t count, const ExpParams& params,
                                 RowResult* results);

/// Rows without sinks, all of one length up to kSumCols. The kernel goes from
/// row to row by strides: with AVX-512 on Zen 5, a job per row took 14 % of the
/// time at 64 x 256.
struct UniformRows {
  /// r may also be a pending row before the first row.
  float* Probs(size_t r) const {
    return r < row ? probs - (row - r) * probs_stride
                   : probs + (r - row) * probs_stride;
  }
  /// The place of the exp values of row r.
  float* PlaceOf(size_t r) const {
    return places == nullptr ? Probs(r)
                             : places + r % (distance + 1) * places_step;
  }
  double& SumOf(size_t r) const { return sums[r & (distance - 1)]; }

  const float* logits;  // of the first row, as RowJob::logits
  size_t stride;
  size_t row, count;  // the index of the first row in the call
  size_t n;
  float* probs;  // the place of the first row's probabilities
  size_t probs_stride;
  /// The exp values of row r wait in place r % (distance + 1). Null means that
  /// they wait in the place of their probabilities.
  float* places;
  size_t places_step;
  size_t distance;  // 1 or 2: from a pending row to the row beside it
  /// sums[r % distance] is the sum of row r. Before the call, the sums are
  /// those of the pending rows, or 0 without a pending row. After it, they are
  /// the sums of the last rows done.
  double* sums;
};
/// ExpRowsFunction for such rows. No maximum is asked for.
using ExpUniformFunction = RowsDone(const void* source, const UniformRows& rows,
                                    const ExpParams& params);

/// Rows of a batch: `rows` rows of n logits from row `first` of the call on,
/// `stride` apart. Their exp values go to e, `e_stride` apart; exp_batch writes
/// whole vectors, up to PaddedCols of the last row. is_dense means that both
/// strides are n, and the strides of all masks, too.
struct BatchRows {
  const float* logits;
  size_t stride, first, rows, n;
  bool is_dense;
  float* e;
  size_t e_stride;
  /// The number of columns of each row, at most n. Exp values after them are
  /// +0. Null means n columns. With ends, is_dense is false. exp_batch of
  /// logits in memory has none.
  const size_t* ends;
  /// Gets the maximum of each row. Null if it is not asked for.
  float* max;
  /// The range of each row, for exp_batch_of_rows: see ExpRange.
  float* offset;
  float* lowest;
  /// The rows from here on are read next. Beside the exp values, this number of
  /// rows is brought into the first-level cache. Attention does not do this.
  const float* ahead;
  size_t ahead_rows;
};
/// Computes the exp values of a batch. False if an exp value does not fit the
/// range.
using ExpBatchFunction = bool(const void* source, const BatchRows& rows,
                              const ExpParams& params);

/// Sets the maxima of a batch, with the sinks unless they are null, and the
/// ranges that follow from the maxima. Writes the logits to e, unless they are
/// in memory. False if a maximum is not finite or beyond the direct limit. Such
/// a row gets the range of a maximum of 0.
using FindMaximaFunction = bool(const void* source, const BatchRows& rows,
                                const float* sinks, const ScaleParts& parts);

/// The passes that read one kind of logits. `source` has the data of this kind.
struct LogitsKernels {
  /// The index is (elements may be masked) + 2 * (the maximum is asked for).
  ExpRowsFunction* exp_rows[4];
  /// Writes the logits of a row. Null if the logits stand in memory.
  void (*write_logits)(const void* source, const RowJob& job, float* to);
  /// The index is (elements may be masked). Null: there is no such pass.
  ExpUniformFunction* exp_uniform[2] = {};
};

/// The exp passes of batches of short rows for one kind of logits.
struct BatchLogitsKernels {
  /// The index is (elements may be masked).
  ExpBatchFunction* exp_batch[2];
  /// exp_batch with a range for each row, which also gives the maxima if they
  /// are needed. Elements may be masked.
  ExpBatchFunction* exp_batch_of_rows;
  FindMaximaFunction* find_maxima;
};

/// Does few rows, see AreFewRows, at once, in place or not. The rows are not
/// scaled. Gives false and writes nothing if a row needs another schedule.
/// Softmax writes no logsumexp. Log-softmax writes it if y is null, and only
/// then.
using FewRowsFunction = bool(const float* x, size_t x_stride, float* y,
                             size_t y_stride, size_t rows, size_t n,
                             float* logsumexp);

/// The passes that depend on the last step and read floats in memory.
struct SoftmaxKernels {
  /// Does a whole row: its maximum, its exp values, the last step. In place or
  /// not. If the sum is NaN, neither the last step nor logsumexp is done.
  /// logsumexp may be null.
  RowResult (*one_row)(const float* x, float* y, size_t n, float sink,
                       const ScaleParts& parts, float* logsumexp);
  /// The log of the sum of a row with this maximum, from exp values in the
  /// range.
  double (*log_of_sum)(float max, double sum, const ExpRange& range,
                       const ScaleParts& parts);
  /// probs = e / sum.
  void (*divide)(const float* e, float* probs, size_t n, double sum,
                 bool has_tiny, const ScaleParts& parts);
  /// `divide` past the caches. Probabilities may be tiny. `line` may be null.
  void (*divide_streamed)(const float* e, float* probs, size_t n, double sum,
                          const ReadAhead& ahead, const ScaleParts& parts,
                          OpenLine* line);
  /// Does a batch of short rows, in place or not. Returns the number of rows
  /// done. The next row needs another schedule. logsumexp may be null.
  size_t (*short_rows)(const float* x, size_t x_stride, float* y,
                       size_t y_stride, size_t rows, size_t n, float* logsumexp,
                       const ScaleParts& parts);
  /// Null if there is no such function for the target.
  FewRowsFunction* few_rows;
};

extern const KernelTable<const SoftmaxKernels> kSoftmaxKernels;
extern const KernelTable<const LogitsKernels> kPlainLogitsKernels;
extern const KernelTable<const BatchLogitsKernels> kPlainBatchKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_SOFTMAX_KERNELS_H_
