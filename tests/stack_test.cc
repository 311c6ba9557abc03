// SPDX-License-Identifier: Apache-2.0
// The stack that the functions take. The threads of an engine may have little.

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "call_stack.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "operand_types.h"
#include "part_operations.h"
#include "tensor_calls.h"

namespace softlane {
namespace {

// The limits that the README promises. A call of one row takes less, as it may
// come from anywhere.
constexpr size_t kMaxBytes = 72 * 1024;
constexpr size_t kMaxBytesOfOneRow = 8 * 1024;

struct Shape {
  size_t rows, cols;
};
// Each schedule's.
constexpr Shape kShapes[] = {
    {1, 8},
    {1, 64},
    {1, 500},
    {1, 8192},
    {1, 16384},
    {1, 20000},
    {40, 3},
    {40, 8},
    {40, 63},
    {40, 128},
    {40, 255},
    {40, 383},
    {3, 8000},
    {3, 9000},
    {3, 70000},
    {4200, 1000},
#ifdef SOFTLANE_FULL_TESTS
    {1, size_t{3} << 20},
    {1, size_t{5} << 20},
#endif
};

struct Data {
  explicit Data(const Shape& shape)
      : x(shape.rows * shape.cols),
        y(x.size()),
        per_row(shape.rows),
        labels(shape.rows) {
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = 0x1p-4f * static_cast<float>(i % 127);
    }
    for (size_t r = 0; r < shape.rows; ++r) {
      labels[r] = static_cast<int32_t>(r % shape.cols);
    }
  }

