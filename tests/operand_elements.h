// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_OPERAND_ELEMENTS_H_
#define SOFTLANE_TESTS_OPERAND_ELEMENTS_H_

#include <cstddef>
#include <cstring>
#include <limits>

#include "softlane/softlane.h"

// The elements of operands.

namespace softlane {
namespace operands {

enum class Element {
  kFloat,
  kBFloat16,
  kFloat16,
  kInt32,
  kInt64,
  kByte,
  kDouble,
  kState,
};
constexpr bool IsHalf(Element element) {
  return element == Element::kBFloat16 || element == Element::kFloat16;
}
// Of the elements of matrices that functions of any element type take. The
// others have no type.
constexpr bool HasType(Element element) { return element <= Element::kFloat16; }
constexpr int TypeOf(Element element) {
  const ElementType type =
      element == Element::kBFloat16  ? ElementType::kBFloat16
      : element == Element::kFloat16 ? ElementType::kFloat16
                                     : ElementType::kFloat32;
  return static_cast<int>(type);
}
constexpr const char* NameOf(Element element) {
  return element == Element::kBFloat16  ? "bf16"
         : element == Element::kFloat16 ? "f16"
                                        : "float";
}

constexpr size_t SizeOf(Element element) {
  switch (element) {
    case Element::kByte:
      return 1;
    case Element::kBFloat16:
    case Element::kFloat16:
      return 2;
    case Element::kInt64:
    case Element::kDouble:
      return 8;
    case Element::kState:
      return sizeof(SoftmaxState);
    default:
      return 4;
  }
}

template <typename T>
void Put(void* to, T value) {
  std::memcpy(to, &value, sizeof(value));
}
template <typename T>
T Get(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

// The element that has a type becomes the number, rounded.
inline void PutNumber(Element element, float number, void* to) {
  if (element == Element::kBFloat16) return Put(to, BFloat16(number));
  if (element == Element::kFloat16) return Put(to, Float16(number));
  Put(to, number);
}
inline float NumberAt(Element element, const void* from) {
  if (element == Element::kBFloat16) {
    return static_cast<float>(Get<BFloat16>(from));
  }
  if (element == Element::kFloat16) {
    return static_cast<float>(Get<Float16>(from));
  }
  return Get<float>(from);
}

// Every NaN becomes the same.
inline void MakeNanUsual(Element element, void* to) {
  if (element == Element::kDouble) {
    const double value = Get<double>(to);
    if (value != value) Put(to, std::numeric_limits<double>::quiet_NaN());
  } else if (HasType(element)) {
    const float value = NumberAt(element, to);
    if (value != value) {
      PutNumber(element, std::numeric_limits<float>::quiet_NaN(), to);
    }
  }
}

}  // namespace operands
}  // namespace softlane

#endif  // SOFTLANE_TESTS_OPERAND_ELEMENTS_H_
