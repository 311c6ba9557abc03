// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_HALF_BITS_H_
#define SOFTLANE_TESTS_HALF_BITS_H_

#include <cstdint>

#include "softlane/types.h"

// The half types as values, and the bits of their numbers.

namespace softlane {

inline constexpr ElementType kHalfTypes[] = {ElementType::kBFloat16,
                                             ElementType::kFloat16};

inline uint16_t NarrowedBits(ElementType type, float value) {
  return type == ElementType::kBFloat16 ? BFloat16(value).bits
                                        : Float16(value).bits;
}
inline float Widened(ElementType type, uint16_t bits) {
  return type == ElementType::kBFloat16
             ? static_cast<float>(BFloat16::FromBits(bits))
             : static_cast<float>(Float16::FromBits(bits));
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_HALF_BITS_H_
