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

/// While an object lives, arithmetic rounds to nearest, keeps subnormals and
/// masks exceptions. Afterwards the host's control and status words are as they
/// were. So the host's settings change no bit of a result, and a kernel changes
/// no flag of the host.
///
/// The compiler does not know that arithmetic depends on these instructions,
/// and may move arithmetic across them. So arithmetic that needs this
/// environment stands in a function that is not inlined, or that is called
/// through a pointer.
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
  FpEnvironment() noexcept {}  // not trivial, else compilers warn of no use
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
