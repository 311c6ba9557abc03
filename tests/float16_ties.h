// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_FLOAT16_TIES_H_
#define SOFTLANE_TESTS_FLOAT16_TIES_H_

#include <cstdlib>
#include <cstring>

namespace softlane {

// Whether the CPU's conversion to float16 rounds ties to even. That of the
// emulator Bochs 2.7 rounds them up, with AVX2 as with AVX-512: emulated/run.sh
// says so by SOFTLANE_FLOAT16_TIES=0.
inline bool CpuRoundsFloat16Ties() {
  const char* const value = std::getenv("SOFTLANE_FLOAT16_TIES");
  return value == nullptr || std::strcmp(value, "0") != 0;
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_FLOAT16_TIES_H_
