// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_SHORT_ROWS_H_
#define SOFTLANE_LIB_KERNELS_SHORT_ROWS_H_

#include <cstddef>

#include "arith/exponent_range.h"
#include "arith/plan.h"
#include "dispatch.h"

// Batches of short rows. What a row decides between its passes - a sum folded
// to one lane, a division - costs more than the passes themselves; here a
// vector does it for all rows of a batch, a row per lane.

namespace softlane {
namespace internal {

/// More rows than the lanes of most targets, and so less to do per row between
/// the passes: with AVX2 on Zen 5, ns per element with 8 and with 16 rows,
/// 0.239 and 0.222 at 256 x 32.
constexpr size_t kBatchRows = 16;
/// Batches of longer rows have fewer: two of them are 32 KB.
constexpr size_t kBatchElements = 4096;
constexpr size_t PaddedCols(size_t n) { return (n + 15) / 16 * 16; }
constexpr size_t MaxRowsOf(size_t n) {
  const size_t rows = kBatchElements / PaddedCols(n);
  return rows < kBatchRows ? rows : kBatchRows;
}

/// How probabilities are written.
enum class Writing {
  kTiny,      // some may be below 2^-126
  kUsual,     // none is
  kStreamed,  // none is; past the caches
};

/// Rows that are in memory, for a look ahead; null: none.
struct AheadRows {
  const float* data;
  size_t stride;
};

/// Up to kBatchRows rows of n exp values, e_stride apart, and what becomes of
/// them.
struct Batch {
  size_t rows, n, e_stride;
  float* probs;
  size_t probs_stride;
  Writing writing;
  /// Rows of the next batch, brought into the cache while probabilities are
  /// streamed.
  AheadRows ahead[2];
  size_t ahead_rows;
  // Whether the sums, without sinks, are IsUsualSum; not MayHaveTiny; at least
  // LeastSum(n); no NaN.
  bool are_usual, have_no_tiny, are_enough, are_numbers;
  alignas(64) double sums[kBatchRows];
  // The reciprocals of the sums.
  alignas(64) float head[kBatchRows];
  alignas(64) float rest[kBatchRows];
  alignas(64) float least[kBatchRows];
  alignas(64) float e[kBatchElements];
};

struct ShortRowsKernels {
  /// Exp values of the batch from logits, by the maximum of each row; z may be
  /// the exp values themselves. Gives the octaves of the first maximum, and
  /// false if a row needs more than a batch does.
  bool (*exp_by_maximum)(const float* z, size_t z_stride,
                         const ScaleParts& parts, Batch& batch,
                         float* first_octaves);
  /// The sums of a batch and their reciprocals, and the probabilities of the
  /// one before, which has no fewer rows, or is null.
  void (*sum)(Batch& batch, const Batch* before);
  /// Adds the exp values of sinks, a logit per row, to the sums. False if a
  /// sink does not fit the range; -inf does.
  bool (*join_sinks)(Batch& batch, const float* sinks, const ExpRange& range,
                     const ScaleParts& parts);
  /// logsumexp of each row, from its maximum and the sums.
  void (*log_sums)(const Batch& batch, const float* max, const ExpRange& range,
                   const ScaleParts& parts, float* logsumexp);
  /// The reciprocals of sums that sinks have joined.
  void (*invert_sums)(Batch& batch);
  void (*write)(const Batch& batch);
};

extern const KernelTable<const ShortRowsKernels> kShortRowsKernels;

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_SHORT_ROWS_H_
