// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_FUZZ_SOURCE_H_
#define SOFTLANE_TESTS_FUZZ_SOURCE_H_

#include <cstddef>
#include <cstdint>

#include "../inputs.h"
#include "../reference.h"

namespace softlane {
namespace fuzz {

// Integers only, so that an input means the same call on every machine.
class Random {
 public:
  explicit Random(uint64_t seed) : bits_(seed) {}

  uint64_t Next() { return bits_.Bits(); }
  // In [0, bound), for a bound of at most 2^32. Not softlane::Random's, by
  // which the inputs of the corpus would mean other calls.
  size_t Below(size_t bound) {
    return static_cast<size_t>(((Next() >> 32) * uint64_t{bound}) >> 32);
  }

 private:
  softlane::Random bits_;
};

// The choices of the fuzzer: the bytes of the input. After their end there are
// zeros, which every decoder reads as the plainest choice. So a short input is
// a simple call, and inputs can be minimised.
class Source {
 public:
  Source(const uint8_t* data, size_t size) : data_(data), end_(data + size) {}

  uint8_t Byte() { return data_ == end_ ? 0 : *data_++; }
  uint32_t Word() {
    uint32_t word = Byte();
    for (int shift = 8; shift < 32; shift += 8) {
      word |= uint32_t{Byte()} << shift;
    }
    return word;
  }
  // In [0, bound). Two bytes, if one is not enough.
  size_t Below(size_t bound) {
    const size_t value = bound <= 256 ? Byte() : Byte() + size_t{256} * Byte();
    return value % bound;
  }
  // True for the last `chances` of 256 bytes, and not behind the end.
  bool Chance(unsigned chances) { return Byte() >= 256 - chances; }
  template <typename T, size_t n>
  T OneOf(const T (&values)[n]) {
    return values[Below(n)];
  }

 private:
  const uint8_t* data_;
  const uint8_t* end_;
};

inline bool IsNan(float value) { return value != value; }
inline bool IsFinite(float value) {
  return (BitsOf(value) & 0x7F800000u) != 0x7F800000u;
}

}  // namespace fuzz
}  // namespace softlane

#endif  // SOFTLANE_TESTS_FUZZ_SOURCE_H_
