// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_DISPATCH_H_
#define SOFTLANE_LIB_DISPATCH_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "highway.h"
#include "hwy/detect_targets.h"
#include "softlane/target.h"

// The choice of the target. Highway compiles every kernel once per target, in a
// namespace per target. Highway's own dynamic dispatch is not used: its state
// is global to the process and may belong to the engine that embeds us.

namespace softlane {
namespace internal {

inline constexpr size_t kNumTargets = 5;
static_assert(static_cast<int>(Target::kBaseline) == 1 &&
                  static_cast<int>(Target::kAvx2) == 2 &&
                  static_cast<int>(Target::kAvx512) == 3 &&
                  static_cast<int>(Target::kNeon) == 4,
              "the order of SOFTLANE_KERNEL_TABLE");

/// One kernel for all targets, indexed by Target. Null where the kernel is not
/// compiled in.
template <typename Function>
struct KernelTable {
  Function* functions[kNumTargets];
};

/// Byte t is the target that a call with Target t runs on, or kAuto if there is
/// none. 0 means that ResolveAll has not run yet, since kBaseline always runs.
/// Threads that race compute the same value, so no lock and no order is needed.
/// Constant initialization needs neither a static initializer nor the C++
/// runtime.
extern std::atomic<uint64_t> g_resolved;
/// Computes g_resolved, stores it and returns it.
uint64_t ResolveAll() noexcept;

/// The target that a call with Target `target` runs on, or kAuto if there is
/// none.
inline Target Resolve(Target target) noexcept {
  uint64_t resolved = g_resolved.load(std::memory_order_relaxed);
  if (resolved == 0) resolved = ResolveAll();
  const size_t t = static_cast<size_t>(target);
  if (t >= kNumTargets) return Target::kAuto;
  return static_cast<Target>(resolved >> 8 * t & 0xFF);
}

/// The kernel for a call with this target. Null means kTargetUnavailable.
template <typename Function>
Function* Select(const KernelTable<Function>& table, Target target) noexcept {
  return table.functions[static_cast<size_t>(Resolve(target))];
}

/// The kernel for a target that Resolve() gave and that is not kAuto.
template <typename Function>
Function& KernelsOf(const KernelTable<Function>& table,
                    Target resolved) noexcept {
  return *table.functions[static_cast<size_t>(resolved)];
}

}  // namespace internal
}  // namespace softlane

// The initializer of a KernelTable, in the order of the enumerators. It can be
// used where HWY_ONCE is set.
#if HWY_ARCH_X86_64
#ifdef SOFTLANE_NO_AVX2
#define SOFTLANE_AVX2_KERNEL(name) nullptr
#elif HWY_TARGETS & HWY_AVX2
#define SOFTLANE_AVX2_KERNEL(name) &N_AVX2::name
#else
#error "This compiler gives no AVX2 with Highway."
#endif
#ifdef SOFTLANE_NO_AVX512
#define SOFTLANE_AVX512_KERNEL(name) nullptr
#elif HWY_TARGETS & HWY_AVX3
#define SOFTLANE_AVX512_KERNEL(name) &N_AVX3::name
#else
#error "This compiler gives no AVX3 with Highway."
#endif
#if HWY_STATIC_TARGET <= HWY_AVX2
#error "The x86-64 library needs a baseline below AVX2."
#endif
#if defined(__SSE3__) || defined(__AVX__) || defined(__BMI__) || \
    defined(__POPCNT__) || defined(__LZCNT__) || defined(__AES__)
#error "The compiler may use more than x86-64 has, also where any CPU runs."
#endif
#define SOFTLANE_KERNEL_TABLE(name)                                    \
  {                                                                    \
    {                                                                  \
      nullptr, &HWY_STATIC_DISPATCH(name), SOFTLANE_AVX2_KERNEL(name), \
          SOFTLANE_AVX512_KERNEL(name), nullptr                        \
    }                                                                  \
  }
#elif HWY_ARCH_ARM_A64
#define SOFTLANE_KERNEL_TABLE(name)                          \
  {                                                          \
    {                                                        \
      nullptr, &HWY_STATIC_DISPATCH(name), nullptr, nullptr, \
          &HWY_STATIC_DISPATCH(name)                         \
    }                                                        \
  }
#else
#define SOFTLANE_KERNEL_TABLE(name)                                    \
  {                                                                    \
    { nullptr, &HWY_STATIC_DISPATCH(name), nullptr, nullptr, nullptr } \
  }
#endif

#endif  // SOFTLANE_LIB_DISPATCH_H_
