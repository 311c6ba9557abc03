// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_HALF_REFERENCE_H_
#define SOFTLANE_TESTS_HALF_REFERENCE_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "reference.h"
#include "softlane/types.h"

// What conversions between half types and float must give, by the value of the
// fields: no rounding is computed. Between two neighbours there is a tie, and
// the floats on each side of it round to that side.

namespace softlane {

class HalfReference {
 public:
  // has_ties_up: for a CPU that rounds ties up, see float16_ties.h.
  explicit HalfReference(ElementType type, bool has_ties_up = false)
      : fraction_bits_(type == ElementType::kBFloat16 ? 7 : 10) {
    // Infinity stands in the place of the next number.
    for (uint16_t half = 0; half < Infinity(); ++half) {
      const double tie = (ValueOf(half) + ValueOf(half + 1u)) / 2;
      const uint32_t bits = BitsOf(static_cast<float>(tie));
      last_.push_back(half % 2 == 0 && !has_ties_up ? bits : bits - 1);
    }
    last_.push_back(0x7F800000);
  }

  uint16_t Infinity() const {
    return static_cast<uint16_t>(0x7FFF >> fraction_bits_ << fraction_bits_);
  }

  // The float of all 16 bits. BFloat16 leaves a signaling NaN as it is.
  uint32_t Widened(uint16_t half) const {
    const uint32_t sign = (half & 0x8000u) << 16, magnitude = half & 0x7FFFu;
    if (magnitude > Infinity()) {
      const uint32_t payload = (magnitude - Infinity())
                               << (23 - fraction_bits_);
      const bool becomes_quiet = fraction_bits_ == 10;
      return sign | 0x7F800000 | payload | (becomes_quiet ? 0x400000 : 0);
    }
    if (magnitude == Infinity()) return sign | 0x7F800000;
    return sign | BitsOf(static_cast<float>(ValueOf(magnitude)));
  }

  // The half of any float. Floats in ascending order are found at once, if
  // *hint, which is 0 before the first, is handed on.
  uint16_t Narrowed(uint32_t bits, uint16_t* hint) const {
    const uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7FFFFFFF;
    if (magnitude > 0x7F800000) {  // quiet, and the first payload bits
      const uint32_t fraction = (magnitude & 0x7FFFFF) >> (23 - fraction_bits_);
      const uint32_t quiet = uint32_t{1} << (fraction_bits_ - 1);
      return static_cast<uint16_t>(sign | Infinity() | fraction | quiet);
    }
    while (magnitude > last_[*hint]) ++*hint;
    return static_cast<uint16_t>(sign | *hint);
  }
  uint16_t Narrowed(uint32_t bits) const {
    const uint32_t magnitude = bits & 0x7FFFFFFF;
    uint16_t hint = Infinity();
    if (magnitude <= 0x7F800000) {
      const auto at = std::lower_bound(last_.begin(), last_.end(), magnitude);
      hint = static_cast<uint16_t>(at - last_.begin());
    }
    return Narrowed(bits, &hint);
  }

  // Each half, each tie, their neighbours, both ends, all kinds of NaN; of both
  // signs.
  std::vector<uint32_t> Inputs() const {
    std::vector<uint32_t> inputs;
    const auto add = [&](uint32_t bits) {
      inputs.push_back(bits);
      inputs.push_back(bits | 0x80000000);
    };
    const auto add_three = [&](uint32_t bits) {
      if (bits != 0) add(bits - 1);
      add(bits);
      add(bits + 1);
    };
    for (uint16_t half = 0; half < Infinity(); ++half) {
      add_three(Widened(half));
      add_three(last_[half]);
    }
    for (uint32_t bit = 0; bit < 31; ++bit) add_three(uint32_t{1} << bit);
    add_three(0x7F800000);
    for (uint32_t payload = 1; payload < 0x800000;
         payload = payload * 5 / 4 + 1)
      add(0x7F800000 | payload);
    for (uint32_t bit = 0; bit < 23; ++bit) {
      add(0x7F800000 | uint32_t{1} << bit);
      add(0x7FFFFFFF - (uint32_t{1} << bit));
      add(0x7FFFFFFF >> bit | 0x7F800000);
    }
    return inputs;
  }

 private:
  double ValueOf(uint32_t magnitude) const {
    const int exponent = static_cast<int>(magnitude >> fraction_bits_);
    const int one = 1 << fraction_bits_;
    const int fraction = static_cast<int>(magnitude) % one;
    const int bias = (1 << (14 - fraction_bits_)) - 1;
    const int unit = std::max(exponent, 1) - bias - fraction_bits_;
    return std::ldexp(exponent == 0 ? fraction : one + fraction, unit);
  }

  const int fraction_bits_;
  // The last float that rounds to each half, from 0 to infinity.
  std::vector<uint32_t> last_;
};

}  // namespace softlane

#endif  // SOFTLANE_TESTS_HALF_REFERENCE_H_
