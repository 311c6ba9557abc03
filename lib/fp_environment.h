// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_LIB_FP_ENVIRONMENT_H_
#define SOFTLANE_LIB_FP_ENVIRONMENT_H_

#include <cstdint>

#if defined(__x86_64__)
#include <xmmintrin.h>
#elif defined(_M_X64) || defined(_M_ARM64)
#error "This compiler needs its own way to the control register."
#endif

namespace softlane {
namespace internal {

/// While it lives: round to nearest, subnormals kept, exceptions masked. Then
/// the host's control and status words are back as they were. So neither can
/// the host's settings change a bit of the result, nor a kernel the host's
/// flags.
///
/// Arithmetic that must see it goes into a function called through a pointer:
/// the compiler does not know that these instructions and arithmetic depend.
class FpEnvironment {
 public:
#if defined(__x86_64__)
  FpEnvironment() noexcept : control_(_mm_getcsr()) { _mm_setcsr(0x1F80); }
  ~FpEnvironment() { _mm_setcsr(control_); }
#elif defined(__aarch64__)
  FpEnvironment() noexcept {
    __asm__ volatile("mrs %0, fpcr" : "=r"(control_));
    __asm__ volatile("mrs %0, fpsr" : "=r"(status_));
    __asm__ volatile("msr fpcr, %0" : : "r"(uint64_t{0}) : "memory");
  }
  ~FpEnvironment() {
    __asm__ volatile("msr fpcr, %0" : : "r"(control_) : "memory");
    __asm__ volatile("msr fpsr, %0" : : "r"(status_) : "memory");
  }
#else
  FpEnvironment() noexcept {}  // not trivial: else its objects are unused
#endif
  FpEnvironment(const FpEnvironment&) = delete;
  FpEnvironment& operator=(const FpEnvironment&) = delete;

 private:
#if defined(__x86_64__)
  uint32_t control_;
#elif defined(__aarch64__)
  uint64_t control_;
  uint64_t status_;
#endif
};

}  // namespace internal
}  // namespace softlane

#endif  // SOFTLANE_LIB_FP_ENVIRONMENT_H_
