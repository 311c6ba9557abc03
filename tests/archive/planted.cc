// SPDX-License-Identifier: Apache-2.0
// The faults that check.sh must find. Each is compiled with -DPLANT_<NAME> into
// a copy of the archive.

#include <cstdio>
#include <cstdlib>

#if defined(PLANT_STDIO)
namespace softlane {
void Planted() { std::printf("planted"); }
}  // namespace softlane
#elif defined(PLANT_ABORT)
namespace softlane {
void Planted() { std::abort(); }
}  // namespace softlane
#elif defined(PLANT_RUNTIME)
namespace softlane {
int* Planted() { return new int; }
}  // namespace softlane
#elif defined(PLANT_HIGHWAY)
namespace hwy {
__attribute__((used)) static int Planted() { return 1; }
}  // namespace hwy
#elif defined(PLANT_EXPORT)
int SoftlanePlanted() { return 1; }
#elif defined(PLANT_WEAK) && defined(__x86_64__)
namespace softlane {
namespace N_AVX2 {
__attribute__((noinline, used, target("avx2"))) inline void Planted(int* x) {
  for (int i = 0; i < 64; ++i) x[i] += 1;
}
}  // namespace N_AVX2
}  // namespace softlane
#elif defined(PLANT_AVX) && defined(__x86_64__)
namespace softlane {
__attribute__((target("avx2"))) void Planted(int* x) {
  for (int i = 0; i < 64; ++i) x[i] += 1;
}
}  // namespace softlane
#elif defined(PLANT_ALIGNED_MOVE) && defined(__x86_64__)
namespace softlane {
namespace N_AVX3 {
__attribute__((used)) static void Planted() {
  __asm__ volatile("vmovaps 64(%rsp), %zmm0 {%k1}");
}
}  // namespace N_AVX3
}  // namespace softlane
#elif defined(PLANT_ALIGNED_STREAM) && defined(__x86_64__)
namespace softlane {
namespace N_AVX2 {
__attribute__((used)) static void Planted() {
  __asm__ volatile("vmovntps %ymm0, 64(%rsp)");
}
}  // namespace N_AVX2
}  // namespace softlane
#elif defined(PLANT_INITIALIZER)
namespace softlane {
static volatile int planted;
__attribute__((constructor)) static void Plant() { planted = 1; }
}  // namespace softlane
#else
#error
#endif
