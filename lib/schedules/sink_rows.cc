// SPDX-License-Identifier: Apache-2.0
#include "schedules/sink_rows.h"

#include "arith/state.h"

namespace softlane {
namespace internal {

StateRow RowWithSink(const SoftmaxState& state, float sink,
                     const BlockPasses& passes) {
  const ScaleParts& parts = kUnscaled;
  StateRow row = RowOfState(state, parts);
  if (sink == -kInfinity) return row;
  const bool has_keys = row.has_sum;
  const float max = has_keys ? row.max : row.special;
  // NaN if the maximum or the sink is NaN.
  const float largest = max > sink || !(max == max) ? max : sink;
  row.has_sum = IsFiniteMax(largest);
  row.special = row.max = largest;
  if (!row.has_sum) return row;
  row.plan = PlanRow(largest, parts);
  row.sum = passes
                .sum(&sink, nullptr, 1, 0, row.plan, parts,
                     LowestOf(row.plan, parts), nullptr, nullptr)
                .hole;
  if (has_keys) {
    row.sum += TotalOf(SumOf(state), static_cast<int64_t>(row.plan.offset));
  }
  return row;
}

void WriteProbsOf(const StateRow& row, const LargeRowKernels& kernels, float* z,
                  size_t n) {
  const ScaleParts& parts = kUnscaled;
  if (!row.plan.is_far) {
    return kernels.write(z, z, n, 1.0 / row.sum, row.sum, row.plan, parts,
                         false);
  }
  const BlockPasses& passes = *kernels.blocks;
  passes.write(z, z, n, kNoHole, row.plan, parts, LowestOf(row.plan, parts),
               nullptr, nullptr);
  passes.multiply(1.0 / row.sum, row.sum, n, z);
}

}  // namespace internal
}  // namespace softlane
