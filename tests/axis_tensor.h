// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_AXIS_TENSOR_H_
#define SOFTLANE_TESTS_AXIS_TENSOR_H_

#include <string>
#include <vector>

#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

// Tensors for functions along an axis, and special columns.

namespace softlane {

struct Shape {
  size_t outer, axis, inner;

  size_t Size() const { return outer * axis * inner; }
  std::string Text() const {
    return std::to_string(outer) + " x " + std::to_string(axis) + " x " +
           std::to_string(inner);
  }
};

inline constexpr float kCanary = 1234.5f;

// A tensor with gaps between its parts and canaries in them and around it. The
// view ends where the buffer does: a read behind it is one of the heap's.
class AxisTensor {
 public:
  AxisTensor(const Shape& shape, Random& random, bool dense) : shape_(shape) {
    const size_t axis_stride = shape.inner + (dense ? 0 : random.Below(4));
    const size_t plane = (shape.axis - 1) * axis_stride + shape.inner;
    const size_t outer_stride = plane + (dense ? 0 : random.Below(6));
    const size_t before = dense ? 0 : random.Below(17);
    buffer_.assign(before + (shape.outer - 1) * outer_stride + plane, kCanary);
    view = Planes<float>(buffer_.data() + before, shape.outer, shape.axis,
                         shape.inner, outer_stride, axis_stride);
  }
  AxisTensor(const AxisTensor&) = delete;
  AxisTensor& operator=(const AxisTensor&) = delete;

  float& At(size_t o, size_t a, size_t i) {
    return view.data[o * view.outer_stride + a * view.axis_stride + i];
  }
  // rows[(o * inner + i) * axis + a] is element (o, a, i).
  void Set(const std::vector<float>& rows) {
    ForEach([&](float& element, size_t at) { element = rows[at]; });
  }
  std::vector<float> Get() {
    std::vector<float> rows(shape_.Size());
    ForEach([&](float& element, size_t at) { rows[at] = element; });
    return rows;
  }
  // Last: it writes the elements.
  bool HasCanaries() {
    ForEach([&](float& element, size_t) { element = kCanary; });
    for (const float v : buffer_) {
      if (v != kCanary) return false;
    }
    return true;
  }

  Planes<float> view;

 private:
  template <class Body>
  void ForEach(const Body& body) {
    for (size_t o = 0; o < shape_.outer; ++o) {
      for (size_t a = 0; a < shape_.axis; ++a) {
        for (size_t i = 0; i < shape_.inner; ++i) {
          body(At(o, a, i), (o * shape_.inner + i) * shape_.axis + a);
        }
      }
    }
  }

  const Shape shape_;
  std::vector<float> buffer_;
};

// Changes a column of usual logits: nothing for 0 and from kSpecials on.
inline constexpr size_t kSpecials = 12;
inline void MakeSpecial(size_t kind, float* x, size_t n, Random& random) {
  const size_t at = random.Below(n);
  for (size_t k = 0; k < n; ++k) {
    if (kind == 1) x[k] *= 0x1p100f;  // huge, and beyond the largest float
    if (kind == 2) x[k] += 5000.0f;   // beyond the direct limit
    if (kind == 3) x[k] -= 4096.0f;   // around it
    if (kind == 4 || kind == 5 || kind == 6) x[k] = -kInf;
  }
  if (kind == 5 || kind == 7) x[at] = kNan;  // one that the maximum may lose
  if (kind == 6) x[at] = 2.5f;
  if (kind == 8 || kind == 9) x[at] = kInf;
  if (kind == 9) x[n - 1 - at] = kNan;
  if (kind == 10) x[at] = 3e38f;
  if (kind == 11) x[at] = -3e38f;
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_AXIS_TENSOR_H_
