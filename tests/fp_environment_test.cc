// SPDX-License-Identifier: Apache-2.0
// The host's rounding mode, flush modes and unmasked exceptions change no bit.
// After the call they are as they were, and so are the status flags.

#include <cstdio>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "fp_states.h"
#include "operand_fixture.h"
#include "operand_rounding.h"
#include "operand_types.h"
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

// Kills: the same for calls of any element type; a conversion by instructions
// that flush subnormals, or round as the host does.
TEST_CASE("fp environment: no influence on conversions, no trace") {
  ForEachTarget(Twins::kRun, [](Target target) {
    const FpState usual = GetFpState();
    size_t different = 0, changed = 0;
    Random random(4);
    for (const operands::Operation& operation : operands::TypedOperations()) {
      const bool has_planes = Has(operation, operands::Shape::kPlanes);
      const operands::Sizes sizes =
          has_planes ? operands::Sizes{2, 3, 9} : operands::Sizes{9, 1, 19, 4};
      operands::Fixture f(operation, sizes);
      FillRows(operation, f, random);
      for (const operands::Operand& operand : operation.operands) {
        const operands::View& v = f.good[operand.id];
        if (!IsTyped(operand) || !IsInput(operand.role)) continue;
        PutNumber(operand.element, 0x1.8p-130f, v.data);  // subnormals
        PutNumber(operand.element, 0x1.8p-20f, At(operand, v, 0, 0, 5));
      }
      f.Keep();
      bool intact;
      REQUIRE(operation.run[0](f.good, target) == Status::kOk);
      const operands::Bytes want = f.Take(f.good, &intact);
      for (const FpState& host : AllFpStates()) {
        SetFpState(host);
        const FpState before = GetFpState();
        const Status status = operation.run[0](f.good, target);
        const FpState after = GetFpState();
        SetFpState(usual);
        changed += !(before == after);
        const bool same = f.Take(f.good, &intact) == want;
        different += status != Status::kOk || !intact || !same;
      }
    }
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
