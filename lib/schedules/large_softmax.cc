// SPDX-License-Identifier: Apache-2.0
#include "schedules/large_softmax.h"

#include "kernels/block_sums.h"
#include "kernels/large_rows.h"

namespace softlane {
namespace internal {
namespace {

// Gives false and writes nothing if the row needs another schedule.
bool RunLargeRow(const SoftmaxCall& call, const LargeRowKernels& kernels,
                 size_t r) {
  const float* const x = call.x.Row(r);
  const size_t n = call.x.cols;
  BlockSums row{};
  SumOfBlocks(*kernels.blocks, kernels.blocks->sum, x, n, kNoHole, call.parts,
              true, row);
  if (!IsDirect(row.max, call.parts) || row.has_nan) return false;
  const RowPlan plan = PlanDirectRow(row.max, call.parts);
  const double sum = TotalOfBlocks(row, plan.offset);
  if (call.logsumexp != nullptr) {  // + 0, since a maximum of -0 is +0
    call.logsumexp[r] = static_cast<float>(
        kernels.blocks->log_of_sum(row.max, sum, plan, call.parts) + 0.0);
  }
  kernels.write(x, call.y.Row(r), n, 1.0 / sum, sum, plan, call.parts, true);
  return true;
}

}  // namespace

void RunLargeRows(const SoftmaxCall& call, Target target) {
  const LargeRowKernels& kernels = KernelsOf(kLargeRowKernels, target);
  for (size_t r = 0; r < call.x.rows; ++r) {
    if (!RunLargeRow(call, kernels, r)) {
      RunRowByRow(call, r, 1);
    }
  }
}

}  // namespace internal
}  // namespace softlane
