// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ARITH_SOFT_FMA_H_
#define SOFTLANE_LIB_ARITH_SOFT_FMA_H_

#include <cstdint>
#include <cstring>

namespace softlane {
namespace internal {

/// a * b + c with one rounding, from arithmetic in double. The product is exact
/// in double; the sum rounds to double, and then to float.
///
/// Two roundings differ from one rounding only if the double is half-way
/// between two floats. A double is half-way if it ends in 1 and 28 zeros. Below
/// the smallest normal float, any double may be half-way. Such a double is
/// rounded to odd instead: its last bit tells the second rounding that the sum
/// was not exact. Source: S. Boldo, G. Melquiond, "Emulation of FMA and
/// correctly rounded sums: proved algorithms using rounding to odd", IEEE
/// Trans. Computers 57(4), 2008.
[[gnu::noinline]] inline float SoftFma(float a, float b, float c) {
  const double product = static_cast<double>(a) * static_cast<double>(b);
  const double addend = static_cast<double>(c);
  double sum = product + addend;
  uint64_t bits;
  std::memcpy(&bits, &sum, sizeof(bits));
  const bool half_way = (bits & 0x1FFFFFFFu) == 0x10000000u;
  // Whether |sum| is below 2^-126, by a comparison of exponents.
  const bool subnormal = bits << 1 < uint64_t{0x381} << 53;
  if (half_way || subnormal) {
    const double added = sum - product;  // `error` is exact
    const double error = (product - (sum - added)) + (addend - added);
    if ((error > 0.0 || error < 0.0) && (bits & 1) == 0) {
      bits += (error > 0.0) == (sum > 0.0) ? 1 : -1;
      std::memcpy(&sum, &bits, sizeof(bits));
    }
  }
  return static_cast<float>(sum);
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ARITH_SOFT_FMA_H_
