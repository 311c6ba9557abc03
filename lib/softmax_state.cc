// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax_state.h"

#include "arith/state.h"
#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/large_rows.h"
#include "schedules/state_rows.h"

// Makes states from the blocks of rows, and logsumexp from states.
// from_states.h has the other results of states.

namespace softlane {
namespace {

using internal::BlockPasses;
using internal::ScaleParts;

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void ReadRows(const Rows<const float>& logits,
                                size_t first_col, SoftmaxState* states,
                                const StateOptions& options, Target target) {
  const internal::PartReader reader(target, options.scale, options.use);
  for (size_t r = 0; r < logits.rows; ++r) {
    reader.Read({logits.Row(r), first_col, logits.cols, internal::kNoHole},
                states[r]);
  }
}

[[gnu::noinline]] void WriteLogs(const SoftmaxState* states, size_t rows,
                                 float* logsumexp, float scale, Target target) {
  const BlockPasses& passes = internal::BlockPassesOf(target);
  internal::ScaleParts place;
  const ScaleParts& parts = internal::SplitScale(scale, place);
  for (size_t r = 0; r < rows; ++r) {
    const internal::StateRow row = internal::RowOfState(states[r], parts);
    if (!row.has_sum) {
      logsumexp[r] = row.special;
      continue;
    }
    logsumexp[r] = static_cast<float>(internal::LogSumOf(row, passes, parts) +
                                      row.plan.scaled_shift);
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
