// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_KERNELS_BLOCK_SUMS_H_
#define SOFTLANE_LIB_KERNELS_BLOCK_SUMS_H_

#include <cstddef>
#include <cstdint>

#include "arith/exact_sum.h"
#include "arith/plan.h"
#include "kernels/exp_sums.h"
#include "kernels/softmax_kernels.h"

// Rows of more than kSumCols columns, block by block: see exact_sum.h. Plain
// C++ around the passes of a target.

namespace softlane {
namespace internal {

/// A target's passes over a block, or over a row.
struct BlockPasses {
  float (*max)(const float* x, size_t n);  // any number if there is NaN
  /// The sum of exp values, see exp_sums-inl.h, of which those of arguments
  /// below `lowest` are +0. What is at `next` is brought into the cache; null
  /// if there is nothing. block_sums may be null; else the plan is not far, and
  /// block_sums has the lowest argument of each block of kSumCols columns
  /// before, and their sums after it. The sum of the last block is in the
  /// result; its element of block_sums may be unset.
  using Sum = HoleSum(const float* x, float* y, size_t n, size_t hole,
                      const RowPlan& plan, const ScaleParts& parts,
                      float lowest, const float* next, double* block_sums);
  Sum* sum;            // y is null
  Sum* sum_in_double;  // in double from the start; y is null, no hole
  Sum* write;          // writes them to y, too
  /// e = factor * e, where e are exp values of a row of this sum. +0 where e /
  /// sum is below 2^-126.
  void (*multiply)(double factor, double sum, size_t n, float* e);
  double (*log_of_sum)(float max, double sum, const RowPlan& plan,
                       const ScaleParts& parts);
};

/// The row's exp values over those that AddBlocks makes of all blocks at once.
constexpr double kPowerOfAll = 0x1p-40;
/// From 2^-97 on, the two floats of a factor are as exact as those of any power
/// of two of it.
constexpr double kLeastFactor = 0x1p-96;

/// The sum of a long row. If the maximum is not finite, it is not complete.
struct BlockSums {
  /// Whether the exp values that AddBlocks has written take the row's factor
  /// times kPowerOfAll.
  bool HaveOneOffset(double factor) const {
    const double size = factor < 0.0 ? -factor : factor;
    return is_all && size >= kLeastFactor / kPowerOfAll;
  }

  bool has_nan = false;
  /// The sums are `totals`, in units of 2^totals_offset, and not `sum`.
  bool is_all = false;
  float max;
  ExactSum sum;
  HoleTotals totals;
  double totals_offset;
  double hole_offset = 0.0;  // of the hole's block
  double hole = 0.0;         // its exp value
};

/// By how many octaves the offsets of a row's blocks are below the largest; at
/// most 255. Rows that no cache holds have no room: their exp values are
/// computed twice.
constexpr size_t kMaxKeptBlocks = 1024;
using BlockOctaves = uint8_t[kMaxKeptBlocks];
static_assert(kMinLargeCols <= kMaxKeptBlocks * kSumCols, "rows have room");

/// The maximum of a row of up to kMaxKeptBlocks, and the octaves. If the
/// maximum is not direct, it may be that of the first blocks.
float MaxOfBlocks(const BlockPasses& passes, const float* x, size_t n,
                  const ScaleParts& parts, uint8_t* octaves);

/// Adds these blocks. `max` is their maximum, beside which no far block adds
/// anything. `sum` is one of passes. If it writes, the exp value of the hole is
/// +0, and `octaves` gets those of the offsets that the exp values have: the
/// same for all blocks unless their maxima are far apart. What is at `next` is
/// brought into the cache; null if there is nothing. totals_alone: they are all
/// blocks of the row, of which only the totals are asked for.
void AddBlocks(BlockPasses::Sum* sum, const float* x, float* y, size_t n,
               size_t hole, const ScaleParts& parts, float max,
               uint8_t* octaves, const float* next, bool totals_alone,
               BlockSums& row);

/// The sum of a row, whose `row` is empty. `sum` is one that does not write. Of
/// some rows there are the totals alone if that is enough.
void SumOfBlocks(const BlockPasses& passes, BlockPasses::Sum* sum,
                 const float* x, size_t n, size_t hole, const ScaleParts& parts,
                 bool totals_alone, BlockSums& row);

/// The sum in units of 2^offset; NaN if the row holds NaN.
double TotalOfBlocks(const BlockSums& row, double offset);

/// The totals of the blocks without the hole, and of the hole's exp value,
/// which is 0 or as the plan of its block gives it. In units of 2^offset.
HoleTotals TotalsOf(const ExactSum& others, double hole, int64_t hole_offset,
                    double offset);
/// The same from the sum of all. The sum of the others is exact if it is a
/// kMinShareOfOthers of all but for 2^-31; else it errs by 2^-61 of all at
/// most.
HoleTotals TotalsWithout(const ExactSum& all, double hole, int64_t hole_offset,
                         double offset);
/// The same of a row; NaN if the row holds NaN.
HoleTotals TotalsOfBlocks(const BlockSums& row, double offset);

/// The exp value of the hole, x, by the row's plan.
double HoleOfBlocks(const BlockSums& row, float x, const RowPlan& plan,
                    const ScaleParts& parts);

/// From `start` on, the end of the blocks of the same offset.
size_t EndOfBlocks(const uint8_t* octaves, size_t start, size_t n);

/// For n exp values that are 2^octaves of the row's, octaves <= 0, if the row's
/// are to be multiplied by `factor`: the power of two by which the factor is
/// multiplied, and the sum divided, for these. Where that would make the factor
/// too small, multiplies the exp values, and gives 1.
double PowerOfBlocks(const BlockPasses& passes, double octaves, double factor,
                     size_t n, float* e);

/// The result of a job with block_sums, whose last block's sum is the result's.
/// It does not fit if a block has masked elements that may count: its maximum
/// is far below the prediction. A block that is all masked is negligible in a
/// row that fits.
void JoinBlocks(bool has_masked, const RowJob& job, const ExpParams& params,
                RowResult& result);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_BLOCK_SUMS_H_
