// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_FP_STATES_H_
#define SOFTLANE_TESTS_FP_STATES_H_

#include <cstdint>
#include <vector>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

// The control and status words of floating point, and all that a host may have
// set in them.

namespace softlane {

struct FpState {
  uint64_t control, status;
};
inline bool operator==(const FpState& a, const FpState& b) {
  return a.control == b.control && a.status == b.status;
}

#if defined(__x86_64__)

// Inlined: between these and a call no arithmetic may happen.
inline FpState GetFpState() { return {_mm_getcsr(), 0}; }
inline void SetFpState(const FpState& state) {
  _mm_setcsr(static_cast<unsigned>(state.control));
}

inline std::vector<FpState> AllFpStates() {
  std::vector<FpState> states;
  for (uint64_t rounding = 0; rounding < 4; ++rounding) {
    for (uint64_t ftz = 0; ftz < 2; ++ftz) {
      for (uint64_t daz = 0; daz < 2; ++daz) {
        // All masked; none masked; each one unmasked. Then with status flags
        // set.
        for (const uint64_t unmasked : {0, 0x3F, 1, 2, 4, 8, 16, 32}) {
          for (const uint64_t flags : {uint64_t{0}, 0x3F & ~unmasked}) {
            states.push_back({rounding << 13 | ftz << 15 | daz << 6 |
                                  (0x3F & ~unmasked) << 7 | flags,
                              0});
          }
        }
      }
    }
  }
  return states;
}

// Whether subnormal numbers may be flushed, and perhaps rounding is another,
// but nothing else differs from what a program begins with.
inline bool FlushesOnly(const FpState& state, bool rounds) {
  return (state.control & (rounds ? 0x1F80 : 0x7F80)) == 0x1F80;
}

#elif defined(__aarch64__)

inline FpState GetFpState() {
  FpState state;
  __asm__ volatile("mrs %0, fpcr" : "=r"(state.control));
  __asm__ volatile("mrs %0, fpsr" : "=r"(state.status));
  return state;
}
inline void SetFpState(const FpState& state) {
  __asm__ volatile("msr fpcr, %0" : : "r"(state.control) : "memory");
  __asm__ volatile("msr fpsr, %0" : : "r"(state.status) : "memory");
}

inline std::vector<FpState> AllFpStates() {
  std::vector<FpState> states;
  // Subnormal numbers are flushed; NaN has no payload; subnormal numbers of 16
  // bits are flushed; 16 bits have no infinity and no NaN.
  constexpr uint64_t kFz = 1 << 24, kDn = 1 << 25;
  constexpr uint64_t kFz16 = 1 << 19, kAhp = 1 << 26;
  for (uint64_t rounding = 0; rounding < 4; ++rounding) {
    for (const uint64_t modes : {uint64_t{0}, kFz, kDn, kFz | kDn, kFz16, kAhp,
                                 kFz | kDn | kFz16 | kAhp}) {
      for (const uint64_t flags : {0x00, 0x1F, 0x9F}) {
        states.push_back({rounding << 22 | modes, flags});
      }
    }
  }
  return states;
}

inline bool FlushesOnly(const FpState& state, bool rounds) {
  const uint64_t flushes = 1 << 24 | 1 << 19, rounding = 3 << 22;
  return (state.control & ~flushes & ~(rounds ? rounding : 0)) == 0;
}

#else
#error "no FP environment known for this architecture"
#endif

}  // namespace softlane

#endif  // SOFTLANE_TESTS_FP_STATES_H_
