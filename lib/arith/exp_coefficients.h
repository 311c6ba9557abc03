// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_ARITH_EXP_COEFFICIENTS_H_
#define SOFTLANE_LIB_ARITH_EXP_COEFFICIENTS_H_

#include <cstdint>

// The numbers of the exponentials, the same for all targets. exp-inl.h explains
// the exponential of softmax, exponential-inl.h the exponential of Exp.

namespace softlane {
namespace internal {

// 1.5 * 2^20: the last bit of a float of this size stands for 1/8. The bits of
// kMagic + k / 8 are the bits of kMagic, plus k. kMagic's last 12 bits are 0.
constexpr float kMagic = 0x1.8p20f;
// kMagic for a double.
constexpr double kWideMagic = 0x1.8p49;

// Softmax: the table c * 2^(j / 8), and the coefficients of p = (2^f - 1) / f
// from the constant on. They are minimax for the relative error of 1 + f p up
// to a factor. The last coefficient has the sign for -f.
constexpr uint32_t kSoftmaxPowers[8] = {0x3F8B3A3E, 0x3F97D424, 0x3FA59202,
                                        0x3FB48E45, 0x3FC4E5BE, 0x3FD6B7DA,
                                        0x3FEA26DE, 0x3FFF5829};
constexpr float kSoftmaxC1 = 0x1.62e432p-1f;
constexpr float kSoftmaxC2 = 0x1.ec0fa2p-3f;
constexpr float kSoftmaxC3 = -0x1.c6a598p-5f;

// Exp: 2^(j / 8), rounded; the relative error of that rounding, 2^(j / 8) over
// the rounded value minus 1 (0, -0x1.9c0c22p-27, ...); and the coefficients of
// p = (2^f - 1) / f, minimax for the relative error of 1 + f p.
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

// Exp clamps its argument to these limits. The limits give infinity and 0, and
// so do all arguments beyond them.
constexpr float kExpHighest = 89.0f;
constexpr float kExpLowest = -104.0f;
// Exp moves the exponent up by kExpNegativeShift for negative x, and down by 1
// for other x. A product moves it back.
constexpr float kExpNegativeShift = 64.0f;
constexpr float kExpNegativeBack = 0x1p-64f;
constexpr float kExpPositiveShift = -1.0f;
constexpr float kExpPositiveBack = 2.0f;

// The series of the logarithm in log-inl.h, from the highest power on.
constexpr double kLogSeriesFirst = 1.0 / 19.0;
constexpr double kLogSeries[8] = {1.0 / 17.0, 1.0 / 15.0, 1.0 / 13.0,
                                  1.0 / 11.0, 1.0 / 9.0,  1.0 / 7.0,
                                  1.0 / 5.0,  1.0 / 3.0};

struct ExpTable {
  uint32_t entries[8];
};
// The bits of powers[j] * 2^octaves, minus j << 20. AddOctaves shifts all of k
// into the exponent field, so it adds j << 20 along with the octaves.
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
