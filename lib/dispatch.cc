// SPDX-License-Identifier: Apache-2.0
#include "dispatch.h"

#include <cstdlib>

#if HWY_ARCH_X86_64
#include <cpuid.h>
#endif

#include "arith/cpu_features.h"

namespace softlane {
namespace {

using internal::kNumTargets;

// The fastest target first. A target of another architecture is never
// available.
constexpr Target kByRank[] = {Target::kAvx512, Target::kAvx2, Target::kNeon,
                              Target::kBaseline};

constexpr uint32_t Bit(uint32_t index) { return uint32_t{1} << index; }
constexpr uint32_t Bit(Target target) {
  return Bit(static_cast<uint32_t>(target));
}

#if HWY_ARCH_X86_64

bool HasAll(uint32_t word, uint32_t bits) { return (word & bits) == bits; }

// Extended control register 0. It tells which registers the OS saves.
uint32_t ReadXcr0() {
  uint32_t eax, edx;
  __asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
  return eax;
}

// Looks for every feature that Highway's target attribute lets the compiler
// use, and for LZCNT, which Highway requires, too. Source: Intel SDM volume 2A,
// CPUID; volume 1, section 13.3.
uint32_t DetectTargets() {
  uint32_t targets = Bit(Target::kBaseline);
  uint32_t eax, ebx, ecx1, ecx, edx;

  // In a virtual machine each CPUID takes microseconds. __get_cpuid needs two
  // CPUIDs per leaf: with it, the first call takes 62 instead of 50
  // microseconds.
  if (__get_cpuid_max(0, nullptr) < 7) return targets;
  __cpuid(1, eax, ebx, ecx1, edx);
  constexpr uint32_t kSse4PopcntAesPclmul =
      Bit(0) | Bit(1) | Bit(9) | Bit(19) | Bit(20) | Bit(23) | Bit(25);
  constexpr uint32_t kFmaOsxsaveAvxF16c = Bit(12) | Bit(27) | Bit(28) | Bit(29);
  if (!HasAll(ecx1, kSse4PopcntAesPclmul | kFmaOsxsaveAvxF16c)) return targets;

  // Every x86-64 CPU has this leaf, because the leaf says that the CPU is
  // x86-64.
  __cpuid(0x80000001u, eax, ebx, ecx, edx);
  constexpr uint32_t kLzcnt = Bit(5);
  if (!HasAll(ecx, kLzcnt)) return targets;

  __cpuid_count(7, 0, eax, ebx, ecx, edx);
  const uint32_t last_subleaf = eax;
  constexpr uint32_t kBmiAvx2Bmi2 = Bit(3) | Bit(5) | Bit(8);
  constexpr uint32_t kAvx512FDqCdBwVl =
      Bit(16) | Bit(17) | Bit(28) | Bit(30) | Bit(31);
  const uint32_t xcr0 = ReadXcr0();  // OSXSAVE was checked, so XGETBV is legal
  constexpr uint32_t kXmmYmm = Bit(1) | Bit(2);
  constexpr uint32_t kOpmaskZmm = Bit(5) | Bit(6) | Bit(7);
  if (!HasAll(ebx, kBmiAvx2Bmi2) || !HasAll(xcr0, kXmmYmm)) return targets;
  if (HWY_TARGETS & HWY_AVX2) targets |= Bit(Target::kAvx2);
  if ((HWY_TARGETS & HWY_AVX3) != 0 && HasAll(ebx, kAvx512FDqCdBwVl) &&
      HasAll(xcr0, kOpmaskZmm)) {
    targets |= Bit(Target::kAvx512);
    if (last_subleaf != 0) __cpuid_count(7, 1, eax, ebx, ecx, edx);
    constexpr uint32_t kBf16 = Bit(5);
    internal::g_has_bfloat16.store(last_subleaf != 0 && HasAll(eax, kBf16),
                                   std::memory_order_relaxed);
  }
  return targets;
}

#elif HWY_ARCH_ARM_A64

uint32_t DetectTargets() {  // Advanced SIMD is part of the base architecture
  return Bit(Target::kBaseline) | Bit(Target::kNeon);
}

#else

uint32_t DetectTargets() { return Bit(Target::kBaseline); }

#endif

Target BestOf(uint32_t targets) {
  for (const Target target : kByRank) {
    if (targets & Bit(target)) return target;
  }
  return Target::kBaseline;
}

#ifdef SOFTLANE_NO_ENVIRONMENT
const char* RequestedTarget() { return nullptr; }
#else
const char* RequestedTarget() { return std::getenv("SOFTLANE_TARGET"); }
#endif

// The target that kAuto stands for. It is kAuto itself if the environment names
// a target that is not available.
Target ChooseAuto(uint32_t targets) {
  const char* name = RequestedTarget();
  if (name == nullptr || *name == '\0') return BestOf(targets);
  const std::optional<Target> target = ParseTarget(name);
  if (target == Target::kAuto) return BestOf(targets);
  if (!target || !(targets & Bit(*target))) return Target::kAuto;
  return *target;
}

}  // namespace

namespace internal {

std::atomic<bool> g_has_bfloat16{false};
std::atomic<uint64_t> g_resolved{0};

uint64_t ResolveAll() noexcept {
  const uint32_t targets = DetectTargets();
  uint64_t resolved = static_cast<uint64_t>(ChooseAuto(targets));
  for (uint32_t t = 1; t < kNumTargets; ++t) {
    if (targets & Bit(t)) resolved |= uint64_t{t} << 8 * t;
  }
  g_resolved.store(resolved, std::memory_order_relaxed);
  return resolved;
}

}  // namespace internal

inline namespace v1 {

const char* TargetName(Target target) noexcept {
  switch (target) {
    case Target::kAuto:
      return "auto";
    case Target::kBaseline:
      return "baseline";
    case Target::kAvx2:
      return "avx2";
    case Target::kAvx512:
      return "avx512";
    case Target::kNeon:
      return "neon";
  }
  return "unknown";
}

std::optional<Target> ParseTarget(std::string_view name) noexcept {
  for (size_t t = 0; t < kNumTargets; ++t) {
    const Target target = static_cast<Target>(t);
    if (name == TargetName(target)) return target;
  }
  return std::nullopt;
}

bool IsAvailable(Target target) noexcept {
  return internal::Resolve(target) != Target::kAuto;
}

TargetList AvailableTargets() noexcept {
  TargetList list{};
  for (const Target target : kByRank) {
    if (IsAvailable(target)) list.data[list.size++] = target;
  }
  return list;
}

Target BestTarget() noexcept { return AvailableTargets().data[0]; }

Target AutoTarget() noexcept { return internal::Resolve(Target::kAuto); }

}  // namespace v1
}  // namespace softlane