  std::vector<float> x, y, per_row;
  std::vector<int32_t> labels;
};

// A call of an operation whose operands have no memory of their own: the inputs
// are one buffer, each output another.
operands::Call TypedCall(const operands::Operation& operation,
                         const operands::Sizes& sizes, Data& data,
                         std::vector<std::vector<double>>& outputs) {
  operands::Call call;
  call.sizes = sizes;
  call.settings = operation.settings;
  call.is_any = operation.is_any;
  outputs.clear();
  for (const operands::Operand& operand : operation.operands) {
    operands::View& v = call[operand.id] = ShapeOf(operand, sizes);
    v.axis_stride = v.cols;
    v.stride = v.axis * v.cols;
    v.data = data.x.data();
    if (IsTyped(operand) && IsInput(operand.role)) continue;
    // Also masks, labels and states: zeros.
    outputs.emplace_back(v.rows * v.stride * SizeOf(operand.element) / 8 + 1);
    v.data = outputs.back().data();
  }
  return call;
}

// Kills: a buffer for all columns on the stack; one row that pays for the
// buffers of many.
TEST_CASE("no function takes more stack than promised") {
  ForEachTarget([](Target target) {
    Stack stack;
    size_t most = 0, most_of_one_row = 0;
    std::string where, where_of_one_row;
    for (const Shape& shape : kShapes) {
      Data data(shape);
      const Rows<const float> x(data.x.data(), shape.rows, shape.cols);
      const Rows<float> y(data.y.data(), shape.rows, shape.cols);
      const auto measure = [&](const char* name, const Function& function,
                               bool has_buffers = false) {
        const size_t bytes = stack.Of(function);
        const std::string what = std::string(name) + ", " +
                                 std::to_string(shape.rows) + " x " +
                                 std::to_string(shape.cols);
        if (bytes > most) {
          most = bytes;
          where = what;
        }
        if (shape.rows == 1 && !has_buffers && bytes > most_of_one_row) {
          most_of_one_row = bytes;
          where_of_one_row = what;
        }
      };
      for (const Operation& operation : AllOperations()) {
        const Operands o{x, x, y, data.per_row.data()};
        measure(operation.name, [&] { return operation.run(o, target); });
      }
      for (const operands::Operation& operation : operands::TypedOperations()) {
        const size_t n = shape.cols;
        if (shape.rows * n > 100000) break;
        const bool has_planes = Has(operation, operands::Shape::kPlanes);
        std::vector<std::vector<double>> outputs;
        operands::Call call;
        call = TypedCall(
            operation,
            has_planes ? operands::Sizes{1, shape.rows, n}
                       : operands::Sizes{shape.rows, 1, n, n < 64 ? n : 64},
            data, outputs);
        // A short row has 64 columns: more are converted in larger buffers.
        measure(
            NameOf(operation).c_str(),
            [&] { return operation.run[0](call, target); },
            has_planes || n > 64);
      }
      // Also over the probabilities that the operations left.
      measure("softmax in place", [&] { return Softmax(y, y, {}, target); });
      measure("attention in place",
              [&] { return AttentionSoftmax(y, y, {}, target); });
      const size_t k = std::min<size_t>(shape.cols, 64);
      std::vector<int32_t> indices(shape.rows * k);
      measure("topk", [&] {
        const Rows<int32_t> top(indices.data(), shape.rows, k);
        return SoftmaxTopK(x, k, Rows<float>(data.y.data(), shape.rows, k), top,
                           {}, target);
      });
      const Planes<const float> planes(data.x.data(), 1, shape.rows,
                                       shape.cols);
      const Planes<float> results(data.y.data(), 1, shape.rows, shape.cols);
      measure(
          "axis", [&] { return SoftmaxAxis(planes, results, {}, target); },
          true);
      measure(
          "log axis",
          [&] { return LogSoftmaxAxis(planes, results, {}, target); }, true);
      measure(
          "backward axis",
          [&] {
            return SoftmaxBackwardAxis(planes, planes, results, 1.0f, target);
          },
          true);
      measure(
          "log backward axis",
          [&] {
            return LogSoftmaxBackwardAxis(planes, planes, results, 1.0f,
                                          target);
          },
          true);
      std::vector<float> inner_logs(shape.cols);
      const Rows<float> logs(inner_logs.data(), 1, shape.cols);
      measure(
          "logsumexp axis",
          [&] { return LogSumExpAxis(planes, logs, 1.0f, target); }, true);
      measure(
          "axis with logsumexp",
          [&] {
            return SoftmaxWithLogSumExpAxis(planes, results, logs, {}, target);
          },
          true);
      CrossEntropyOptions per_row;
      per_row.reduction = Reduction::kNone;
      // Results that do not stand in rows, and labels that are repeated. Of
      // half types, the bits of half of the floats, as other numbers.
      const int64_t sizes[] = {static_cast<int64_t>(shape.rows),
                               static_cast<int64_t>(shape.cols)};
      const int64_t reduced[] = {sizes[0], 1}, transposed[] = {1, sizes[0]};
      for (const ElementType type :
           {ElementType::kFloat32, ElementType::kBFloat16}) {
        const ConstAnyTensor in(data.x.data(), type, 2, sizes);
        const TensorOperands o{{in, in},
                               {data.y.data(), type, 2, sizes, transposed},
                               {data.per_row.data(), 2, reduced}};
        for (const TensorFunction& function : kTensorFunctions) {
          measure((std::string(function.name) + " of tensors").c_str(),
                  [&] { return function.tensors(o, 1, {}, target); }, true);
        }
        const int64_t repeated[] = {0, 0};
        const Tensor<const int32_t> labels(data.labels.data(), 2, reduced,
                                           repeated);
        measure(
            "cross_entropy of tensors",
            [&] {
              return CrossEntropy(in, labels, o.log, o.y, 1, per_row, nullptr,
                                  {}, target);
            },
            true);
      }
      if (shape.cols < 1000) {
        std::vector<float> jacobian(shape.cols * shape.cols);
        measure("jacobian", [&] {
          return SoftmaxJacobian(
              data.x.data(), shape.cols,
              Rows<float>(jacobian.data(), shape.cols, shape.cols), target);
        });
      }
      CrossEntropyOptions none;
      none.reduction = Reduction::kNone;
      measure("cross_entropy of labels", [&] {
        return CrossEntropy(x, data.labels.data(), data.per_row.data(), y, none,
                            nullptr, target);
      });
      // The bits of half of the floats, as other numbers. A long row is widened
      // to a buffer.
      const bool is_long = shape.cols > 64;
      const ConstAnyRows half_x(data.x.data(), ElementType::kBFloat16,
                                shape.rows, shape.cols);
      const AnyRows half_y(data.y.data(), ElementType::kBFloat16, shape.rows,
                           shape.cols);
      none.label_smoothing = 0.1f;
      measure(
          "cross_entropy of labels, half",
          [&] {
            return CrossEntropy(half_x, data.labels.data(), data.per_row.data(),
                                half_y, none, nullptr, target);
          },
          is_long);
      measure(
          "cross_entropy of targets, half",
          [&] {
            return CrossEntropy(half_x, half_x, data.per_row.data(), half_y,
                                none, nullptr, target);
          },
          is_long);
      none.accumulate = true;
      measure(
          "cross_entropy of labels, added",
          [&] {
            return CrossEntropy(x, data.labels.data(), data.per_row.data(), y,
                                none, nullptr, target);
          },
          is_long);
      none.accumulate = false;
      measure(
          "states, half",
          [&] {
            std::vector<SoftmaxState> states(shape.rows);
            if (Status s = UpdateLossStates(half_x, 0, data.labels.data(),
                                            states.data(), {}, target);
                s != Status::kOk) {
              return s;
            }
            return CrossEntropyFromStates(
                half_x, 0, shape.cols, data.labels.data(), states.data(),
                data.per_row.data(), half_y, {}, target);
          },
          is_long);
      AttentionOptions options;
      options.scale = 0.125f;
      measure("attention",
              [&] { return AttentionSoftmax(x, y, options, target); });
      options.bias =
          Rows<const float>(data.x.data(), shape.rows, shape.cols, 0);
      options.causal = true;
      measure("attention, biased",
              [&] { return AttentionSoftmax(x, y, options, target); });
      AttentionHeadsOptions heads;
      const int64_t of_heads[] = {1, sizes[0], 1, sizes[1]};
      const int64_t one_head[] = {1, 1, 1, sizes[1]};
      heads.causal = true;
      heads.sinks = {data.per_row.data(), 1};
      for (const ElementType type :
           {ElementType::kFloat32, ElementType::kBFloat16}) {
        heads.bias = {data.x.data(), ElementType::kBFloat16, 4, one_head};
        measure(
            "attention of heads",
            [&] {
              return AttentionSoftmax(
                  ConstAnyTensor(data.x.data(), type, 4, of_heads),
                  AnyTensor(data.y.data(), type, 4, of_heads), heads, target);
            },
            true);
        heads.bias = {};
        measure("attention of heads, without a bias", [&] {
          return AttentionSoftmax(
              ConstAnyTensor(data.x.data(), ElementType::kFloat32, 4, of_heads),
              AnyTensor(data.y.data(), ElementType::kFloat32, 4, of_heads),
              heads, target);
        });
      }
      options.softcap = 20.0f;
      options.sinks = data.per_row.data();
      measure("attention, all",
              [&] { return AttentionSoftmax(x, y, options, target); });
      measure("attention backward", [&] {
        return AttentionSoftmaxBackward(x, x, x, y, options, {}, target);
      });
    }
    std::printf("%-9s %zu bytes (%s); of one row %zu (%s)\n",
                TargetName(target), most, where.c_str(), most_of_one_row,
                where_of_one_row.c_str());
    CHECK(most <= kMaxBytes);
    CHECK(most_of_one_row <= kMaxBytesOfOneRow);
  });
}

}  // namespace
}  // namespace softlane
