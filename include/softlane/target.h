// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TARGET_H_
#define SOFTLANE_TARGET_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace softlane {
inline namespace v1 {

/// The instruction set a kernel runs on: an argument of every call, never state
/// of the process. All targets give the same bits. The values are fixed for
/// ever.
enum class Target : uint8_t {
  /// What AutoTarget() says: the best available, unless SOFTLANE_TARGET is
  /// set.
  kAuto = 0,
  /// Runs on any CPU the library was built for. On x86-64 that is SSE2, which
  /// has no fused multiply-add: Softmax, LogSoftmax, LogSumExp and Exp compute
  /// it in vectors of double, other functions one lane at a time. On AArch64
  /// the same code as kNeon.
  kBaseline = 1,
  /// AVX2, FMA, BMI, BMI2, F16C, AES, PCLMUL and LZCNT (Haswell, Zen).
  kAvx2 = 2,
  /// kAvx2 and AVX-512 F, VL, DQ, BW, CD (Skylake-X, Zen 4).
  kAvx512 = 3,
  /// AArch64 Advanced SIMD.
  kNeon = 4,
};

/// Some targets, in an order that the function that returns them documents.
struct TargetList {
  /// The first target.
  const Target* begin() const noexcept { return data; }
  /// Behind the last target.
  const Target* end() const noexcept { return data + size; }

  Target data[4];  ///< The targets.
  size_t size;     ///< How many of them.
};

/// "auto", "baseline", "avx2", "avx512" or "neon"; "unknown" for any other
/// value. Never null.
const char* TargetName(Target target) noexcept;

/// The inverse of TargetName, exact and case-sensitive.
std::optional<Target> ParseTarget(std::string_view name) noexcept;

/// Whether the target is compiled in and CPU and OS support it. kAuto is
/// available exactly if AutoTarget() is not kAuto.
bool IsAvailable(Target target) noexcept;

/// All available targets but kAuto, best first by what they can do at most; on
/// rows shorter than a vector the next may be faster. kBaseline is always
/// there.
TargetList AvailableTargets() noexcept;

/// The first of AvailableTargets().
Target BestTarget() noexcept;

/// What kAuto means in this process: the target named by the environment
/// variable SOFTLANE_TARGET, which is read once, at the first use of any
/// target; else BestTarget(). If the variable is set and names no available
/// target, this is kAuto, and every call that asks for kAuto returns
/// Status::kTargetUnavailable: there is no silent fallback. Empty or "auto"
/// counts as not set.
Target AutoTarget() noexcept;

}  // namespace v1
}  // namespace softlane

#endif  // SOFTLANE_TARGET_H_
