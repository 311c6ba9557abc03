// SPDX-License-Identifier: Apache-2.0
// The host's rounding mode, flush modes and unmasked exceptions change no bit.
// After the call they are as they were, and so are the status flags.

#include <cstdio>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "part_operations.h"
#include "reference.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace softlane {
namespace {

struct FpState {
  uint64_t control, status;
};
bool operator==(const FpState& a, const FpState& b) {
  return a.control == b.control && a.status == b.status;
}

#if defined(__x86_64__)

// Inlined into the test: between these and the call no arithmetic may happen.
inline FpState Get() { return {_mm_getcsr(), 0}; }
inline void Set(const FpState& state) {
  _mm_setcsr(static_cast<unsigned>(state.control));
}

std::vector<FpState> AllStates() {
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

#elif defined(__aarch64__)

inline FpState Get() {
  FpState state;
  __asm__ volatile("mrs %0, fpcr" : "=r"(state.control));
  __asm__ volatile("mrs %0, fpsr" : "=r"(state.status));
  return state;
}
inline void Set(const FpState& state) {
  __asm__ volatile("msr fpcr, %0" : : "r"(state.control) : "memory");
  __asm__ volatile("msr fpsr, %0" : : "r"(state.status) : "memory");
}

std::vector<FpState> AllStates() {
  std::vector<FpState> states;
  for (uint64_t rounding = 0; rounding < 4; ++rounding) {
    for (uint64_t fz = 0; fz < 2; ++fz) {
      for (uint64_t dn = 0; dn < 2; ++dn) {
        for (const uint64_t flags : {0x00, 0x1F, 0x9F}) {
          states.push_back({rounding << 22 | fz << 24 | dn << 25, flags});
        }
      }
    }
  }
  return states;
}

#else
#error "no FP environment known for this architecture"
#endif

// Kills: a missing guard, a guard that keeps the host's flags or does not
// restore them, arithmetic on arguments before the guard.
TEST_CASE("fp environment: no influence, no trace") {
  ForEachTarget(Twins::kRun, [](Target target) {
    Random random(1);
    const FpState usual = Get();
    size_t different = 0;
    size_t changed = 0;
    size_t environments = 0;
    for (const size_t n : {1, 7, 64, 100}) {
      std::vector<float> x(n), second(n);
      for (float& v : x) v = random.Uniform(-90.0f, 40.0f);
      for (float& v : second) v = random.Uniform(-1.0f, 1.0f);
      if (n > 7) {
        x[3] = -kInf;
        x[5] = 1e-41f;  // subnormal
        second[5] = 1e-41f;
      }
      for (const Operation& operation : AllOperations()) {
        const auto run = [&](std::vector<float>* y, float* result) {
          const Operands o{Rows<const float>(x.data(), 1, n),
                           Rows<const float>(second.data(), 1, n),
                           Rows<float>(y->data(), 1, n), result};
          return operation.run(o, target);
        };
        std::vector<float> want(n), got(n);
        float want_result = 0.0f;
        REQUIRE(run(&want, &want_result) == Status::kOk);
        for (const FpState& host : AllStates()) {
          float got_result = 0.0f;
          Set(host);
          const FpState before = Get();
          const Status status = run(&got, &got_result);
          const FpState after = Get();
          Set(usual);
          ++environments;
          changed += !(before == after);
          different += status != Status::kOk;
          different += !SameBits(got_result, want_result);
          for (size_t i = 0; i < n; ++i) {
            different += !SameBits(got[i], want[i]);
          }
        }
      }
    }
    std::printf("fp environment: %s, %zu calls\n", TargetName(target),
                environments);
    CHECK(different == 0);
    CHECK(changed == 0);
  });
}

// A scale that the host's DAZ would take for zero is positive.
TEST_CASE("fp environment: a subnormal scale is not zero") {
  ForEachTarget([](Target target) {
    const float x[2] = {0.0f, 3e38f};
    float y[2];
    const FpState usual = Get();
    for (const FpState& host : AllStates()) {
      Set(host);
      const Status status =
          Softmax(Rows<const float>(x, 1, 2), Rows<float>(y, 1, 2),
                  {1e-44f, EmptyRow::kNan}, target);
      Set(usual);
      REQUIRE(status == Status::kOk);
      REQUIRE(y[0] < y[1]);
    }
  });
}

}  // namespace
}  // namespace softlane
