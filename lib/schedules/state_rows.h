// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_SCHEDULES_STATE_ROWS_H_
#define SOFTLANE_LIB_SCHEDULES_STATE_ROWS_H_

#include <cstddef>

#include "arith/plan.h"
#include "kernels/block_sums.h"
#include "kernels/row_passes.h"
#include "softlane/softmax_state.h"
#include "softlane/target.h"

namespace softlane {
namespace internal {

/// The columns of a row that a call has: n columns from column first_col on.
struct RowPart {
  const float* x;
  size_t first_col, n;
  /// The index in x of the logit whose exp value is a block of its own, or
  /// kNoHole.
  size_t hole;
};

/// Reads parts of rows into states.
class PartReader {
 public:
  PartReader(Target target, float scale, StateUse use) noexcept;

  void Read(const RowPart& part, SoftmaxState& state) const;

 private:
  void ReadBlocks(const float* x, size_t n, size_t hole,
                  SoftmaxState& state) const;

  const BlockPasses& passes_;
  const RowKernels& row_;
  const ScaleParts parts_;
  const StateUse use_;
};

/// The numbers of a row that follow from its state.
struct StateRow {
  bool has_sum;   // false if the row is special; then only `special` has a
                  // meaning
  float special;  // the logsumexp of a special row: NaN, +inf or -inf
  float max;
  RowPlan plan;
  double sum;  // in units of 2^plan.offset
};
/// The sum of a damaged state may be 0 or negative. Then the row is NaN.
StateRow RowOfState(const SoftmaxState& state, const ScaleParts& parts);

/// The logarithm of the sum of exp(scale (x - shift)).
inline double LogSumOf(const StateRow& row, const BlockPasses& passes,
                       const ScaleParts& parts) {
  return passes.log_of_sum(row.max, row.sum, row.plan, parts);
}

/// Whether a state has a sum for another use.
bool HasOtherUse(const SoftmaxState& state, StateUse use);
/// Whether any of `rows` states has a sum for another use.
bool HaveOtherUse(const SoftmaxState* states, size_t rows, StateUse use);

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_SCHEDULES_STATE_ROWS_H_
