// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ARITH_EXP_COEFFICIENTS_H_
#define SOFTLANE_LIB_ARITH_EXP_COEFFICIENTS_H_

#include <cstdint>

// The numbers of the exponentials: exp-inl.h explains the softmax one,
// exponential-inl.h that of Exp. Vectors of all targets use the same ones.

namespace softlane {
namespace internal {

// 1.5 * 2^20: a float of this size counts eighths in its last bit. The bits of
// kMagic + k / 8 are those of kMagic plus k, and kMagic's last 12 bits are 0.
constexpr float kMagic = 0x1.8p20f;
// The same for a double.
constexpr double kWideMagic = 0x1.8p49;

// Softmax: c * 2^(j / 8), and (2^f - 1) / f from the constant on, minimax for
// the relative error of 1 + f p up to a factor. The cubic term's sign is that
// for -f.
constexpr uint32_t kSoftmaxPowers[8] = {0x3F8B3A3E, 0x3F97D424, 0x3FA59202,
                                        0x3FB48E45, 0x3FC4E5BE, 0x3FD6B7DA,
                                        0x3FEA26DE, 0x3FFF5829};
constexpr float kSoftmaxC1 = 0x1.62e432p-1f;
constexpr float kSoftmaxC2 = 0x1.ec0fa2p-3f;
constexpr float kSoftmaxC3 = -0x1.c6a598p-5f;

// Exp: 2^(j / 8), rounded; 2^(j / 8) over its rounded value, minus 1: 0,
// -0x1.9c0c22p-27, ...; and (2^f - 1) / f, minimax for the relative error of
// 1 + f p.
constexpr uint32_t kExpPowers[8] = {0x3F800000, 0x3F8B95C2, 0x3F9837F0,
                                    0x3FA5FED7, 0x3FB504F3, 0x3FC5672A,
                                    0x3FD744FD, 0x3FEAC0C7};
constexpr uint32_t kExpLeftOver[8] = {0x00000000, 0xB24E0611, 0x33092801,
                                      0xB3051AA8, 0x329302AE, 0x31B3D0E5,
                                      0xB27CE182, 0xB1D290BE};
constexpr float kExpC1 = 0x1.62e43p-1f;
constexpr float kExpC2 = 0x1.ebfbe2p-3f;
constexpr float kExpC3 = 0x1.c6b8eap-5f;
constexpr float kExpC4 = -0x1.3b0852p-7f;

// A result above 2^128 or below 2^-150 is what these give: infinity and 0.
constexpr float kExpHighest = 89.0f;
constexpr float kExpLowest = -104.0f;
// Exp's exponent is moved up by this where x is negative, else down by 1, and a
// product moves it back.
constexpr float kExpNegativeShift = 64.0f;
constexpr float kExpNegativeBack = 0x1p-64f;
constexpr float kExpPositiveShift = -1.0f;
constexpr float kExpPositiveBack = 2.0f;

// The logarithm's series in log-inl.h, from the highest power on.
constexpr double kLogSeriesFirst = 1.0 / 19.0;
constexpr double kLogSeries[8] = {1.0 / 17.0, 1.0 / 15.0, 1.0 / 13.0,
                                  1.0 / 11.0, 1.0 / 9.0,  1.0 / 7.0,
                                  1.0 / 5.0,  1.0 / 3.0};

struct ExpTable {
  uint32_t entries[8];
};
// Powers as the bits from which the exponent field's share of j / 8, which is
// added along with the octaves, has been taken off; times 2^octaves.
constexpr ExpTable PowerTable(const uint32_t (&powers)[8], int octaves = 0) {
  ExpTable table = {};
  for (uint32_t j = 0; j < 8; ++j) {
    const uint32_t up = static_cast<uint32_t>(octaves) << 23;
    table.entries[j] = powers[j] + up - (j << 20);
  }
  return table;
}

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_ARITH_EXP_COEFFICIENTS_H_
