// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "dispatch.h"
#include "fp_environment.h"
#include "schedules/labels.h"
#include "schedules/state_rows.h"
#include "softlane/softmax_state.h"

// The states of CrossEntropyFromStates.

namespace softlane {
namespace internal {
namespace {

// Not inlined: see FpEnvironment.
[[gnu::noinline]] void ReadRows(const Rows<const float>& logits,
                                size_t first_col, const Labels& labels,
                                SoftmaxState* states,
                                const LossStateOptions& options,
                                Target target) {
  const PartReader reader(target, options.scale, StateUse::kCrossEntropy);
  for (size_t r = 0; r < logits.rows; ++r) {
    if (labels[r] == options.ignore_index) continue;
    const auto label = static_cast<size_t>(labels[r]);
    const bool has_label =
        first_col <= label && label - first_col < logits.cols;
    reader.Read({logits.Row(r), first_col, logits.cols,
                 has_label ? label - first_col : kNoHole},
                states[r]);
  }
}

Status Update(const Rows<const float>& logits, size_t first_col,
              const Labels& labels, SoftmaxState* states,
              const LossStateOptions& options, Target target) {
  const size_t rows = logits.rows;
  if (Status s =
          CheckOperands(true, Read(logits), Read(labels.WordsOfRows(rows)),
                        WrittenVector(states, rows));
      s != Status::kOk) {
    return s;
  }
  if (!IsFinitePositive(options.scale)) return Status::kBadOption;
  for (size_t r = 0; r < rows; ++r) {
    if (labels[r] != options.ignore_index &&
        HasOtherUse(states[r], StateUse::kCrossEntropy)) {
      return Status::kBadOption;
    }
  }
  size_t counted;
  if (!labels.AreBelow(UINT64_MAX, rows, options.ignore_index, counted)) {
    return Status::kBadLabel;
  }
  const Target chosen = Resolve(target);
  if (chosen == Target::kAuto) return Status::kTargetUnavailable;
  if (logits.cols == 0) return Status::kOk;
  const FpEnvironment environment;
  ReadRows(logits, first_col, labels, states, options, chosen);
  return Status::kOk;
}

}  // namespace
}  // namespace internal

inline namespace v1 {

Status UpdateLossStates(const Rows<const float>& logits, size_t first_col,
                        const int64_t* labels, SoftmaxState* states,
                        const LossStateOptions& options,
                        Target target) noexcept {
  return internal::Update(logits, first_col, internal::Labels(labels), states,
                          options, target);
}
Status UpdateLossStates(const Rows<const float>& logits, size_t first_col,
                        const int32_t* labels, SoftmaxState* states,
                        const LossStateOptions& options,
                        Target target) noexcept {
  return internal::Update(logits, first_col, internal::Labels(labels), states,
                          options, target);
}

}  // namespace v1
}  // namespace softlane
