// SPDX-License-Identifier: Apache-2.0
#include "any/any_check.h"
#include "any/state_parts.h"
#include "schedules/labels.h"
#include "softlane/softmax_state.h"

// To check the states, the labels, the options and the target, the function of
// floats is called without columns.

namespace softlane {
namespace internal {
namespace {

// The functions of floats for labels of either type.
Status UpdateFloats(const Rows<const float>& x, size_t first_col,
                    const Labels& labels, size_t row, SoftmaxState* states,
                    const LossStateOptions& options, Target target) {
  return labels.Of64() != nullptr
             ? UpdateLossStates(x, first_col, labels.Of64() + row, states + row,
                                options, target)
             : UpdateLossStates(x, first_col, labels.Of32() + row, states + row,
                                options, target);
}

Status Update(const ConstAnyRows& x, size_t first_col, const Labels& labels,
              SoftmaxState* states, const LossStateOptions& options,
              Target target) {
  if (AreFloats(x)) {
    return UpdateFloats(FloatsOf(x), first_col, labels, 0, states, options,
                        target);
  }
  if (!IsElementType(x.type)) return Status::kBadOption;
  const Words words = labels.WordsOfRows(x.rows);
  if (Status s = CheckOperandsOf({Operand(Read(x)), Operand(Read(words)),
                                  Operand(WrittenVector(states, x.rows))},
                                 true);
      s != Status::kOk) {
    return s;
  }
  if (Status s = UpdateFloats({nullptr, x.rows, 0}, first_col, labels, 0,
                              states, options, target);
      s != Status::kOk || x.rows == 0 || x.cols == 0) {
    return s;
  }
  ForStateParts(x, AnyRows(), first_col, target, [&](const Chunk& chunk) {
    Done(UpdateFloats(chunk.x, first_col + chunk.col, labels, chunk.row, states,
                      options, target));
  });
  return Status::kOk;
}

// A call of CrossEntropyFromStates.
struct LossCall {
  const ConstAnyRows& x;
  size_t first_col, num_classes;
  const Labels& labels;
  const SoftmaxState* states;
  float* losses;
  const AnyRows& dx;
  const LossStateOptions& options;
  Target target;
};

// Does rows [row, row + x.rows). x has their columns from first_col on.
Status RunFloats(const LossCall& call, const Rows<const float>& x,
                 const Rows<float>& dx, size_t row, size_t first_col,
                 float* losses) {
  LossStateOptions options = call.options;
  if (options.label_weights != nullptr) options.label_weights += row;
  if (options.upstream_rows != nullptr) options.upstream_rows += row;
  const Labels& labels = call.labels;
  return labels.Of64() != nullptr
             ? CrossEntropyFromStates(x, first_col, call.num_classes,
                                      labels.Of64() + row, call.states + row,
                                      losses, dx, options, call.target)
             : CrossEntropyFromStates(x, first_col, call.num_classes,
                                      labels.Of32() + row, call.states + row,
                                      losses, dx, options, call.target);
}

Status Check(const LossCall& call) {
  const ConstAnyRows& x = call.x;
  const size_t rows = x.rows;
  const bool has_gradient = call.dx.data != nullptr;
  const LossStateOptions& options = call.options;
  if (call.losses == nullptr && !has_gradient && rows != 0) {
    return Status::kNullPointer;
  }
  const Words words = call.labels.WordsOfRows(rows);
  if (Status s = CheckOperandsOf(
          {InputBeside(x, call.dx.type), Operand(Read(words)),
           Operand(ReadVector(call.states, rows)),
           Operand(Optional(WrittenVector(call.losses, rows))),
           has_gradient ? OutputBeside(call.dx, x.type)
                        : Operand(Optional(Written(call.dx))),
           Operand(Optional(ReadVector(options.label_weights, rows))),
           Operand(Optional(ReadVector(
               has_gradient ? options.upstream_rows : nullptr, rows)))},
          x.cols <= call.num_classes &&
              call.first_col <= call.num_classes - x.cols &&
              (!has_gradient || HaveSameShape(x, call.dx)));
      s != Status::kOk) {
    return s;
  }
  // Where the rows have columns, the losses are written twice.
  float none;
  return RunFloats(call, {nullptr, rows, 0},
                   {has_gradient ? &none : nullptr, rows, 0}, 0, call.first_col,
                   call.losses);
}

Status Run(const LossCall& call) {
  const ConstAnyRows& x = call.x;
  const AnyRows& dx = call.dx;
  const bool has_gradient = dx.data != nullptr;
  if (AreFloats(x) && (!has_gradient || AreFloats(dx))) {
    return RunFloats(call, FloatsOf(x), FloatsOf(dx), 0, call.first_col,
                     call.losses);
  }
  if (!IsPair(x.type, has_gradient ? dx.type : x.type)) {
    return Status::kBadOption;
  }
  if (Status s = Check(call); s != Status::kOk || x.rows == 0 || x.cols == 0) {
    return s;
  }
  const bool is_chunk = x.cols <= kMaxChunkCols;
  ForStateParts(x, dx, call.first_col, call.target, [&](const Chunk& chunk) {
    const bool is_wanted = call.losses != nullptr;
    float* const losses = is_wanted ? call.losses + chunk.row : nullptr;
    float loss = 0.0f;  // of a part
    Done(RunFloats(call, chunk.x, chunk.y, chunk.row,
                   call.first_col + chunk.col,
                   is_chunk || !is_wanted ? losses : &loss));
    // The parts without the label's column have the loss +0.
    if (!is_chunk && (BitsOf(loss) != 0)) *losses = loss;
  });
  return Status::kOk;
}

}  // namespace
}  // namespace internal

inline namespace v1 {

template <typename>
Status UpdateLossStates(const ConstAnyRows& logits, size_t first_col,
                        const int64_t* labels, SoftmaxState* states,
                        const LossStateOptions& options,
                        Target target) noexcept {
  return internal::Update(logits, first_col, internal::Labels(labels), states,
                          options, target);
}
template <typename>
Status UpdateLossStates(const ConstAnyRows& logits, size_t first_col,
                        const int32_t* labels, SoftmaxState* states,
                        const LossStateOptions& options,
                        Target target) noexcept {
  return internal::Update(logits, first_col, internal::Labels(labels), states,
                          options, target);
}
template Status UpdateLossStates(const ConstAnyRows&, size_t, const int64_t*,
                                 SoftmaxState*, const LossStateOptions&,
                                 Target) noexcept;
template Status UpdateLossStates(const ConstAnyRows&, size_t, const int32_t*,
                                 SoftmaxState*, const LossStateOptions&,
                                 Target) noexcept;

template <typename>
Status CrossEntropyFromStates(const ConstAnyRows& logits, size_t first_col,
                              size_t num_classes, const int64_t* labels,
                              const SoftmaxState* states, float* losses,
                              const AnyRows& dlogits,
                              const LossStateOptions& options,
                              Target target) noexcept {
  return internal::Run({logits, first_col, num_classes,
                        internal::Labels(labels), states, losses, dlogits,
                        options, target});
}
template <typename>
Status CrossEntropyFromStates(const ConstAnyRows& logits, size_t first_col,
                              size_t num_classes, const int32_t* labels,
                              const SoftmaxState* states, float* losses,
                              const AnyRows& dlogits,
                              const LossStateOptions& options,
                              Target target) noexcept {
  return internal::Run({logits, first_col, num_classes,
                        internal::Labels(labels), states, losses, dlogits,
                        options, target});
}
template Status CrossEntropyFromStates(const ConstAnyRows&, size_t, size_t,
                                       const int64_t*, const SoftmaxState*,
                                       float*, const AnyRows&,
                                       const LossStateOptions&,
                                       Target) noexcept;
template Status CrossEntropyFromStates(const ConstAnyRows&, size_t, size_t,
                                       const int32_t*, const SoftmaxState*,
                                       float*, const AnyRows&,
                                       const LossStateOptions&,
                                       Target) noexcept;

}  // namespace v1
}  // namespace softlane
