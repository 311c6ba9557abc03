// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ARITH_EXACT_SUM_H_
#define SOFTLANE_LIB_ARITH_EXACT_SUM_H_

#include <cstddef>
#include <cstdint>

#include "softlane/rows.h"

// The sum of a long row, which does not depend on the order of its blocks.
//
// A row of more than kSumCols columns is summed in blocks of kSumCols columns.
// A block's sum is a double s: the sum of its exp values in LaneSum's order.
// Exp values more than 129.75 octaves below the block's own maximum count as
// +0. So s depends on the block alone. s is in units of 1, whatever offset its
// exp values had. For log-softmax, the whole sum is in double. The exp value of
// a label is a block of its own.
//
// The sums of the blocks are added as integers. Limb j of a sum counts 2^(24
// j). The sum s of a block gives it
//   q_j = t_j - 2^24 t_(j+1),  t_j = s / 2^(24 j), rounded to an integer.
// E is the largest exponent of a block's sum, and the window J is floor(E /
// 24). The limbs J - 3 to J + 1 are kept.
//
// The result is the same in any order, and for any tree of merges:
// 1. q_j depends on s alone.
// 2. s < 2^(E + 1) <= 2^(24 J + 24). So t_(J+2) is 0, and no limb above J + 1
//    has anything.
// 3. So a sum is a function of the multiset of its blocks: J is a maximum,
//    and a limb is a sum of integers.
// 4. A merge moves both sums to the larger window. Limbs that a sum lacks above
//    its own window are 0 by 2. Limbs that it dropped below are below the
//    larger window, too.
// Integers are added without overflow: |q_j| is at most 2^23 below the highest
// limb, so a limb has room for 2^39 blocks.
//
// The unit of the lowest limb is 2^(E - 72) or less. So the largest block, a
// double, loses nothing, and a row of one block keeps its sum. Another block
// loses at most half of that unit. A block with an exponent of E - 97 or less
// adds nothing.

namespace softlane {
namespace internal {

/// The columns of a block.
constexpr size_t kSumCols = kStateCols;
/// The number of blocks of n columns, and the columns of the block that begins
/// at column `start`.
constexpr size_t BlocksOf(size_t n) { return (n + kSumCols - 1) / kSumCols; }
constexpr size_t BlockCols(size_t start, size_t n) {
  return n - start < kSumCols ? n - start : kSumCols;
}

constexpr size_t kLimbs = 5;

/// The sum of blocks. If all members are 0, no block has been added.
struct ExactSum {
  int64_t window = 0;          // J
  int64_t limbs[kLimbs] = {};  // limb i counts 2^(24 (J - 3 + i))
};

/// Whether no block has been added.
inline bool IsEmpty(const ExactSum& sum) {
  return (sum.limbs[0] | sum.limbs[1] | sum.limbs[2] | sum.limbs[3] |
          sum.limbs[4]) == 0;
}

/// Moves a sum up to a larger window.
void RaiseWindow(int64_t window, ExactSum& sum);

/// Adds all blocks of another sum.
void Merge(const ExactSum& from, ExactSum& into);

/// Subtracts some of the blocks that a sum has. The remaining sum keeps the
/// window.
void Remove(const ExactSum& blocks, ExactSum& from);

/// Adds a block of the sum s * 2^offset. s is positive and normal.
void AddBlockSum(double s, int64_t offset, ExactSum& sum);

/// AddBlockSum for up to 2^20 blocks. A sum of 0 adds nothing.
void AddBlockSums(const double* sums, size_t count, int64_t offset,
                  ExactSum& to);

/// A sum with and without the exp value of the hole, which is a block of its
/// own. The hole is x[hole], the label's logit.
struct HoleTotals {
  double others, sum;
};
/// If the others are less than this share of all, their sum is computed in
/// their own window. Otherwise it is the sum of all minus the hole.
constexpr double kMinShareOfOthers = 0x1p-30;

/// TotalOf for up to kMaxSums blocks, in units of 2^offset, without the hole
/// and with it. A sum may be 0, and so may the hole. If a sum or the hole is
/// NaN, the totals are NaN.
constexpr size_t kMaxSums = 32;
HoleTotals TotalsOfSums(const double* sums, size_t count, double hole,
                        int64_t offset);

/// The sum in units of 2^offset, rounded once. The sum is at most 2^900 units.
/// A sum below 2^-960 units gives 0.
double TotalOf(const ExactSum& sum, int64_t offset);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ARITH_EXACT_SUM_H_
