// SPDX-License-Identifier: Apache-2.0
// cpu_state enabled|disabled: whether the CPU of this machine has AVX-512, and
// whether the OS does, or does not, enable its registers. The program does not
// use the library, so that a mistake of the library's detection shows.

#include <cpuid.h>

#include <cstdint>
#include <cstdio>
#include <cstring>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  unsigned eax, ebx, ecx, edx;
  // AVX512F, DQ, CD, BW and VL: Intel SDM volume 2A, CPUID.
  constexpr uint32_t kAvx512 = 0xD0030000u;
  const bool has = __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 &&
                   (ebx & kAvx512) == kAvx512;
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  const bool is_enabled = (low & 0xE0u) == 0xE0u;  // opmask and ZMM state
  std::printf("AVX-512: the CPU has it: %s; the OS enables it: %s (%#x)\n",
              has ? "yes" : "no", is_enabled ? "yes" : "no", low);
  // AVX2's registers are enabled in any case.
  const bool is_as_expected =
      is_enabled == (std::strcmp(argv[1], "enabled") == 0);
  return has && is_as_expected && (low & 0x6u) == 0x6u ? 0 : 1;
}
