// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TARGET_H_
#define SOFTLANE_TARGET_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

// The instruction set of a call.

namespace softlane {
inline namespace v1 {

/// The instruction set that a call uses. It is an argument of the call and
/// never a state of the process. All targets give the same bits. The values are
/// fixed for ever.
enum class Target : uint8_t {
  /// The target that AutoTarget() gives: the best available target, unless the
  /// environment variable SOFTLANE_TARGET is set.
  kAuto = 0,
  /// Runs on any CPU that the library was built for. On x86-64 it needs SSE2
  /// only. SSE2 has no fused multiply-add, so the baseline computes the same
  /// result from operations in double. On AArch64 it is the same code as kNeon.
  kBaseline = 1,
  /// AVX2, FMA, BMI, BMI2, F16C, AES, PCLMUL and LZCNT (from Haswell and Zen
  /// on).
  kAvx2 = 2,
  /// kAvx2 and AVX-512 F, VL, DQ, BW and CD (from Skylake-X and Zen 4 on).
  kAvx512 = 3,
  /// AArch64 Advanced SIMD.
  kNeon = 4,
};

/// A list of targets. The function that returns it documents the order.
struct TargetList {
  /// The first target.
  const Target* begin() const noexcept { return data; }
  /// The end of the list, after the last target.
  const Target* end() const noexcept { return data + size; }

  Target data[4];  ///< The targets.
  size_t size;     ///< The number of targets.
};

/// "auto", "baseline", "avx2", "avx512" or "neon"; "unknown" for any other
/// value. Never null.
const char* TargetName(Target target) noexcept;

/// The target with this name, or std::nullopt for an unknown name. Upper and
/// lower case differ.
std::optional<Target> ParseTarget(std::string_view name) noexcept;

/// Whether the target is compiled in and both CPU and OS support it. kAuto is
/// available if and only if AutoTarget() is not kAuto.
bool IsAvailable(Target target) noexcept;

/// All available targets but kAuto. The best comes first: the target with the
/// highest speed on long rows. On rows shorter than a vector, the next target
/// may be faster. kBaseline is always available.
TargetList AvailableTargets() noexcept;

/// The first of AvailableTargets().
Target BestTarget() noexcept;

/// The target that kAuto stands for in this process. It is BestTarget() unless
/// the environment variable SOFTLANE_TARGET names another target. If the
/// variable names no available target, this function gives kAuto, and every
/// call with kAuto returns Status::kTargetUnavailable: there is no silent
/// fallback. An empty variable and "auto" count as not set. The variable is
/// read once, at the first use of any target. A library built without
/// SOFTLANE_ENVIRONMENT does not read it.
Target AutoTarget() noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_TARGET_H_
