// SPDX-License-Identifier: Apache-2.0
// cpu_model_test TARGET: on this CPU, TARGET must be the best target, the
// results of all available targets must be right, and Highway must choose the
// same target. cpu_models.sh runs this program under emulators of other CPUs.
// An emulator stops a program that uses an instruction the CPU lacks.

#include <cstdio>
#include <string>

#include "consumer/digest.h"
#include "softlane/target.h"
#ifdef SOFTLANE_TESTS_HAVE_LIBHWY
#include <cpuid.h>

#include "hwy/highway.h"
#endif

namespace {

bool IsHighwaysChoice() {
#if defined(SOFTLANE_TESTS_HAVE_LIBHWY) && HWY_ARCH_X86
  auto supported = hwy::SupportedTargets();
  // Without OSXSAVE no AVX register may be used, whatever the other bits say
  // (Intel SDM, volume 1, 14.3). Version 1.0.3 does not look there.
  unsigned eax, ebx, ecx, edx;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx >> 27 & 1) == 0) {
    supported &= ~(HWY_AVX2 | HWY_AVX3);
  }
  return ((supported & HWY_AVX2) != 0) ==
             softlane::IsAvailable(softlane::Target::kAvx2) &&
         ((supported & HWY_AVX3) != 0) ==
             softlane::IsAvailable(softlane::Target::kAvx512);
#else
  std::printf("built without libhwy: its choice was not compared\n");
  return true;
#endif
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::string best = softlane::TargetName(softlane::BestTarget());
  const std::string chosen = softlane::TargetName(softlane::AutoTarget());
  const bool as_expected = best == argv[1] && chosen == argv[1];
  const bool as_highway = IsHighwaysChoice();
  const bool right = DigestAll() == 0;
  std::printf("chosen: %s%s%s\n", chosen.c_str(),
              as_expected ? "" : ", which is WRONG",
              as_highway ? "" : ", Highway DISAGREES");
  return as_expected && as_highway && right ? 0 : 1;
}
