// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_PART_OPERATIONS_H_
#define SOFTLANE_TESTS_PART_OPERATIONS_H_

#include <iterator>
#include <vector>

#include "operations.h"

// Operations of rows in parts behind the signature of operations.h: all columns
// of the rows in three parts. Each takes several functions.

namespace softlane {

constexpr size_t kParts = 3;

// The states of the rows, by update(a part of x, its first column, states): the
// last parts are read first.
template <class Update>
Status ReadParts(const Rows<const float>& x, std::vector<SoftmaxState>& states,
                 const Update& update) {
  states.assign(x.rows, {});
  for (size_t i = kParts; i-- > 0;) {
    std::vector<SoftmaxState> of_part(x.rows);
    const Status status = update(x.PartOfColumns(i, kParts),
                                 x.FirstColOfPart(i, kParts), of_part.data());
    if (status != Status::kOk) return status;
    const Status merged = MergeStates(states.data(), of_part.data(), x.rows);
    if (merged != Status::kOk) return merged;
  }
  return Status::kOk;
}

inline Status ReadParts(const Rows<const float>& x, const StateOptions& options,
                        Target target, std::vector<SoftmaxState>& states) {
  return ReadParts(x, states,
                   [&](const Rows<const float>& part, size_t first_col,
                       SoftmaxState* of_part) {
                     return UpdateStates(part, first_col, of_part, options,
                                         target);
                   });
}

// write(a view's part, ..., part of y) for each part of the views.
template <class Write>
Status ForParts(const Operands& o, const Write& write) {
  for (size_t i = 0; i < kParts; ++i) {
    Operands part = o;
    part.x = o.x.PartOfColumns(i, kParts);
    part.second = o.second.PartOfColumns(i, kParts);
    part.y = o.y.PartOfColumns(i, kParts);
    const Status status = write(part);
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

// All rows have one label, which depends on their length.
inline Status LossInParts(const Operands& o, Target target) {
  const size_t n = o.x.cols;
  const int64_t label = n == 0 ? -100 : static_cast<int64_t>(n * 5 / 7);
  const std::vector<int64_t> labels(o.x.rows, label);
  const std::vector<int32_t> narrow(o.x.rows, static_cast<int32_t>(label));
  LossStateOptions options;
  options.scale = 0.37f;
  options.z_loss = 0.01f;
  options.upstream = -1.5f;
  std::vector<SoftmaxState> states;
  const Status status =
      ReadParts(o.x, states,
                [&](const Rows<const float>& part, size_t first_col,
                    SoftmaxState* of_part) {
                  return UpdateLossStates(part, first_col, narrow.data(),
                                          of_part, options, target);
                });
  if (status != Status::kOk) return status;
  std::vector<float> losses(o.x.rows), of_part(o.x.rows);
  size_t first_col = 0;
  const Status written = ForParts(o, [&](const Operands& part) {
    const Status of_loss = CrossEntropyFromStates(
        part.x, first_col, n, labels.data(), states.data(), of_part.data(),
        part.y, options, target);
    first_col += part.x.cols;
    for (size_t r = 0; r < losses.size(); ++r) losses[r] += of_part[r];
    return of_loss;
  });
  if (written != Status::kOk) return written;
  for (size_t r = 0; r < losses.size(); ++r) o.row_results[r] = losses[r];
  return Status::kOk;
}

inline const Operation kPartOperations[] = {
    {"softmax, in parts", false, true, true,
     [](const Operands& o, Target t) {
       std::vector<SoftmaxState> states;
       const Status status = ReadParts(o.x, {}, t, states);
       if (status != Status::kOk) return status;
       const Status logs =
           LogSumExp(states.data(), o.x.rows, o.row_results, 1.0f, t);
       if (logs != Status::kOk) return logs;
       return ForParts(o, [&](const Operands& part) {
         return SoftmaxFromStates(part.x, states.data(), part.y, {}, t);
       });
     }},
    {"log_softmax, in parts", false, true, true,
     [](const Operands& o, Target t) {
       std::vector<SoftmaxState> states;
       const StateOptions options{0.37f, StateUse::kLogSoftmax};
       const Status status = ReadParts(o.x, options, t, states);
       if (status != Status::kOk) return status;
       const Status logs =
           LogSumExp(states.data(), o.x.rows, o.row_results, 0.37f, t);
       if (logs != Status::kOk) return logs;
       return ForParts(o, [&](const Operands& part) {
         return LogSoftmaxFromStates(part.x, states.data(), part.y,
                                     {0.37f, EmptyRow::kZero}, t);
       });
     }},
    {"cross_entropy, in parts", false, true, true, LossInParts},
    {"attention, by tiles", false, true, true,
     [](const Operands& o, Target t) {
       std::vector<SoftmaxState> states(o.x.rows);
       std::vector<int32_t> shifts(o.x.rows);
       AttentionTileOptions options;
       options.attention.scale = 0.37f;
       const Status status = ForParts(o, [&](const Operands& part) {
         const Status read = AttentionTile(part.x, states.data(), part.y,
                                           shifts.data(), options, t);
         options.first_key += part.x.cols;
         return read;
       });
       if (status != Status::kOk) return status;
       return FinishRows({nullptr, o.x.rows, 0}, states.data(), nullptr,
                         Rows<float>(nullptr, o.x.rows, 0), o.row_results,
                         EmptyRow::kNan, t);
     }},
    {"attention_backward, by tiles", true, true, false,
     [](const Operands& o, Target t) {
       std::vector<SoftmaxState> states(o.x.rows);
       std::vector<int32_t> shifts(o.x.rows);
       const std::vector<double> delta(o.x.rows, 0.375);
       AttentionTileOptions options;
       options.attention.scale = 0.37f;
       const Status status = ForParts(o, [&](const Operands& part) {
         std::vector<float> exps(o.x.rows * part.x.cols);
         const Rows<float> scratch(exps.data(), o.x.rows, part.x.cols);
         const Status read = AttentionTile(part.x, states.data(), scratch,
                                           shifts.data(), options, t);
         options.first_key += part.x.cols;
         return read;
       });
       if (status != Status::kOk) return status;
       options.first_key = 0;
       return ForParts(o, [&](const Operands& part) {
         const Status written =
             AttentionTileBackward(part.x, part.second, states.data(),
                                   delta.data(), part.y, {}, options, t);
         options.first_key += part.x.cols;
         return written;
       });
     }},
    {"softmax_backward, in parts", true, true, false,
     [](const Operands& o, Target t) {
       std::vector<double> dots(o.x.rows), of_part(o.x.rows);
       const Status status = ForParts(o, [&](const Operands& part) {
         const Status read =
             SoftmaxBackwardDots(part.x, part.second, of_part.data(), t);
         for (size_t r = 0; r < dots.size(); ++r) dots[r] += of_part[r];
         return read;
       });
       if (status != Status::kOk) return status;
       return ForParts(o, [&](const Operands& part) {
         return SoftmaxBackwardFromDots(part.x, part.second, dots.data(),
                                        part.y, 0.37f, t);
       });
     }},
};

// Those that map rows at once, and those in parts.
inline std::vector<Operation> AllOperations() {
  std::vector<Operation> all(std::begin(kOperations), std::end(kOperations));
  all.insert(all.end(), std::begin(kPartOperations), std::end(kPartOperations));
  return all;
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_PART_OPERATIONS_H_
