// SPDX-License-Identifier: Apache-2.0
#include "dispatch.h"
#include "from_states.h"
#include "kernels/large_rows.h"
#include "kernels/log_passes.h"

namespace softlane {
namespace {

using internal::BlockPasses;
using internal::ScaleParts;
using internal::StatedPart;
using internal::StateRow;

// Called through a pointer: see FpEnvironment.
void WriteLogProbs(const StatedPart& part, const SoftmaxOptions& options,
                   Target target) {
  const BlockPasses& passes = internal::BlockPassesOf(target);
  internal::LogRowFunction& write_row =
      internal::KernelsOf(internal::kWriteLogRow, target);
  ScaleParts place;
  const ScaleParts& parts = internal::SplitScale(options.scale, place);
  internal::ForStatedRows(
      part, parts, internal::EmptyValue(options.empty_row, true),
      [&](const StateRow& row, const float* x, float* y) {
        write_row(x, y, part.x.cols, internal::LogSumOf(row, passes, parts),
                  row.plan, parts);
      });
}

}  // namespace

inline namespace v1 {

Status LogSoftmaxFromStates(const Rows<const float>& logits,
                            const SoftmaxState* states,
                            const Rows<float>& log_probs,
                            const SoftmaxOptions& options,
                            Target target) noexcept {
  return internal::RunFromStates({logits, log_probs, states},
                                 StateUse::kLogSoftmax, options, target,
                                 &WriteLogProbs);
}

}  // namespace v1
}  // namespace softlane
