// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax_state.h"

#include "arith/state.h"
#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/block_sums.h"
#include "kernels/large_rows.h"
#include "kernels/row_passes.h"
#include "schedules/state_rows.h"

// States are made of a row's blocks, and merged. What is done with them stands
// in softmax_from_states.cc.

namespace softlane {
namespace {

using internal::BlockPasses;
using internal::BlockSums;
using internal::ScaleParts;

SoftmaxState StateOfBlocks(const internal::LargeRowKernels& kernels,
                           const internal::RowKernels& row, const float* x,
                           size_t n, const ScaleParts& parts, StateUse use) {
  BlockSums blocks{};
  const BlockPasses& passes = *kernels.blocks;
  internal::SumOfBlocks(
      passes, use == StateUse::kSoftmax ? passes.sum : passes.sum_in_double, x,
      n, internal::kNoHole, parts, blocks);
  float max = blocks.max;
  if (!blocks.is_direct || blocks.has_nan) max = row.max_or_nan(x, n);
  return internal::StateOf(internal::KeyOf(max), blocks.sum, use);
}

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void ReadRows(const Rows<const float>& logits,
                                size_t first_col, SoftmaxState* states,
                                const StateOptions& options, Target target) {
  const internal::LargeRowKernels& kernels =
      internal::KernelsOf(internal::kLargeRowKernels, target);
  const internal::RowKernels& row =
      internal::KernelsOf(internal::kRowKernels, target);
  internal::ScaleParts place;
  const ScaleParts& parts = internal::SplitScale(options.scale, place);
  // Up to the next multiple of kStateCols.
  const size_t before = (kStateCols - first_col % kStateCols) % kStateCols;
  for (size_t r = 0; r < logits.rows; ++r) {
    const float* const x = logits.Row(r);
    const size_t n = logits.cols;
    const size_t head = before < n ? before : n;
    if (head != 0) {
      internal::MergeState(
          StateOfBlocks(kernels, row, x, head, parts, options.use), states[r]);
    }
    if (head != n) {
      internal::MergeState(
          StateOfBlocks(kernels, row, x + head, n - head, parts, options.use),
          states[r]);
    }
  }
}

[[gnu::noinline]] void WriteLogs(const SoftmaxState* states, size_t rows,
                                 float* logsumexp, float scale, Target target) {
  const BlockPasses& passes =
      *internal::KernelsOf(internal::kLargeRowKernels, target).blocks;
  internal::ScaleParts place;
  const ScaleParts& parts = internal::SplitScale(scale, place);
  for (size_t r = 0; r < rows; ++r) {
    const internal::StateRow row = internal::RowOfState(states[r], parts);
    if (!row.has_sum) {
      logsumexp[r] = row.special;
      continue;
    }
    // + 0, since a maximum of -0 is +0
    logsumexp[r] = static_cast<float>(internal::LogSumOf(row, passes, parts) +
                                      row.plan.scaled_shift + 0.0);
  }
}

}  // namespace

inline namespace v1 {

Status UpdateStates(const Rows<const float>& logits, size_t first_col,
                    SoftmaxState* states, const StateOptions& options,
                    Target target) noexcept {
  if (Status s =
          internal::CheckOperands(true, internal::Read(logits),
                                  internal::WrittenVector(states, logits.rows));
      s != Status::kOk) {
    return s;
  }
  if (!internal::IsFinitePositive(options.scale) ||
      options.use > StateUse::kLogSoftmax ||
      internal::HaveOtherUse(states, logits.rows, options.use)) {
    return Status::kBadOption;
  }
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (logits.cols == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  ReadRows(logits, first_col, states, options, chosen);
  return Status::kOk;
}

Status MergeStates(SoftmaxState* into, const SoftmaxState* from,
                   size_t rows) noexcept {
  if (Status s = internal::CheckOperands(true, internal::ReadVector(from, rows),
                                         internal::WrittenVector(into, rows));
      s != Status::kOk) {
    return s;
  }
  for (size_t r = 0; r < rows; ++r) {
    if (internal::HasSum(from[r]) &&
        internal::HasOtherUse(into[r], internal::UseOf(from[r]))) {
      return Status::kBadOption;
    }
  }
  for (size_t r = 0; r < rows; ++r) internal::MergeState(from[r], into[r]);
  return Status::kOk;
}

Status LogSumExp(const SoftmaxState* states, size_t rows, float* logsumexp,
                 float scale, Target target) noexcept {
  if (Status s =
          internal::CheckOperands(true, internal::ReadVector(states, rows),
                                  internal::WrittenVector(logsumexp, rows));
      s != Status::kOk) {
    return s;
  }
  if (!internal::IsFinitePositive(scale)) return Status::kBadOption;
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  const internal::FpEnvironment environment;
  WriteLogs(states, rows, logsumexp, scale, chosen);
  return Status::kOk;
}

}  // namespace v1
}  // namespace softlane
