// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TYPES_H_
#define SOFTLANE_TYPES_H_

#include <cstdint>
#include <cstring>
#include <type_traits>

// The types of elements: float and two half types.

#if defined(__has_builtin)
#if __has_builtin(__builtin_bit_cast)
#define SOFTLANE_HAS_BIT_CAST
#endif
#endif
// GCC 9 and 10 have no constexpr way from a float to its bits.
#ifdef SOFTLANE_HAS_BIT_CAST
#define SOFTLANE_CONSTEXPR constexpr
#else
#define SOFTLANE_CONSTEXPR inline
#endif

namespace softlane {
namespace internal {

// The conversions are integer arithmetic, so no setting of the host's floating
// point environment changes them.

template <typename To, typename From>
SOFTLANE_CONSTEXPR To BitCast(const From& from) noexcept {
  static_assert(sizeof(To) == sizeof(From), "the same bits");
#ifdef SOFTLANE_HAS_BIT_CAST
  return __builtin_bit_cast(To, from);
#else
  To to;
  std::memcpy(&to, &from, sizeof(to));
  return to;
#endif
}

// The bits of the nearest number of the type, for the bits of a float. Ties go
// to even.
constexpr uint16_t ToBFloat16(uint32_t bits) noexcept {
  const bool is_nan = (bits & 0x7FFFFFFF) > 0x7F800000;
  const uint32_t odd = bits >> 16 & 1;
  return static_cast<uint16_t>(is_nan ? bits >> 16 | 0x40
                                      : (bits + 0x7FFF + odd) >> 16);
}
constexpr uint16_t ToFloat16(uint32_t bits) noexcept {
  const uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7FFFFFFF;
  uint32_t result = 0;
  if (magnitude > 0x7F800000) {  // NaN
    result = 0x7E00 | (magnitude >> 13 & 0x3FF);
  } else if (magnitude >= 0x47800000) {  // from 2^16 on
    result = 0x7C00;
  } else {
    // The significand in units of the result's last bit, which is 2^-24 at
    // least. A number below 2^-25 is less than half a unit and becomes 0.
    const uint32_t exponent = magnitude >> 23;
    const bool is_normal = exponent > 112;
    if (exponent >= 102) {
      const uint32_t significand = 0x800000 | (magnitude & 0x7FFFFF);
      const uint32_t shift = is_normal ? 13 : 126 - exponent;
      const uint32_t odd = significand >> shift & 1;
      result = (significand + (uint32_t{1} << (shift - 1)) - 1 + odd) >> shift;
    }
    // The leading bit of the significand adds 1 to the exponent, and so does a
    // carry.
    if (is_normal) result += (exponent - 113) << 10;
  }
  return static_cast<uint16_t>(sign | result);
}
// The bits of the float with the same value.
constexpr uint32_t FromFloat16(uint16_t bits) noexcept {
  const uint32_t sign = (bits & uint32_t{0x8000}) << 16;
  uint32_t exponent = bits >> 10 & 31, fraction = bits & 0x3FF;
  if (exponent == 31) {
    const uint32_t quiet = fraction != 0 ? 0x400000 : 0;
    return sign | 0x7F800000 | quiet | fraction << 13;
  }
  if (exponent == 0) {
    if (fraction == 0) return sign;
    for (exponent = 1; fraction < 0x400; fraction *= 2) --exponent;
    fraction -= 0x400;
  }
  return sign | (exponent + 112) << 23 | fraction << 13;
}

// The bits of 1 in a floating type of two bytes that the compiler has, and 0
// for other types. The bits of 1 tell the format, whatever the type's name is.
template <typename T>
constexpr uint16_t BitsOfOne() noexcept {
#ifdef SOFTLANE_HAS_BIT_CAST
  if constexpr (!(std::is_void_v<T> || std::is_reference_v<T> ||
                  std::is_function_v<T> || std::is_array_v<T> ||
                  std::is_class_v<T> || std::is_union_v<T> ||
                  std::is_enum_v<T> || std::is_integral_v<T>)) {
    if constexpr (sizeof(T) == 2) {
      return BitCast<uint16_t>(static_cast<T>(1.0f));
    }
  }
#endif
  return 0;
}

}  // namespace internal

inline namespace v1 {

/// The element type of a view. The values are fixed for ever.
enum class ElementType : uint8_t {
  /// float.
  kFloat32 = 0,
  /// BFloat16.
  kBFloat16 = 1,
  /// Float16.
  kFloat16 = 2,
};

/// bfloat16: the upper half of a float. It has 8 bits of significand and the
/// exponent range of float.
///
/// The type stores numbers, and does not compute: compute in float. It has no
/// comparisons either; compare `bits`, or the floats.
///
/// It has the size, the alignment and the bits of std::bfloat16_t, of __bf16,
/// and of the bfloat16 of other libraries. So a pointer to an array of such a
/// type may be passed to this library after a reinterpret_cast to `BFloat16*`.
struct BFloat16 {
  /// Leaves the number unspecified.
  BFloat16() noexcept = default;
  /// Rounds to the nearest number, and ties to even. A magnitude of 2^128 -
  /// 2^119 or more becomes an infinity. Subnormal numbers are kept. A NaN
  /// becomes a quiet NaN with its sign and its first payload bits. A double is
  /// rounded to float first.
  explicit SOFTLANE_CONSTEXPR BFloat16(float value) noexcept
      : bits(internal::ToBFloat16(internal::BitCast<uint32_t>(value))) {}
  /// Takes the bits of a number of the compiler's own bfloat16 type.
  template <typename T,
            std::enable_if_t<internal::BitsOfOne<T>() == 0x3F80, int> = 0>
  explicit constexpr BFloat16(T value) noexcept
      : bits(internal::BitCast<uint16_t>(value)) {}
  /// The number with these bits. From the highest bit on: 1 sign bit, 8
  /// exponent bits and 7 fraction bits.
  static constexpr BFloat16 FromBits(uint16_t number) noexcept {
    BFloat16 result{};
    result.bits = number;
    return result;
  }

  /// The float with the same value. A signaling NaN stays signaling.
  explicit SOFTLANE_CONSTEXPR operator float() const noexcept {
    return internal::BitCast<float>(uint32_t{bits} << 16);
  }
  /// The number of the compiler's own bfloat16 type with the same bits.
  template <typename T,
            std::enable_if_t<internal::BitsOfOne<T>() == 0x3F80, int> = 0>
  explicit constexpr operator T() const noexcept {
    return internal::BitCast<T>(bits);
  }

  /// The sign, the exponent and the fraction, from the highest bit on.
  uint16_t bits;
};

/// float16, the binary16 format of IEEE 754. It has 11 bits of significand. Its
/// normal numbers reach from 2^-14 to 65504, and its subnormal numbers reach
/// down to 2^-24.
///
/// The type stores numbers, and does not compute: compute in float. It has no
/// comparisons either; compare `bits`, or the floats.
///
/// It has the size, the alignment and the bits of std::float16_t, of _Float16,
/// and of the float16 of other libraries. So a pointer to an array of such a
/// type may be passed to this library after a reinterpret_cast to `Float16*`.
struct Float16 {
  /// Leaves the number unspecified.
  Float16() noexcept = default;
  /// Rounds to the nearest number, and ties to even. A magnitude of 65520 or
  /// more becomes an infinity. A magnitude below 2^-14 becomes a subnormal
  /// number or zero. A NaN becomes a quiet NaN with its sign and its first
  /// payload bits. A double is rounded to float first.
  explicit SOFTLANE_CONSTEXPR Float16(float value) noexcept
      : bits(internal::ToFloat16(internal::BitCast<uint32_t>(value))) {}
  /// Takes the bits of a number of the compiler's own float16 type.
  template <typename T,
            std::enable_if_t<internal::BitsOfOne<T>() == 0x3C00, int> = 0>
  explicit constexpr Float16(T value) noexcept
      : bits(internal::BitCast<uint16_t>(value)) {}
  /// The number with these bits. From the highest bit on: 1 sign bit, 5
  /// exponent bits and 10 fraction bits.
  static constexpr Float16 FromBits(uint16_t number) noexcept {
    Float16 result{};
    result.bits = number;
    return result;
  }

  /// The float with the same value. A NaN becomes a quiet NaN.
  explicit SOFTLANE_CONSTEXPR operator float() const noexcept {
    return internal::BitCast<float>(internal::FromFloat16(bits));
  }
  /// The number of the compiler's own float16 type with the same bits.
  template <typename T,
            std::enable_if_t<internal::BitsOfOne<T>() == 0x3C00, int> = 0>
  explicit constexpr operator T() const noexcept {
    return internal::BitCast<T>(bits);
  }

  /// The sign, the exponent and the fraction, from the highest bit on.
  uint16_t bits;
};

}  // namespace v1

namespace internal {

constexpr ElementType TypeOf(const float*) noexcept {
  return ElementType::kFloat32;
}
constexpr ElementType TypeOf(const BFloat16*) noexcept {
  return ElementType::kBFloat16;
}
constexpr ElementType TypeOf(const Float16*) noexcept {
  return ElementType::kFloat16;
}

}  // namespace internal

inline namespace v1 {

/// The ElementType of T, where T is float, BFloat16 or Float16, const or not.
template <typename T>
inline constexpr ElementType kElementType =
    internal::TypeOf(static_cast<const T*>(nullptr));

}  // namespace v1
}  // namespace softlane

#undef SOFTLANE_CONSTEXPR
#undef SOFTLANE_HAS_BIT_CAST

#endif  // SOFTLANE_TYPES_H_
