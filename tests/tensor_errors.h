// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_TENSOR_ERRORS_H_
#define SOFTLANE_TESTS_TENSOR_ERRORS_H_

#include <climits>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "softlane/softlane.h"

// The errors of a tensor that is an operand. They fit tensors [3, 4, 5].

namespace softlane {

// A change of a good call, and the status that it then has.
template <class Good>
struct ArgumentError {
  using Change = std::function<void(Good&)>;

  std::string name;
  Status status;
  Change change;
};

// The sizes and strides of a dense tensor.
template <class View>
void SetDense(View& t, std::vector<int64_t> sizes) {
  static_cast<TensorShape&>(t) =
      TensorShape(static_cast<int>(sizes.size()), sizes.data(), nullptr);
}

// Errors of the shape of an operand.
template <class Good, class Get>
void AddShapeErrors(const std::string& name, bool is_output, const Get& get,
                    std::vector<ArgumentError<Good>>& errors) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  const auto add = [&](const char* what, Status status, const auto& change) {
    errors.push_back(
        {name + " " + what, status, [=](Good& good) { change(get(good)); }});
  };
  add("null", Status::kNullPointer, [](auto& t) { t.data = nullptr; });
  for (const int rank : {-1, 2, 4, 9, INT_MAX, INT_MIN}) {
    add("rank", Status::kBadShape, [=](auto& t) { t.rank = rank; });
  }
  for (const int64_t size : {int64_t{-1}, int64_t{6}, kLeast, kMost}) {
    add("size", Status::kBadShape, [=](auto& t) { t.sizes[2] = size; });
  }
  for (const int64_t stride : {kMost, kLeast, kMost / 2, -kMost / 4}) {
    add("stride", Status::kBadShape, [=](auto& t) { t.strides[0] = stride; });
  }
  add("strides whose sum overflows", Status::kBadShape, [](auto& t) {
    t.strides[0] = kMost / 2;
    t.strides[2] = kMost / 4;
  });
  add("sizes in another order", Status::kBadShape, [](auto& t) {
    SetDense(t, {4, 3, 5});
  });
  add("rows in one dimension", Status::kBadShape, [](auto& t) {
    SetDense(t, {12, 5});
  });
  add("before the address space", Status::kBadShape, [](auto& t) {
    t.data = reinterpret_cast<decltype(t.data)>(uintptr_t{64});
    t.strides[0] = -100;
  });
  add("behind the address space", Status::kBadShape, [](auto& t) {
    t.data = reinterpret_cast<decltype(t.data)>(~uintptr_t{63});
    t.strides[0] = 100;
  });
  if (!is_output) return;
  add("stride 0", Status::kOverlap, [](auto& t) { t.strides[2] = 0; });
  add("strides that do not nest", Status::kOverlap,
      [](auto& t) { t.strides[0] = t.strides[2] * 4; });
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_TENSOR_ERRORS_H_
