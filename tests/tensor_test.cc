// SPDX-License-Identifier: Apache-2.0
// Random tensors in random layouts: a function gives the bits of the function
// of rows on a dense copy, changes no byte between the elements of its outputs,
// and gives the same bytes in parts.

#include "softlane/tensor.h"

#include <memory>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "softlane/softlane.h"
#include "tensor_calls.h"
#include "tensor_elements.h"
#include "tensor_layouts.h"

namespace softlane {
namespace {

// Operands of a call. An output may share the memory of an input.
class Case {
 public:
  Case(const TensorFunction& function, Random& random) : function_(function) {
    const size_t rank = random.Below(6);
    const size_t axis = rank == 0 ? 0 : random.Below(rank);
    sizes_ = RandomSizes(rank, axis, random);
    axis_ = static_cast<int>(axis);
    named_axis_ = random.Below(2) == 0
                      ? axis_
                      : axis_ - static_cast<int>(rank == 0 ? 1 : rank);
    const size_t in = random.Below(3), out = random.Below(3);
    in_type_ = static_cast<ElementType>(in);
    out_type_ = in == out || in == 0 || random.Below(2) == 0
                    ? static_cast<ElementType>(out)
                    : ElementType::kFloat32;
    if (in != 0 && out != 0) out_type_ = in_type_;
    options_.scale = random.Below(2) == 0 ? 1.0f : 0.37f;
    options_.empty_row =
        random.Below(2) == 0 ? EmptyRow::kNan : EmptyRow::kZero;
    const bool is_shared = function.has_y && random.Below(3) == 0;
    if (is_shared) out_type_ = in_type_;
    const size_t shared = random.Below(static_cast<size_t>(function.inputs));
    MakeMemory(is_shared ? shared : 2, is_shared && random.Below(2) == 0,
               random);
    if (function.has_log) {
      Sizes reduced = sizes_;
      if (rank != 0) reduced[axis] = 1;
      log_memory_ = std::make_unique<TensorMemory>(
          RandomShape(reduced, RandomKind(false, random), random),
          ElementType::kFloat32, random);
      operands_.log = Tensor<float>(
          static_cast<float*>(log_memory_->data()), static_cast<int>(rank),
          log_memory_->shape().sizes, log_memory_->shape().strides);
    }
  }

  // The same of each operand's part i of n.
  TensorOperands PartOf(size_t i, size_t n) const {
    TensorOperands part = operands_;
    for (int k = 0; k < function_.inputs; ++k) {
      part.x[k] = part.x[k].Part(i, n, named_axis_);
    }
    if (function_.has_y) part.y = part.y.Part(i, n, named_axis_);
    if (function_.has_log) part.log = part.log.Part(i, n, named_axis_);
    return part;
  }

  void Check(Random& random, Target target) {
    CAPTURE(Text());
    const std::vector<unsigned char> y_before = BytesOf(y_memory_.get());
    const std::vector<unsigned char> log_before = BytesOf(log_memory_.get());
    const RowsResult want = RowsOf(target);
    REQUIRE(function_.tensors(operands_, named_axis_, options_, target) ==
            Status::kOk);
    CheckOutput(operands_.y, axis_, y_memory_.get(), want.y, y_before);
    CheckOutput(operands_.log, axis_, log_memory_.get(), want.log, log_before);
    if (random.Below(3) != 0) return;
    Restore(y_before, y_memory_.get());
    Restore(log_before, log_memory_.get());
    const size_t n = 1 + random.Below(5);
    CAPTURE(n);
    for (size_t i = 0; i < n; ++i) {
      REQUIRE(function_.tensors(PartOf(i, n), named_axis_, options_, target) ==
              Status::kOk);
    }
    CheckOutput(operands_.y, axis_, y_memory_.get(), want.y, y_before);
    CheckOutput(operands_.log, axis_, log_memory_.get(), want.log, log_before);
  }

 private:
  struct RowsResult {
    std::vector<unsigned char> y, log;
  };

