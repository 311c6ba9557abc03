// SPDX-License-Identifier: Apache-2.0
#include "any/any_check.h"
#include "any/state_parts.h"
#include "softlane/softmax_state.h"

// To check the states, the options and the target, the function of floats is
// called without columns.

namespace softlane {
namespace {

using internal::Chunk;

using FromStates = Status(const Rows<const float>& x,
                          const SoftmaxState* states, const Rows<float>& y,
                          const SoftmaxOptions& options,
                          Target target) noexcept;

Status Run(FromStates* floats, const ConstAnyRows& x,
           const SoftmaxState* states, const AnyRows& y,
           const SoftmaxOptions& options, Target target) {
  if (internal::AreFloats(x, y)) {
    return floats(internal::FloatsOf(x), states, internal::FloatsOf(y), options,
                  target);
  }
  if (!internal::IsPair(x.type, y.type)) return Status::kBadOption;
  if (Status s = internal::CheckOperandsOf(
          {internal::InputBeside(x, y.type),
           internal::Operand(internal::ReadVector(states, x.rows)),
           internal::OutputBeside(y, x.type)},
          internal::HaveSameShape(x, y));
      s != Status::kOk) {
    return s;
  }
  if (Status s = floats({nullptr, x.rows, 0}, states, {nullptr, x.rows, 0},
                        options, target);
      s != Status::kOk || x.rows == 0 || x.cols == 0) {
    return s;
  }
  internal::ForStateParts(x, y, 0, target, [&](const Chunk& chunk) {
    internal::Done(
        floats(chunk.x, states + chunk.row, chunk.y, options, target));
  });
  return Status::kOk;
}

}  // namespace

inline namespace v1 {

template <typename>
Status UpdateStates(const ConstAnyRows& logits, size_t first_col,
                    SoftmaxState* states, const StateOptions& options,
                    Target target) noexcept {
  if (internal::AreFloats(logits)) {
    return UpdateStates(internal::FloatsOf(logits), first_col, states, options,
                        target);
  }
  if (!internal::IsElementType(logits.type)) return Status::kBadOption;
  if (Status s = internal::CheckOperandsOf(
          {internal::Operand(internal::Read(logits)),
           internal::Operand(internal::WrittenVector(states, logits.rows))},
          true);
      s != Status::kOk) {
    return s;
  }
  if (Status s = UpdateStates(Rows<const float>(nullptr, logits.rows, 0),
                              first_col, states, options, target);
      s != Status::kOk || logits.rows == 0 || logits.cols == 0) {
    return s;
  }
  internal::ForStateParts(
      logits, AnyRows(), first_col, target, [&](const Chunk& chunk) {
        internal::Done(UpdateStates(chunk.x, first_col + chunk.col,
                                    states + chunk.row, options, target));
      });
  return Status::kOk;
}
template Status UpdateStates(const ConstAnyRows&, size_t, SoftmaxState*,
                             const StateOptions&, Target) noexcept;

Status SoftmaxFromStates(const ConstAnyRows& logits, const SoftmaxState* states,
                         const AnyRows& probs, const SoftmaxOptions& options,
                         Target target) noexcept {
  return Run(&SoftmaxFromStates, logits, states, probs, options, target);
}

Status LogSoftmaxFromStates(const ConstAnyRows& logits,
                            const SoftmaxState* states,
                            const AnyRows& log_probs,
                            const SoftmaxOptions& options,
                            Target target) noexcept {
  return Run(&LogSoftmaxFromStates, logits, states, log_probs, options, target);
}

}  // namespace v1
}  // namespace softlane
