// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ARITH_SOFT_FMA_H_
#define SOFTLANE_LIB_ARITH_SOFT_FMA_H_

#include <cstdint>
#include <cstring>

namespace softlane {
namespace internal {

/// a * b + c with one rounding, from double arithmetic, where the product is
/// exact.
///
/// Rounding the sum to double and then to float differs from rounding once only
/// if the double is half-way between two floats, that is, if it ends in 1 and
/// 28 zeros (or anywhere below the smallest normal float). Then it is rounded
/// to odd instead, which keeps what the second rounding needs to know: S.
/// Boldo, G. Melquiond, "Emulation of FMA and correctly rounded sums: proved
/// algorithms using rounding to odd", IEEE Trans. Computers 57(4), 2008.
[[gnu::noinline]] inline float SoftFma(float a, float b, float c) {
  const double product = static_cast<double>(a) * static_cast<double>(b);
  const double addend = static_cast<double>(c);
  double sum = product + addend;
  uint64_t bits;
  std::memcpy(&bits, &sum, sizeof(bits));
  const bool half_way = (bits & 0x1FFFFFFFu) == 0x10000000u;
  // Below 2^-126, by the exponent: one comparison of integers.
  const bool subnormal = bits << 1 < uint64_t{0x381} << 53;
  if (half_way || subnormal) {
    const double added = sum - product;  // the error of the sum, exactly:
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
