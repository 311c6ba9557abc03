// SPDX-License-Identifier: Apache-2.0
#include "softlane/types.h"

#include <cstring>
#include <type_traits>

#include "doctest/doctest.h"
#include "fp_states.h"
#include "half_reference.h"

#if defined(__has_include)
#if __has_include(<stdfloat>)
#include <stdfloat>
#endif
#endif

namespace softlane {
namespace {

// An element of a matrix: two bytes, like the types of compilers and libraries.
template <typename Half>
constexpr bool kIsElement =
    sizeof(Half) == 2 && alignof(Half) == 2 &&
    std::is_trivially_copyable_v<Half>&& std::is_standard_layout_v<
        Half>&& std::is_trivially_default_constructible_v<Half>&&
    // Nothing is converted unless the program says so.
    std::is_constructible_v<Half, float>&& std::is_constructible_v<float,
                                                                   Half> &&
    !std::is_convertible_v<float, Half> && !std::is_convertible_v<Half, float>;
static_assert(kIsElement<BFloat16> && kIsElement<Float16>);
static_assert(!std::is_constructible_v<BFloat16, Float16> &&
              !std::is_constructible_v<Float16, BFloat16>);

static_assert(kElementType<float> == ElementType::kFloat32 &&
              kElementType<const float> == ElementType::kFloat32 &&
              kElementType<BFloat16> == ElementType::kBFloat16 &&
              kElementType<const BFloat16> == ElementType::kBFloat16 &&
              kElementType<Float16> == ElementType::kFloat16 &&
              kElementType<const Float16> == ElementType::kFloat16);
static_assert(static_cast<int>(ElementType::kFloat32) == 0 &&
              static_cast<int>(ElementType::kBFloat16) == 1 &&
              static_cast<int>(ElementType::kFloat16) == 2);

#if defined(__clang__) || __GNUC__ >= 11
static_assert(BFloat16(1.0f).bits == 0x3F80);
static_assert(BFloat16(-0.0f).bits == 0x8000);
static_assert(BFloat16(0x1.01p0f).bits == 0x3F80);  // ties
static_assert(BFloat16(0x1.03p0f).bits == 0x3F82);
static_assert(BFloat16(0x1p-133f).bits == 0x0001);
static_assert(BFloat16(0x1.FFp127f).bits == 0x7F80);
static_assert(static_cast<float>(BFloat16::FromBits(0xC040)) == -3.0f);
static_assert(Float16(1.0f).bits == 0x3C00);
static_assert(Float16(-0.0f).bits == 0x8000);
static_assert(Float16(0x1.002p0f).bits == 0x3C00);
static_assert(Float16(0x1.006p0f).bits == 0x3C02);
static_assert(Float16(0x1p-24f).bits == 0x0001);
static_assert(Float16(0x1p-25f).bits == 0x0000);
static_assert(Float16(65519.996f).bits == 0x7BFF);
static_assert(Float16(65520.0f).bits == 0x7C00);
static_assert(static_cast<float>(Float16::FromBits(0xC200)) == -3.0f);
#endif

// Clang calls functions for __bf16 that GCC's library may not have, so nothing
// of it is in the program.
#if defined(__clang__) && __clang_major__ >= 17 && \
    (defined(__x86_64__) || defined(__aarch64__))
static_assert(std::is_constructible_v<BFloat16, __bf16> &&
              std::is_constructible_v<__bf16, BFloat16> &&
              !std::is_convertible_v<__bf16, BFloat16> &&
              !std::is_convertible_v<BFloat16, __bf16>);
static_assert(BFloat16(static_cast<__bf16>(-3.0f)).bits == 0xC040);
static_assert(static_cast<float>(
                  static_cast<__bf16>(BFloat16::FromBits(0xC040))) == -3.0f);
#endif

// The compiler's own type of 16 bits, in all 65,536 values: the same bits, and
// the same number where the compiler can convert the type.
template <typename Half, typename Own>
void ExpectSameAs() {
  static_assert(std::is_constructible_v<Half, Own>);
  static_assert(std::is_constructible_v<Own, Half>);
  static_assert(!std::is_convertible_v<Own, Half>);
  static_assert(!std::is_convertible_v<Half, Own>);
  size_t wrong = 0;
  for (uint32_t i = 0; i < 0x10000; ++i) {
    const Half half = Half::FromBits(static_cast<uint16_t>(i));
    const Own own = static_cast<Own>(half);
    uint16_t bits;
    std::memcpy(&bits, &own, sizeof(bits));
    wrong += bits != i;
    wrong += Half(own).bits != i;
    wrong += !SameBits(static_cast<float>(own), static_cast<float>(half));
  }
  CHECK(wrong == 0);
}

// Kills: another format under the same name.
TEST_CASE("types: the compiler's own types have the same bits") {
#if defined(__STDCPP_BFLOAT16_T__)
  ExpectSameAs<BFloat16, std::bfloat16_t>();
#endif
#if defined(__STDCPP_FLOAT16_T__)
  ExpectSameAs<Float16, std::float16_t>();
#elif defined(__FLT16_MANT_DIG__) && \
    (defined(__clang__) || __GNUC__ >= 13 || defined(__x86_64__))
  ExpectSameAs<Float16, _Float16>();
#endif
#if defined(__ARM_FP16_FORMAT_IEEE)
  ExpectSameAs<Float16, __fp16>();
#endif
}

template <typename Half>
void ExpectWidens() {
  const HalfReference reference(kElementType<Half>);
  size_t wrong = 0;
  for (uint32_t i = 0; i < 0x10000; ++i) {
    const Half half = Half::FromBits(static_cast<uint16_t>(i));
    wrong += half.bits != i;
    wrong += BitsOf(static_cast<float>(half)) != reference.Widened(half.bits);
  }
  CHECK(wrong == 0);
}

// Kills: a bias that is off by one, a subnormal number that is lost or has a
// wrong exponent, an infinity that becomes a number, a NaN that does.
TEST_CASE("types: all 65,536 widenings") {
  ExpectWidens<BFloat16>();
  ExpectWidens<Float16>();
}

template <typename Half>
void ExpectNarrows() {
  const HalfReference reference(kElementType<Half>);
  size_t wrong = 0;
  for (const uint32_t bits : reference.Inputs()) {
    wrong += Half(FromBits(bits)).bits != reference.Narrowed(bits);
  }
  CHECK(wrong == 0);
}

// Kills: truncation, ties away from zero, a limit of infinity or of subnormal
// numbers that is off by one, a NaN that becomes infinite or stays signaling.
TEST_CASE("types: narrowing at all ties") {
  ExpectNarrows<BFloat16>();
  ExpectNarrows<Float16>();
}

// What is widened and narrowed is as it was.
TEST_CASE("types: there and back") {
  size_t wrong = 0;
  for (uint32_t i = 0; i < 0x10000; ++i) {
    const BFloat16 b = BFloat16::FromBits(static_cast<uint16_t>(i));
    const Float16 h = Float16::FromBits(static_cast<uint16_t>(i));
    const float from_b = static_cast<float>(b), from_h = static_cast<float>(h);
    wrong += BFloat16(from_b).bits != (from_b != from_b ? i | 0x40 : i);
    wrong += Float16(from_h).bits != (from_h != from_h ? i | 0x200 : i);
  }
  CHECK(wrong == 0);
}

// Kills: arithmetic in float, which the host's settings change.
TEST_CASE("types: the host's environment has no influence") {
  const HalfReference bfloat16(ElementType::kBFloat16);
  const HalfReference float16(ElementType::kFloat16);
  // Subnormal numbers, ties, too large numbers, signaling NaN.
  const uint32_t floats[] = {1,          0x00008000, 0x00018000, 0x80400001,
                             0x33000000, 0x33000001, 0xB3C00000, 0x387FF000,
                             0x3F808000, 0x3F803000, 0x477FF000, 0x7F7F8000,
                             0x7F800001, 0xFFC00000};
  const uint16_t halves[] = {0,     0x8000, 1,      0x8001,
                             0x3FF, 0x400,  0x7C01, 0x7F81};
  const FpState usual = GetFpState();
  size_t wrong = 0;
  for (const FpState& host : AllFpStates()) {
    for (const uint32_t bits : floats) {
      const uint16_t want_b = bfloat16.Narrowed(bits);
      const uint16_t want_h = float16.Narrowed(bits);
      SetFpState(host);
      const BFloat16 b(FromBits(bits));
      const Float16 h(FromBits(bits));
      SetFpState(usual);
      wrong += b.bits != want_b;
      wrong += h.bits != want_h;
    }
    for (const uint16_t bits : halves) {
      SetFpState(host);
      const float b = static_cast<float>(BFloat16::FromBits(bits));
      const float h = static_cast<float>(Float16::FromBits(bits));
      SetFpState(usual);
      wrong += BitsOf(b) != bfloat16.Widened(bits);
      wrong += BitsOf(h) != float16.Widened(bits);
    }
  }
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace softlane
