// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_OPERATIONS_H_
#define SOFTLANE_TESTS_OPERATIONS_H_

#include "inputs.h"
#include "operand_operations.h"
#include "softlane/softlane.h"

// The operations that map rows, behind one signature, for tests that are the
// same for all operations: arguments, layout, same bits. operand_operations.h
// has every function with all its operands, for tests of each operand.

namespace softlane {

struct Operands {
  Rows<const float> x;
  Rows<const float> second;  // a gradient, or a loss's targets
  Rows<float> y;
  float* row_results = nullptr;
};

struct Operation {
  const char* name;
  bool has_second, has_rows, has_row_results;
  Status (*run)(const Operands&, Target);
  bool is_loss = false;  // y may be null, but not the view second
};

inline const Operation kOperations[] = {
    {"exp", false, true, false,
     [](const Operands& o, Target t) { return Exp(o.x, o.y, t); }},
    {"row_max", false, false, true,
     [](const Operands& o, Target t) { return RowMax(o.x, o.row_results, t); }},
    {"softmax", false, true, false,
     [](const Operands& o, Target t) { return Softmax(o.x, o.y, {}, t); }},
    {"softmax, scaled", false, true, false,
     [](const Operands& o, Target t) {
       return Softmax(o.x, o.y, {0.37f, EmptyRow::kZero}, t);
     }},
    {"softmax, tiny scale", false, true, false,
     [](const Operands& o, Target t) {
       return Softmax(o.x, o.y, {1e-20f, EmptyRow::kNan}, t);
     }},
    {"softmax, large scale", false, true, false,
     [](const Operands& o, Target t) {
       return Softmax(o.x, o.y, {700.0f, EmptyRow::kNan}, t);
     }},
    {"softmax_logsumexp", false, true, true,
     [](const Operands& o, Target t) {
       return SoftmaxWithLogSumExp(o.x, o.y, o.row_results, {}, t);
     }},
    {"softmax_backward", true, true, false,
     [](const Operands& o, Target t) {
       return SoftmaxBackward(o.x, o.second, o.y, 1.0f, t);
     }},
    {"softmax_backward, scaled", true, true, false,
     [](const Operands& o, Target t) {
       return SoftmaxBackward(o.x, o.second, o.y, 0.37f, t);
     }},
    {"log_softmax", false, true, false,
     [](const Operands& o, Target t) { return LogSoftmax(o.x, o.y, {}, t); }},
    {"log_softmax, scaled", false, true, false,
     [](const Operands& o, Target t) {
       return LogSoftmax(o.x, o.y, {0.37f, EmptyRow::kZero}, t);
     }},
    {"logsumexp", false, false, true,
     [](const Operands& o, Target t) {
       return LogSumExp(o.x, o.row_results, 1.0f, t);
     }},
    {"logsumexp, scaled", false, false, true,
     [](const Operands& o, Target t) {
       return LogSumExp(o.x, o.row_results, 0.37f, t);
     }},
    // Also for log-probabilities above 0: unspecified, yet always the same.
    {"log_softmax_backward", true, true, false,
     [](const Operands& o, Target t) {
       return LogSoftmaxBackward(o.x, o.second, o.y, 0.37f, t);
     }},
    // Targets below 0 too: the formula takes any.
    {"cross_entropy", true, true, true,
     [](const Operands& o, Target t) {
       CrossEntropyOptions options;
       options.reduction = Reduction::kNone;
       return CrossEntropy(o.x, o.second, o.row_results, o.y, options, nullptr,
                           t);
     },
     true},
    {"cross_entropy, smoothed", true, true, true,
     [](const Operands& o, Target t) {
       CrossEntropyOptions options;
       options.reduction = Reduction::kNone;
       options.label_smoothing = 0.1f;
       options.z_loss = 0.01f;
       options.scale = 0.37f;
       options.upstream = -1.5f;
       return CrossEntropy(o.x, o.second, o.row_results, o.y, options, nullptr,
                           t);
     },
     true},
};

}  // namespace softlane

#endif  // SOFTLANE_TESTS_OPERATIONS_H_
