// SPDX-License-Identifier: Apache-2.0
// The host's rounding mode, flush modes and unmasked exceptions change no bit.
// After the call they are as they were, and so are the status flags.

#include <cstdio>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "fp_states.h"
#include "part_operations.h"
#include "reference.h"

namespace softlane {
namespace {

// Kills: a missing guard, a guard that keeps the host's flags or does not
// restore them, arithmetic on arguments before the guard.
TEST_CASE("fp environment: no influence, no trace") {
  ForEachTarget(Twins::kRun, [](Target target) {
    Random random(1);
    const FpState usual = GetFpState();
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
        for (const FpState& host : AllFpStates()) {
          float got_result = 0.0f;
          SetFpState(host);
          const FpState before = GetFpState();
          const Status status = run(&got, &got_result);
          const FpState after = GetFpState();
          SetFpState(usual);
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
    const FpState usual = GetFpState();
    for (const FpState& host : AllFpStates()) {
      SetFpState(host);
      const Status status =
          Softmax(Rows<const float>(x, 1, 2), Rows<float>(y, 1, 2),
                  {1e-44f, EmptyRow::kNan}, target);
      SetFpState(usual);
      REQUIRE(status == Status::kOk);
      REQUIRE(y[0] < y[1]);
    }
  });
}

}  // namespace
}  // namespace softlane
