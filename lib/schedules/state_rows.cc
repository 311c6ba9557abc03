// SPDX-License-Identifier: Apache-2.0
#include "schedules/state_rows.h"

#include "arith/state.h"
#include "kernels/large_rows.h"

namespace softlane {
namespace internal {

PartReader::PartReader(Target target, float scale, StateUse use) noexcept
    : passes_(BlockPassesOf(target)),
      row_(KernelsOf(kRowKernels, target)),
      parts_(SplitScale(scale)),
      use_(use) {}

void PartReader::Read(const RowPart& part, SoftmaxState& state) const {
  // The columns before the next multiple of kStateCols.
  const size_t before = (kStateCols - part.first_col % kStateCols) % kStateCols;
  const size_t head = before < part.n ? before : part.n;
  if (head != 0) ReadBlocks(part.x, head, part.hole, state);
  if (head != part.n) {
    ReadBlocks(part.x + head, part.n - head, part.hole - head, state);
  }
}

void PartReader::ReadBlocks(const float* x, size_t n, size_t hole,
                            SoftmaxState& state) const {
  BlockSums blocks{};
  SumOfBlocks(
      passes_,
      use_ == StateUse::kLogSoftmax ? passes_.sum_in_double : passes_.sum, x, n,
      hole, parts_, false, blocks);
  float max = blocks.max;
  const bool has_nan = blocks.has_nan || !(blocks.hole == blocks.hole);
  if (has_nan || !IsFiniteMax(max)) max = row_.max_or_nan(x, n);
  if (!has_nan && blocks.hole != 0.0) {
    AddBlockSum(blocks.hole, static_cast<int64_t>(blocks.hole_offset),
                blocks.sum);
  }
  MergeState(StateOf(KeyOf(max), blocks.sum, use_), state);
}

StateRow RowOfState(const SoftmaxState& state, const ScaleParts& parts) {
  StateRow row{};
  if (!HasSum(state)) {
    row.special = state.max_key <= kKeyOfMinusInfinity ? -kInfinity
                  : state.max_key == kKeyOfInfinity    ? kInfinity
                                                       : kNaN;
    return row;
  }
  row.max = MaxOfKey(state.max_key);
  row.plan = PlanRow(row.max, parts);
  row.sum = TotalOf(SumOf(state), static_cast<int64_t>(row.plan.offset));
  row.has_sum = row.sum > 0.0;
  row.special = kNaN;
  return row;
}

bool HasOtherUse(const SoftmaxState& state, StateUse use) {
  return HasSum(state) && UseOf(state) != use;
}
bool HaveOtherUse(const SoftmaxState* states, size_t rows, StateUse use) {
  // A state without a sum has the bits of kSoftmax.
  const SoftmaxState* const end = states + rows;
  int32_t others = 0;
  for (const SoftmaxState* state = states; state != end; ++state) {
    others |= state->window ^ static_cast<int32_t>(use);
  }
  if ((others & 3) == 0) return false;
  while (states != end && !HasOtherUse(*states, use)) ++states;
  return states != end;
}

}  // namespace internal
}  // namespace softlane
