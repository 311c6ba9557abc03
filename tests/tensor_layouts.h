// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_TENSOR_LAYOUTS_H_
#define SOFTLANE_TESTS_TENSOR_LAYOUTS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "inputs.h"
#include "softlane/softlane.h"

// Tensors in random layouts, and their elements in the order of a dense one.

namespace softlane {

using Sizes = std::vector<int64_t>;

inline int64_t CountOf(const Sizes& sizes) {
  int64_t count = 1;
  for (const int64_t size : sizes) count *= size;
  return count;
}

// The offset of each element, in the order of a dense tensor.
inline std::vector<int64_t> OffsetsOf(const TensorShape& shape) {
  std::vector<int64_t> offsets{0};
  for (int d = 0; d < shape.rank; ++d) {
    std::vector<int64_t> more;
    for (const int64_t offset : offsets) {
      for (int64_t i = 0; i < shape.sizes[d]; ++i) {
        more.push_back(offset + i * shape.strides[d]);
      }
    }
    offsets = more;
  }
  return offsets;
}

// The same, ordered as rows along the axis.
inline std::vector<int64_t> RowOffsetsOf(TensorShape shape, int axis) {
  for (int d = axis; d + 1 < shape.rank; ++d) {
    std::swap(shape.sizes[d], shape.sizes[d + 1]);
    std::swap(shape.strides[d], shape.strides[d + 1]);
  }
  return OffsetsOf(shape);
}

// What a layout may have.
struct LayoutKind {
  bool is_dense = false;
  bool is_permuted = true;
  bool has_gaps = true;
  bool has_negative = true;
  bool repeats = false;  // inputs only: strides of 0, and overlapping windows
};

inline LayoutKind RandomKind(bool is_input, Random& random) {
  LayoutKind kind;
  kind.is_dense = random.Below(4) == 0;
  kind.is_permuted = random.Below(2) == 0;
  kind.has_gaps = random.Below(2) == 0;
  kind.has_negative = random.Below(4) == 0;
  kind.repeats = is_input && random.Below(4) == 0;
  return kind;
}

// A shape with strides of such a layout.
inline TensorShape RandomShape(const Sizes& sizes, const LayoutKind& kind,
                               Random& random) {
  const int rank = static_cast<int>(sizes.size());
  TensorShape shape(rank, sizes.data(), nullptr);
  std::vector<int> order;  // the innermost first
  for (int d = rank; d-- > 0;) order.push_back(d);
  if (kind.is_permuted) {
    for (size_t i = order.size(); i > 1; --i) {
      std::swap(order[i - 1], order[random.Below(i)]);
    }
  }
  int64_t span = 0;  // from the first element to the last
  for (const int d : order) {
    if (kind.is_dense && !kind.is_permuted) break;
    const bool repeats = kind.repeats && random.Below(3) == 0;
    int64_t stride = span + 1;
    if (kind.has_gaps && random.Below(3) == 0) {
      stride += 1 + static_cast<int64_t>(random.Below(4));
    }
    if (repeats) stride = static_cast<int64_t>(random.Below(3)) * (span / 2);
    span += (std::max<int64_t>(sizes[d], 1) - 1) * stride;
    const bool is_negative = kind.has_negative && random.Below(2) == 0;
    shape.strides[d] = is_negative ? -stride : stride;
  }
  for (int d = 0; d < rank; ++d) {
    if (sizes[d] == 1 && random.Below(2) == 0) {
      shape.strides[d] = static_cast<int64_t>(random.Bits());
    }
  }
  return shape;
}

// Memory with room for tensors, between bytes that must not change.
class TensorMemory {
 public:
  TensorMemory(const TensorShape& shape, ElementType type, Random& random)
      : shape_(shape), type_(type) {
    int64_t low = 0, high = -1;
    for (const int64_t offset : OffsetsOf(Used())) {
      low = std::min(low, offset);
      high = std::max(high, offset);
    }
    const size_t size = SizeOf(type);
    const size_t elements = static_cast<size_t>(high - low + 1) + 2 * kMargin;
    bytes_.resize(elements * size + 64);
    const size_t misaligned = reinterpret_cast<uintptr_t>(bytes_.data()) % 4;
    first_ = (4 - misaligned) % 4 +
             (kMargin + static_cast<size_t>(-low)) * size + 4 * random.Below(8);
    for (unsigned char& byte : bytes_) {
      byte = static_cast<unsigned char>(random.Bits());
    }
  }

  void SetBytes(const std::vector<unsigned char>& bytes) {
    std::copy(bytes.begin(), bytes.end(), bytes_.begin());
  }

  void* data() { return bytes_.data() + first_; }
  ElementType type() const { return type_; }
  const TensorShape& shape() const { return shape_; }
  const std::vector<unsigned char>& bytes() const { return bytes_; }
  AnyTensor View() {
    return {data(), type_, shape_.rank, shape_.sizes, shape_.strides};
  }

  // Without the strides of dimensions of size 1, which may be any numbers.
  TensorShape Used() const {
    TensorShape used = shape_;
    for (int d = 0; d < used.rank; ++d) {
      if (used.sizes[d] <= 1) used.strides[d] = 0;
    }
    return used;
  }

  float Get(int64_t offset) const {
    uint16_t half;
    float number;
    switch (type_) {
      case ElementType::kFloat32:
        std::memcpy(&number, At(offset), sizeof(number));
        return number;
      case ElementType::kBFloat16:
        std::memcpy(&half, At(offset), sizeof(half));
        return static_cast<float>(BFloat16::FromBits(half));
      default:
        std::memcpy(&half, At(offset), sizeof(half));
        return static_cast<float>(Float16::FromBits(half));
    }
  }
  void Put(int64_t offset, float number) {
    unsigned char* const to = bytes_.data() + (At(offset) - bytes_.data());
    const uint16_t half = type_ == ElementType::kBFloat16
                              ? BFloat16(number).bits
                              : Float16(number).bits;
    if (type_ == ElementType::kFloat32) {
      std::memcpy(to, &number, sizeof(number));
    } else {
      std::memcpy(to, &half, sizeof(half));
    }
  }

 private:
  static constexpr size_t kMargin = 70;

  const unsigned char* At(int64_t offset) const {
    return bytes_.data() + (static_cast<int64_t>(first_) +
                            offset * static_cast<int64_t>(SizeOf(type_)));
  }

  TensorShape shape_;
  ElementType type_;
  size_t first_;
  std::vector<unsigned char> bytes_;
};

}  // namespace softlane

#endif  // SOFTLANE_TESTS_TENSOR_LAYOUTS_H_
