// SPDX-License-Identifier: Apache-2.0
// The fused multiply-add of one lane against that of the C library or the CPU.
#include "../lib/arith/soft_fma.h"

#include <cmath>
#include <string>

#include "amount.h"
#include "doctest/doctest.h"
#include "inputs.h"
#include "reference.h"

namespace softlane {
namespace {

// A float with a significand of `bits` bits and an exponent in [low, high].
float MakeFloat(Random& random, int bits, int low, int high) {
  const uint32_t mask = ~uint32_t{0} << (24 - bits);
  const uint32_t significand =
      static_cast<uint32_t>(random.Bits()) & 0x7FFFFF & mask;
  const int exponent = low + static_cast<int>(random.Below(high - low + 1));
  const float value = std::ldexp(FromBits(0x3F800000u | significand), exponent);
  return random.Below(2) == 0 ? value : -value;
}

// Kills: rounding twice, half-way cases and subnormal results above all.
TEST_CASE("soft fma") {
  Random random(1);
  size_t wrong = 0;
  float witness[3] = {};
  const auto check = [&](float a, float b, float c) {
    if (SameBits(internal::SoftFma(a, b, c), ReferenceFma(a, b, c))) return;
    ++wrong;
    witness[0] = a, witness[1] = b, witness[2] = c;
  };
  const size_t count = Amount("SOFTLANE_FMA_TRIALS", 3000000, 300000);
  for (size_t i = 0; i < count; ++i) {
    // Any bits at all.
    check(FromBits(static_cast<uint32_t>(random.Bits())),
          FromBits(static_cast<uint32_t>(random.Bits())),
          FromBits(static_cast<uint32_t>(random.Bits())));
    // Short significands meet half-way; far below, a little of the other
    // operand.
    check(MakeFloat(random, 13, 0, 0), MakeFloat(random, 12, 0, 0),
          MakeFloat(random, 24, -60, 60));
    check(MakeFloat(random, 24, 0, 0), MakeFloat(random, 2, -1, 1),
          MakeFloat(random, 3, -70, -20));
    // Subnormal results.
    check(MakeFloat(random, 14, -70, -60), MakeFloat(random, 14, -80, -60),
          MakeFloat(random, 24, -150, -120));
  }
  // Subnormal results that would be half-way but for a bit that double drops.
  for (size_t i = 0; i < count / 10; ++i) {
    const float product_sign = random.Below(2) == 0 ? 0x1p-75f : -0x1p-75f;
    const float c = static_cast<float>(random.Bits() >> 41) * 0x1p-149f;
    check((1.0f + 0x1p-23f) * 0x1p-75f, (1.0f - 0x1p-23f) * product_sign, c);
    check((1.0f + 0x1p-23f) * 0x1p-75f, (1.0f + 0x1p-23f) * product_sign, -c);
  }
  INFO(witness[0] << " * " << witness[1] << " + " << witness[2]);
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace softlane
