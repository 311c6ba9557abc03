// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_SHORT_ROWS_H_
#define SOFTLANE_LIB_KERNELS_SHORT_ROWS_H_

#include <cstddef>

#include "arith/exponent_range.h"
#include "arith/plan.h"
#include "dispatch.h"

// Batches of short rows. Between its passes a row folds a sum and divides. In a
// short row this costs more than the passes. In a batch one vector does it for
// all rows, with a row per lane.

namespace softlane {
namespace internal {

/// The most rows of a batch. With more rows there is less work per row between
/// the passes. ns per element with AVX2 on Zen 3, with 16 and with 32 rows:
/// softmax 0.43 and 0.38 at 2048 x 16, 0.37 and 0.35 at 1024 x 32, no
/// difference at 64 columns; attention 0.71 and 0.63 at 1024 x 8.
constexpr size_t kBatchRows = 32;
/// The most rows of a batch of longer rows, see SoftmaxPlan::batch_rows, and of
/// all batches of a call once a batch did not fit its range. Then other batches
/// may not fit either, and fewer rows are done twice.
constexpr size_t kSmallBatchRows = 16;
/// The exp values of a batch. Batches of longer rows have fewer rows. Two
/// batches take 32 KB.
constexpr size_t kBatchElements = 4096;
constexpr size_t PaddedCols(size_t n) { return (n + 15) / 16 * 16; }
constexpr size_t MaxRowsOf(size_t n, size_t most) {
  const size_t rows = kBatchElements / PaddedCols(n);
  return rows < most ? rows : most;
}

/// How probabilities are written.
enum class Writing {
  kTiny,      // probabilities may be below 2^-126
  kUsual,     // no probability is below 2^-126
  kStreamed,  // as kUsual, and probabilities go past the caches
};

/// Rows in memory that are prefetched. Null: none.
struct AheadRows {
  const float* data;
  size_t stride;
};

/// Up to kBatchRows rows of n exp values, e_stride apart, with their sums and
/// the place of their probabilities.
struct Batch {
  size_t rows, n, e_stride;
  float* probs;
  size_t probs_stride;
  Writing writing;
  /// Attention: the rows of the next batch. They are brought into the cache
  /// while probabilities are streamed.
  AheadRows ahead[2];
  size_t ahead_rows;
  // Four properties of all sums without sinks: are_usual means IsUsualSum,
  // have_no_tiny means not MayHaveTiny, are_enough means at least LeastSum(n),
  // and are_numbers means not NaN.
  bool are_usual, have_no_tiny, are_enough, are_numbers;
  /// Whether each 16 exp values are 8 even elements and then 8 odd elements.
  /// Only with AVX2, and with n whole blocks of 64. `before` of
  /// ShortRowsKernels::sum is null then.
  bool is_in_words = false;
  /// The maximum of each row, with its sink, if it is asked for.
  alignas(64) float max[kBatchRows];
  /// The range of each row, for the steps that need it.
  float offset[kBatchRows], lowest[kBatchRows];
  alignas(64) double sums[kBatchRows];
  // The reciprocals of the sums.
  alignas(64) float head[kBatchRows];
  alignas(64) float rest[kBatchRows];
  alignas(64) float least[kBatchRows];
  alignas(64) float e[kBatchElements];
};

struct ShortRowsKernels {
  /// Computes the sums of a batch and their reciprocals, and writes the
  /// probabilities of the batch before it. `before` has no fewer rows, or is
  /// null.
  void (*sum)(Batch& batch, const Batch* before);
  /// Adds the exp values of the sinks to the sums. False if a sink does not fit
  /// the range; -inf fits.
  bool (*join_sinks)(Batch& batch, const float* sinks, const ScaleParts& parts);
  /// Computes the logsumexp of each row from its maximum and the sums.
  void (*log_sums)(const Batch& batch, const ScaleParts& parts,
                   float* logsumexp);
  /// Computes the reciprocals of sums that sinks have joined.
  void (*invert_sums)(Batch& batch);
  void (*write)(const Batch& batch);
};

extern const KernelTable<const ShortRowsKernels> kShortRowsKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_SHORT_ROWS_H_
