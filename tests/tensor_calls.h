// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_TENSOR_CALLS_H_
#define SOFTLANE_TESTS_TENSOR_CALLS_H_

#include <cstddef>
#include <cstring>
#include <vector>

#include "operand_elements.h"
#include "softlane/softlane.h"

// The functions of tensors, and those of rows that give the same bits.

namespace softlane {

// The operands of a call: unused inputs and outputs are null.
template <class In, class Out, class Reduced>
struct OperandsOf {
  In x[2];
  Out y;
  Reduced log;
};
using TensorOperands = OperandsOf<ConstAnyTensor, AnyTensor, Tensor<float>>;
using RowOperands = OperandsOf<ConstAnyRows, AnyRows, float*>;

struct TensorFunction {
  const char* name;
  int inputs;
  bool has_y, has_log;
  Status (*tensors)(const TensorOperands& o, int axis,
                    const SoftmaxOptions& options, Target target);
  Status (*rows)(const RowOperands& o, const SoftmaxOptions& options,
                 Target target);
};

inline constexpr TensorFunction kTensorFunctions[] = {
    {"Softmax", 1, true, false,
     [](const TensorOperands& o, int axis, const SoftmaxOptions& options,
        Target t) { return Softmax(o.x[0], o.y, axis, options, t); },
     [](const RowOperands& o, const SoftmaxOptions& options, Target t) {
       return Softmax(o.x[0], o.y, options, t);
     }},
    {"SoftmaxWithLogSumExp", 1, true, true,
     [](const TensorOperands& o, int axis, const SoftmaxOptions& options,
        Target t) {
       return SoftmaxWithLogSumExp(o.x[0], o.y, o.log, axis, options, t);
     },
     [](const RowOperands& o, const SoftmaxOptions& options, Target t) {
       return SoftmaxWithLogSumExp(o.x[0], o.y, o.log, options, t);
     }},
    {"LogSoftmax", 1, true, false,
     [](const TensorOperands& o, int axis, const SoftmaxOptions& options,
        Target t) { return LogSoftmax(o.x[0], o.y, axis, options, t); },
     [](const RowOperands& o, const SoftmaxOptions& options, Target t) {
       return LogSoftmax(o.x[0], o.y, options, t);
     }},
    {"LogSumExp", 1, false, true,
     [](const TensorOperands& o, int axis, const SoftmaxOptions& options,
        Target t) { return LogSumExp(o.x[0], o.log, axis, options.scale, t); },
     [](const RowOperands& o, const SoftmaxOptions& options, Target t) {
       return LogSumExp(o.x[0], o.log, options.scale, t);
     }},
    {"SoftmaxBackward", 2, true, false,
     [](const TensorOperands& o, int axis, const SoftmaxOptions& options,
        Target t) {
       return SoftmaxBackward(o.x[0], o.x[1], o.y, axis, options.scale, t);
     },
     [](const RowOperands& o, const SoftmaxOptions& options, Target t) {
       return SoftmaxBackward(o.x[0], o.x[1], o.y, options.scale, t);
     }},
    {"LogSoftmaxBackward", 2, true, false,
     [](const TensorOperands& o, int axis, const SoftmaxOptions& options,
        Target t) {
       return LogSoftmaxBackward(o.x[0], o.x[1], o.y, axis, options.scale, t);
     },
     [](const RowOperands& o, const SoftmaxOptions& options, Target t) {
       return LogSoftmaxBackward(o.x[0], o.x[1], o.y, options.scale, t);
     }},
};

// Whether elements have the same bits, where NaN is the same as any NaN.
inline bool IsSame(ElementType type, const std::vector<unsigned char>& got,
                   const std::vector<unsigned char>& want) {
  const auto element = type == ElementType::kFloat32 ? operands::Element::kFloat
                       : type == ElementType::kBFloat16
                           ? operands::Element::kBFloat16
                           : operands::Element::kFloat16;
  const size_t size = SizeOf(type);
  for (size_t i = 0; i < got.size(); i += size) {
    const float a = operands::NumberAt(element, got.data() + i);
    const float b = operands::NumberAt(element, want.data() + i);
    if (a != a && b != b) continue;
    if (std::memcmp(got.data() + i, want.data() + i, size) != 0) return false;
  }
  return true;
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_TENSOR_CALLS_H_