  // The output has the memory of input `shared`, if there is one: as the same
  // view, or as elements between the input's.
  void MakeMemory(size_t shared, bool is_between, Random& random) {
    const bool has_specials = random.Below(4) == 0;
    const int rank = static_cast<int>(sizes_.size());
    for (size_t k = 0; k < static_cast<size_t>(function_.inputs); ++k) {
      const bool is_shared = k == shared;
      Sizes sizes = sizes_;
      if (is_shared && is_between) sizes.push_back(2);
      const TensorShape shape =
          RandomShape(sizes, RandomKind(!is_shared, random), random);
      auto memory = std::make_shared<TensorMemory>(shape, in_type_, random);
      for (const int64_t offset : OffsetsOf(memory->Used())) {
        memory->Put(offset, RandomLogit(has_specials, random));
      }
      AnyTensor view = memory->View();
      if (is_shared) {
        y_memory_ = memory;
        operands_.y = view;
        if (is_between) {
          const int64_t first = static_cast<int64_t>(random.Below(2));
          operands_.y = view.Slice(rank, 1 - first, 1);
          view = view.Slice(rank, first, 1);
          view.rank = operands_.y.rank = rank;
        }
      }
      operands_.x[k] = view;
      x_memory_[k] = memory;
    }
    if (function_.has_y && y_memory_ == nullptr) {
      y_memory_ = std::make_shared<TensorMemory>(
          RandomShape(sizes_, RandomKind(false, random), random), out_type_,
          random);
      operands_.y = y_memory_->View();
    }
  }

  std::string Text() const {
    std::string text = function_.name;
    text += " axis " + std::to_string(named_axis_) + " types " +
            std::to_string(static_cast<int>(in_type_)) +
            std::to_string(static_cast<int>(out_type_));
    for (int k = 0; k < function_.inputs; ++k) {
      text += TextOf(k == 0 ? "x" : "x2", operands_.x[k]);
    }
    return text + TextOf("y", operands_.y) + TextOf("log", operands_.log);
  }

  // The function of rows on copies.
  RowsResult RowsOf(Target target) const {
    const size_t cols =
        sizes_.empty()
            ? 1
            : static_cast<size_t>(sizes_[static_cast<size_t>(axis_)]);
    size_t rows = 1;
    for (size_t d = 0; d < sizes_.size(); ++d) {
      if (d != static_cast<size_t>(axis_)) {
        rows *= static_cast<size_t>(sizes_[d]);
      }
    }
    std::vector<unsigned char> x[2];
    RowOperands o{};
    for (int k = 0; k < function_.inputs; ++k) {
      x[k] = ElementsOf(operands_.x[k].data, SizeOf(in_type_),
                        UsedRowOffsetsOf(operands_.x[k], axis_));
      o.x[k] = ConstAnyRows(x[k].data(), in_type_, rows, cols);
    }
    RowsResult result;
    if (function_.has_y) {
      result.y.resize(rows * cols * SizeOf(out_type_));
      o.y = AnyRows(result.y.data(), out_type_, rows, cols);
    }
    if (function_.has_log) {
      result.log.resize(rows * sizeof(float));
      o.log = reinterpret_cast<float*>(result.log.data());
    }
    REQUIRE(function_.rows(o, options_, target) == Status::kOk);
    return result;
  }

  const TensorFunction& function_;
  Sizes sizes_;
  int axis_, named_axis_;
  ElementType in_type_, out_type_;
  SoftmaxOptions options_;
  std::shared_ptr<TensorMemory> x_memory_[2], y_memory_;
  std::unique_ptr<TensorMemory> log_memory_;
  TensorOperands operands_;
};

#ifdef SOFTLANE_FULL_TESTS
constexpr int kCases = 20000;
#else
constexpr int kCases = 2000;
#endif

TEST_CASE("tensors in any layout give the bits of rows") {
  ForEachTarget([](Target target) {
    Random random(25);
    for (int i = 0; i < kCases; ++i) {
      CAPTURE(i);
      const TensorFunction& function =
          kTensorFunctions[random.Below(std::size(kTensorFunctions))];
      Case(function, random).Check(random, target);
    }
  });
}

}  // namespace
}  // namespace softlane
