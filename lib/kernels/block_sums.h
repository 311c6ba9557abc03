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
  /// The sum of exp values: see exp_sums-inl.h. The exp value of an argument
  /// below `lowest` is +0. The elements at `next` are brought into the cache,
  /// unless `next` is null. If block_sums is not null, the plan is not far.
  /// Then block_sums has the lowest argument of each block of kSumCols columns
  /// before the call, and gets the sums of the blocks. The sum of the last
  /// block is in the result instead, and its element of block_sums may be
  /// unset.
  using Sum = HoleSum(const float* x, float* y, size_t n, size_t hole,
                      const RowPlan& plan, const ScaleParts& parts,
                      float lowest, const float* next, double* block_sums);
  Sum* sum;            // y is null
  Sum* sum_in_double;  // in double from the start; y is null, no hole
  Sum* write;          // writes them to y, too
  /// e = factor * e, where e are exp values of a row with this sum. The result
  /// is +0 where e / sum is below 2^-126.
  void (*multiply)(double factor, double sum, size_t n, float* e);
  double (*log_of_sum)(float max, double sum, const RowPlan& plan,
                       const ScaleParts& parts);
};

/// The row's exp values divided by the exp values that AddBlocks computes for
/// all blocks at once.
constexpr double kPowerOfAll = 0x1p-40;
/// From 2^-97 on, the two floats of a factor are as exact as for the factor
/// times any power of two.
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

/// The blocks of a row whose octaves are kept: the distance of a block's offset
/// from the largest offset, at most 255. Rows that no cache holds are longer,
/// and their exp values are computed twice.
constexpr size_t kMaxKeptBlocks = 1024;
using BlockOctaves = uint8_t[kMaxKeptBlocks];
static_assert(kMinLargeCols <= kMaxKeptBlocks * kSumCols, "rows have room");

/// The maximum of a row of up to kMaxKeptBlocks, and the octaves. If the
/// maximum is not direct, it may be that of the first blocks.
float MaxOfBlocks(const BlockPasses& passes, const float* x, size_t n,
                  const ScaleParts& parts, uint8_t* octaves);

/// Adds the blocks of n columns. `max` is their maximum. It is so large that no
/// far block adds anything. `sum` is a function of the passes. If it writes,
/// the exp value of the hole is +0, and `octaves` gets the octaves of the
/// offsets of the written exp values. They are the same for all blocks unless
/// the maxima are far apart. The elements at `next` are brought into the cache,
/// unless `next` is null. With totals_alone, the blocks are the whole row, and
/// only the totals are needed.
void AddBlocks(BlockPasses::Sum* sum, const float* x, float* y, size_t n,
               size_t hole, const ScaleParts& parts, float max,
               uint8_t* octaves, const float* next, bool totals_alone,
               BlockSums& row);

/// Sums a row. `row` is empty before. `sum` is a function that does not write.
/// If the totals are enough, some rows get the totals alone.
void SumOfBlocks(const BlockPasses& passes, BlockPasses::Sum* sum,
                 const float* x, size_t n, size_t hole, const ScaleParts& parts,
                 bool totals_alone, BlockSums& row);

/// The sum in units of 2^offset; NaN if the row holds NaN.
double TotalOfBlocks(const BlockSums& row, double offset);

/// The totals of the blocks without the hole, and of the hole's exp value,
/// which is 0 or as the plan of its block gives it. In units of 2^offset.
HoleTotals TotalsOf(const ExactSum& others, double hole, int64_t hole_offset,
                    double offset);
/// TotalsOf from the sum of all. If the others are at least kMinShareOfOthers
/// of all, their sum has a relative error of at most 2^-31. Otherwise its error
/// is at most 2^-61 of all.
HoleTotals TotalsWithout(const ExactSum& all, double hole, int64_t hole_offset,
                         double offset);
/// TotalsOf a row, or NaN if the row has NaN.
HoleTotals TotalsOfBlocks(const BlockSums& row, double offset);

/// The exp value of the hole, x, by the row's plan.
double HoleOfBlocks(const BlockSums& row, float x, const RowPlan& plan,
                    const ScaleParts& parts);

/// The end of the blocks from `start` on that have the same offset.
size_t EndOfBlocks(const uint8_t* octaves, size_t start, size_t n);

/// For n exp values e that count in other units than the row: the row's exp
/// values are 2^octaves * e with octaves <= 0, and are to be multiplied by
/// `factor`. Returns the power of two by which to multiply the factor and to
/// divide the sum for e. If this would make the factor too small, multiplies e
/// instead and returns 1.
double PowerOfBlocks(const BlockPasses& passes, double octaves, double factor,
                     size_t n, float* e);

/// Completes the result of a job with block_sums. Before, the result has the
/// sum of the last block. The row does not fit if a block has masked elements
/// that may count, because the block's maximum is far below the prediction. In
/// a row that fits, a block whose elements are all masked is negligible.
void JoinBlocks(bool has_masked, const RowJob& job, const ExpParams& params,
                RowResult& result);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_KERNELS_BLOCK_SUMS_H_
