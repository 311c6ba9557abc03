// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_TENSOR_ELEMENTS_H_
#define SOFTLANE_TESTS_TENSOR_ELEMENTS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "inputs.h"
#include "softlane/softlane.h"
#include "tensor_calls.h"
#include "tensor_layouts.h"

// Random sizes and numbers of tensors, and what a call has made of them.

namespace softlane {

inline float RandomLogit(bool has_specials, Random& random) {
  if (has_specials && random.Below(12) == 0) {
    const float inf = __builtin_inff();
    const float specials[] = {-inf, -inf, -inf, inf, __builtin_nanf(""), 3e38f};
    return specials[random.Below(6)];
  }
  return random.Uniform(-12.0f, 12.0f);
}

// Sizes, of which that of the axis may be long. Few elements in all.
inline Sizes RandomSizes(size_t rank, size_t axis, Random& random) {
  Sizes sizes(rank);
  for (int64_t& size : sizes) {
    size = static_cast<int64_t>(random.Below(4) == 0 ? 1 : random.Below(7));
    if (size == 0 && random.Below(8) != 0) size = 19;
  }
  if (rank == 0) return sizes;
  const size_t kind = random.Below(60);
  int64_t n = static_cast<int64_t>(random.Below(kind < 30 ? 8 : 150));
  if (kind >= 52) n = static_cast<int64_t>(500 + random.Below(700));
  if (kind >= 58) n = static_cast<int64_t>(3000 + random.Below(15000));
  sizes[axis] = n;
  for (size_t d = 0; CountOf(sizes) > 40000; ++d) {
    if (d != axis) sizes[d] = 1;
  }
  return sizes;
}

// Offsets along rows, without strides that are not used.
inline std::vector<int64_t> UsedRowOffsetsOf(TensorShape shape, int axis) {
  for (int d = 0; d < shape.rank; ++d) {
    if (shape.sizes[d] <= 1) shape.strides[d] = 0;
  }
  return RowOffsetsOf(shape, axis);
}

inline std::vector<unsigned char> ElementsOf(
    const void* data, size_t size, const std::vector<int64_t>& offsets) {
  std::vector<unsigned char> elements(offsets.size() * size);
  for (size_t i = 0; i < offsets.size(); ++i) {
    std::memcpy(elements.data() + i * size,
                static_cast<const unsigned char*>(data) +
                    offsets[i] * static_cast<int64_t>(size),
                size);
  }
  return elements;
}

inline std::vector<unsigned char> BytesOf(const TensorMemory* memory) {
  return memory == nullptr ? std::vector<unsigned char>() : memory->bytes();
}
inline void Restore(const std::vector<unsigned char>& bytes,
                    TensorMemory* memory) {
  if (memory != nullptr) memory->SetBytes(bytes);
}

// Compares an output's elements, and all bytes around them with those before
// the call.
template <class View>
void CheckOutput(const View& view, int axis, const TensorMemory* memory,
                 const std::vector<unsigned char>& want,
                 const std::vector<unsigned char>& before) {
  if (memory == nullptr) return;
  const ElementType type = memory->type();
  const std::vector<int64_t> offsets = UsedRowOffsetsOf(view, axis);
  const std::vector<unsigned char> got =
      ElementsOf(view.data, SizeOf(type), offsets);
  REQUIRE(got.size() == want.size());
  CHECK(IsSame(type, got, want));
  std::vector<unsigned char> after = memory->bytes();
  const auto first =
      static_cast<const unsigned char*>(static_cast<const void*>(view.data)) -
      memory->bytes().data();
  for (const int64_t offset : offsets) {
    const int64_t at = first + offset * static_cast<int64_t>(SizeOf(type));
    std::memcpy(after.data() + at, before.data() + at, SizeOf(type));
  }
  CHECK(after == before);
}

// The sizes and strides of an operand.
inline std::string TextOf(const char* name, const TensorShape& shape) {
  std::string text = std::string(" ") + name + ":";
  for (int d = 0; d < shape.rank; ++d) {
    text += " " + std::to_string(shape.sizes[d]) + "*" +
            std::to_string(shape.strides[d]);
  }
  return text;
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_TENSOR_ELEMENTS_H_
