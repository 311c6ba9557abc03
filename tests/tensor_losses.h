// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_TENSOR_LOSSES_H_
#define SOFTLANE_TESTS_TENSOR_LOSSES_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "inputs.h"
#include "softlane/c.h"
#include "softlane/softlane.h"
#include "tensor_elements.h"
#include "tensor_layouts.h"

// Operands of the cross-entropy of tensors, and its calls in C++ and in C.

namespace softlane {

// Labels of a type in memory, and in the order of rows.
template <typename Label>
struct LabelsOf {
  void Set(const TensorShape& labels_shape, int axis, size_t classes,
           int64_t ignored, Random& random) {
    shape = labels_shape;
    for (int d = 0; d < shape.rank; ++d) {
      if (shape.sizes[d] <= 1) shape.strides[d] = 0;
    }
    int64_t low = 0, high = 0;
    for (const int64_t offset : OffsetsOf(shape)) {
      low = std::min(low, offset);
      high = std::max(high, offset);
    }
    memory.resize(static_cast<size_t>(high - low + 1));
    for (Label& label : memory) {
      const bool counts = classes != 0 && random.Below(5) != 0;
      label = counts ? static_cast<Label>(random.Below(classes))
                     : static_cast<Label>(ignored);
    }
    first = memory.data() - low;
    for (const int64_t offset : RowOffsetsOf(shape, axis)) {
      rows.push_back(first[offset]);
    }
    rows.reserve(1);
  }
  Tensor<const Label> View() const {
    return {first, shape.rank, shape.sizes, shape.strides};
  }

  TensorShape shape;
  std::vector<Label> memory, rows;
  const Label* first = nullptr;
};

// Floats in any layout.
inline std::unique_ptr<TensorMemory> MemoryOf(const Sizes& sizes, bool is_input,
                                              Random& random) {
  auto memory = std::make_unique<TensorMemory>(
      RandomShape(sizes, RandomKind(is_input, random), random),
      ElementType::kFloat32, random);
  for (const int64_t offset : OffsetsOf(memory->Used())) {
    memory->Put(offset, random.Uniform(-2.0f, 2.0f));
  }
  return memory;
}
inline Tensor<float> FloatsOf(TensorMemory* memory) {
  return {static_cast<float*>(memory->data()), memory->shape().rank,
          memory->shape().sizes, memory->shape().strides};
}

// The operands of a call, or of a part of it.
struct LossOperands {
  ConstAnyTensor x, targets;
  Tensor<const int64_t> labels64;
  Tensor<const int32_t> labels32;
  Tensor<float> loss;
  AnyTensor dx;
  Tensor<const float> upstream;
};

template <class View>
softlane_tensor InC(const View& view, ElementType type) {
  softlane_tensor t{};
  t.data = const_cast<void*>(static_cast<const void*>(view.data));
  t.type = static_cast<int>(type);
  t.rank = view.rank;
  std::copy(view.sizes, view.sizes + kMaxRank, t.sizes);
  std::copy(view.strides, view.strides + kMaxRank, t.strides);
  return t;
}

// A call of one of the functions.
struct LossCall {
  Status Run(const LossOperands& o, float* divisor, Target target) const {
    if (is_c) return RunC(o, divisor, target);
    if (kind == 0) {
      return CrossEntropy(o.x, o.labels64, o.loss, o.dx, axis, options, divisor,
                          o.upstream, target);
    }
    if (kind == 1) {
      return CrossEntropy(o.x, o.labels32, o.loss, o.dx, axis, options, divisor,
                          o.upstream, target);
    }
    return CrossEntropy(o.x, o.targets, o.loss, o.dx, axis, options, divisor,
                        o.upstream, target);
  }

  Status RunC(const LossOperands& o, float* divisor, Target target) const {
    softlane_cross_entropy_options c_options{};
    c_options.reduction = static_cast<int>(options.reduction);
    c_options.ignore_index = options.ignore_index;
    c_options.label_smoothing = options.label_smoothing;
    c_options.class_weights = options.class_weights;
    c_options.z_loss = options.z_loss;
    c_options.scale = options.scale;
    c_options.upstream = options.upstream;
    c_options.zero_if_all_ignored = options.zero_if_all_ignored;
    c_options.accumulate = options.accumulate;
    const softlane_tensor x = InC(o.x, o.x.type), dx = InC(o.dx, o.dx.type);
    const softlane_tensor loss = InC(o.loss, ElementType::kFloat32);
    const softlane_tensor upstream = InC(o.upstream, ElementType::kFloat32);
    const ElementType none = static_cast<ElementType>(99);
    const softlane_tensor labels64 = InC(o.labels64, none);
    const softlane_tensor labels32 = InC(o.labels32, none);
    const softlane_tensor targets = InC(o.targets, o.targets.type);
    const softlane_tensor* const loss_or_null =
        o.loss.data == nullptr && axis < 0 ? nullptr : &loss;
    const auto run = kind == 0   ? softlane_cross_entropy_tensor_i64
                     : kind == 1 ? softlane_cross_entropy_tensor_i32
                                 : softlane_cross_entropy_tensor_probs;
    return static_cast<Status>(run(
        &x,
        kind == 0   ? &labels64
        : kind == 1 ? &labels32
                    : &targets,
        loss_or_null, o.dx.data == nullptr ? nullptr : &dx, axis, &c_options,
        divisor, o.upstream.data == nullptr ? nullptr : &upstream,
        static_cast<int>(target)));
  }

  size_t kind;  // labels of 64 bits, of 32 bits, targets
  int axis;
  bool is_c;
  CrossEntropyOptions options;
};

}  // namespace softlane

#endif  // SOFTLANE_TESTS_TENSOR_LOSSES_H_
