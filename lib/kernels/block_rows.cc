// SPDX-License-Identifier: Apache-2.0
#include "kernels/block_rows.h"

namespace softlane {
namespace internal {
namespace {

// The result of a row without its sink, whose logsumexp it writes.
RowResult ResultOf(const BlockPasses& passes, double sum, float max, float sink,
                   const RowPlan& plan, const ScaleParts& parts,
                   float* logsumexp) {
  if (sink != -kInfinity) {
    sum += passes
               .sum(&sink, nullptr, 1, 0, plan, parts, LowestOf(plan, parts),
                    nullptr, nullptr)
               .hole;
  }
  if (sum == sum && logsumexp != nullptr) {
    *logsumexp = static_cast<float>(passes.log_of_sum(max, sum, plan, parts) +
                                    plan.scaled_shift);
  }
  return {sum, sum, max, false};
}

// Does a long row whose exp values are kept. Gives false and writes nothing if
// the row may have far blocks.
[[gnu::cold, gnu::noinline]] bool RunKept(const BlockPasses& passes,
                                          const float* x, float* y, size_t n,
                                          float sink, const ScaleParts& parts,
                                          float* logsumexp, RowResult& result) {
  BlockOctaves below;
  const float row_max = MaxOfBlocks(passes, x, n, parts, below);
  const float max = sink > row_max ? sink : row_max;
  if (!HasNoFarBlock(max, parts)) return false;
  BlockSums blocks;
  AddBlocks(passes.write, x, y, n, kNoHole, parts, row_max, below, nullptr,
            true, blocks);
  const RowPlan plan = PlanRow(max, parts);
  result = ResultOf(passes, TotalOfBlocks(blocks, plan.offset), max, sink, plan,
                    parts, logsumexp);
  if (!(result.sum == result.sum)) return true;
  const double factor = 1.0 / result.sum;
  const double top = OffsetOfBlock(row_max, parts);
  for (size_t start = 0, end; start < n; start = end) {
    end = EndOfBlocks(below, start, n);
    const double octaves = top - below[start / kSumCols] - plan.offset;
    const double power =
        PowerOfBlocks(passes, octaves, factor, end - start, y + start);
    passes.multiply(factor * power, result.sum / power, end - start, y + start);
  }
  return true;
}

}  // namespace

ExpSum SumExpOfRow(const BlockPasses& passes, const float* x, size_t n,
                   const ScaleParts& parts) {
  BlockSums blocks;
  const bool is_long = n > kSumCols;
  if (is_long) {
    SumOfBlocks(passes, passes.sum, x, n, kNoHole, parts, true, blocks);
  }
  const float max = is_long ? blocks.max : passes.max(x, n);
  ExpSum row{kNaN, {}};
  if (!IsFiniteMax(max)) return row;
  row.plan = PlanRow(max, parts);
  row.sum = is_long ? TotalOfBlocks(blocks, row.plan.offset)
                    : passes
                          .sum(x, nullptr, n, kNoHole, row.plan, parts,
                               LowestOf(row.plan, parts), nullptr, nullptr)
                          .others;
  return row;
}

// Cold, so that the code is small. Only the time of its passes matters.
[[gnu::cold]] RowResult SoftmaxByPasses(const BlockPasses& passes,
                                        const float* x, float* y, size_t n,
                                        float sink, const ScaleParts& parts,
                                        float* logsumexp) {
  BlockSums blocks;
  const bool is_long = n > kSumCols;
  if (is_long) {
    RowResult result;
    if (n < kMinLargeCols &&
        RunKept(passes, x, y, n, sink, parts, logsumexp, result)) {
      return result;
    }
    SumOfBlocks(passes, passes.sum, x, n, kNoHole, parts, true, blocks);
  }
  const float row_max = is_long ? blocks.max : passes.max(x, n);
  const float max = sink > row_max ? sink : row_max;
  if (!IsFiniteMax(max)) return {kNaN, kNaN, max, false};
  const RowPlan plan = PlanRow(max, parts);
  double sum = passes
                   .write(x, y, n, kNoHole, plan, parts, LowestOf(plan, parts),
                          nullptr, nullptr)
                   .others;
  if (is_long) sum = TotalOfBlocks(blocks, plan.offset);
  const RowResult result =
      ResultOf(passes, sum, max, sink, plan, parts, logsumexp);
  if (result.sum == result.sum) {
    passes.multiply(1.0 / result.sum, result.sum, n, y);
  }
  return result;
}

}  // namespace internal
}  // namespace softlane
