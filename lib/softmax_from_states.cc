// SPDX-License-Identifier: Apache-2.0
#include "cache_size.h"
#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "kernels/large_rows.h"
#include "kernels/log_passes.h"
#include "kernels/row_limits.h"
#include "schedules/softmax_call.h"
#include "schedules/state_rows.h"
#include "softlane/softmax_state.h"

// The last step of softmax and of log-softmax for parts of rows. The sums of
// the rows are those of states.

namespace softlane {
namespace {

using internal::BlockPasses;
using internal::ScaleParts;
using internal::StateRow;

// Columns of some rows, their results, and the rows' states.
struct Part {
  const Rows<const float>& x;
  const Rows<float>& y;
  const SoftmaxState* states;
};

// Calls write(row, x, y) for each row that is not special.
template <class Write>
void ForRows(const Part& part, const ScaleParts& parts, float empty_value,
             const Write& write) {
  for (size_t r = 0; r < part.x.rows; ++r) {
    const StateRow row = internal::RowOfState(part.states[r], parts);
    if (row.has_sum) {
      write(row, part.x.Row(r), part.y.Row(r));
    } else {
      const bool is_empty = row.special == -internal::kInfinity;
      internal::FillRow(part.y.Row(r), part.x.cols,
                        is_empty ? empty_value : internal::kNaN);
    }
  }
}

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void WriteProbs(const Part& part,
                                  const SoftmaxOptions& options,
                                  Target target) {
  const internal::LargeRowKernels& kernels =
      internal::KernelsOf(internal::kLargeRowKernels, target);
  ScaleParts place;
  const ScaleParts& parts = internal::SplitScale(options.scale, place);
  const size_t n = part.x.cols;
  const bool is_streamed =
      n >= internal::kMinStreamedSoftmaxCols &&
      part.x.rows > internal::CachedElements(part.x.rows, n) / 2 / n;
  ForRows(part, parts, internal::EmptyValue(options.empty_row, false),
          [&](const StateRow& row, const float* x, float* y) {
            if (!row.plan.is_far) {
              kernels.write(x, y, n, row.sum, row.plan, parts, is_streamed);
              return;
            }
            const BlockPasses& passes = *kernels.blocks;
            passes.write(x, y, n, internal::kNoHole, row.plan, parts,
                         internal::LowestOf(row.plan, parts), nullptr, nullptr);
            passes.multiply(1.0 / row.sum, row.sum, n, y);
          });
}

[[gnu::noinline]] void WriteLogProbs(const Part& part,
                                     const SoftmaxOptions& options,
                                     Target target) {
  const BlockPasses& passes = internal::BlockPassesOf(target);
  internal::LogRowFunction& write_row =
      internal::KernelsOf(internal::kWriteLogRow, target);
  ScaleParts place;
  const ScaleParts& parts = internal::SplitScale(options.scale, place);
  ForRows(part, parts, internal::EmptyValue(options.empty_row, true),
          [&](const StateRow& row, const float* x, float* y) {
            write_row(x, y, part.x.cols, internal::LogSumOf(row, passes, parts),
                      row.plan, parts);
          });
}

using WriteFunction = void(const Part& part, const SoftmaxOptions& options,
                           Target target);
Status Run(const Part& part, StateUse use, const SoftmaxOptions& options,
           Target target, WriteFunction* write) {
  if (Status s = internal::CheckOperands(
          internal::HaveSameShape(part.x, part.y), internal::Replaced(part.x),
          internal::ReadVector(part.states, part.x.rows),
          internal::Replacing(part.y));
      s != Status::kOk) {
    return s;
  }
  if (!internal::AreGoodOptions(options.scale, options.empty_row) ||
      internal::HaveOtherUse(part.states, part.x.rows, use)) {
    return Status::kBadOption;
  }
  const Target chosen = internal::Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (part.x.cols == 0) return Status::kOk;
  const internal::FpEnvironment environment;
  write(part, options, chosen);
  return Status::kOk;
}

}  // namespace

inline namespace v1 {

Status SoftmaxFromStates(const Rows<const float>& logits,
                         const SoftmaxState* states, const Rows<float>& probs,
                         const SoftmaxOptions& options,
                         Target target) noexcept {
  return Run({logits, probs, states}, StateUse::kSoftmax, options, target,
             &WriteProbs);
}

Status LogSoftmaxFromStates(const Rows<const float>& logits,
                            const SoftmaxState* states,
                            const Rows<float>& log_probs,
                            const SoftmaxOptions& options,
                            Target target) noexcept {
  return Run({logits, log_probs, states}, StateUse::kLogSoftmax, options,
             target, &WriteLogProbs);
}

}  // namespace v1
}  // namespace softlane
