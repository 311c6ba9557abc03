// SPDX-License-Identifier: Apache-2.0
// Rows of finite values whose result, or its range, is known exactly. There is
// a test per rule, on every target.

#include <algorithm>
#include <cmath>
#include <vector>

#include "cases.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

// Kills: a reciprocal of one float, which misses 1 in an eighth of all rows.
TEST_CASE("exact rows: one finite value, the rest -inf or far below") {
  ForEachTarget([](Target target) {
    Cases cases("one finite value, the rest -inf or far below", target);
    Random random(2);
    ForEachPosition([&](const std::vector<float>& row, size_t i) {
      const size_t n = row.size();
      for (const float below : {-kInf, -3.4e38f, -200.0f}) {
        std::vector<float> x(n, below);
        x[i] = random.Uniform(-40.0f, 40.0f);
        const Results results = Run(x, target);
        bool exact = true;
        for (size_t k = 0; k < n; ++k) {
          exact =
              exact && BitsOf(results.probs[k]) == (k == i ? 0x3F800000u : 0);
        }
        cases.Expect(exact, "softmax", n, i);
        cases.Expect(results.logsumexp == x[i], "logsumexp", n, i);
        cases.Expect(results.max == x[i], "row max", n, i);
      }
    });
  });
}

TEST_CASE("exact rows: one column, finite") {
  ForEachTarget([](Target target) {
    Cases cases("one column, finite", target);
    Random random(3);
    for (int row = 0; row < 20000; ++row) {
      const float x = FromBits(static_cast<uint32_t>(random.Bits()));
      if (!(std::abs(x) < kInf)) continue;
      const Results results = Run({x}, target);
      cases.Expect(results.probs[0] == 1.0f, "softmax", 1);
      cases.Expect(results.logsumexp == x, "logsumexp", 1);
      cases.Expect(results.max == x, "row max", 1);
      cases.Expect(IsZero(Backward({1.0f}, {x}, target)[0]), "backward", 1);
    }
  });
}

TEST_CASE("exact rows: all equal") {
  ForEachTarget([](Target target) {
    Cases cases("all equal", target);
    Random random(4);
    for (size_t n = 1; n <= 3 * kMaxCols; ++n) {
      const std::vector<float> x(n, random.Uniform(-50.0f, 50.0f));
      const std::vector<float> probs = Run(x, target).probs;
      for (size_t i = 0; i < n; ++i) {
        cases.Expect(BitsOf(probs[i]) == BitsOf(probs[0]), "same bits", n, i);
      }
      cases.Expect(UlpError(probs[0], 1.0 / static_cast<double>(n)) <= 2.0,
                   "1 / n", n);
    }
  });
}

// A maximum that misses a lane overflows here; elsewhere nobody would notice.
TEST_CASE("exact rows: huge finite values, no probability above 1") {
  ForEachTarget([](Target target) {
    Cases cases("huge finite values, no probability above 1", target);
    ForEachPosition([&](const std::vector<float>& row, size_t i) {
      const size_t n = row.size();
      for (const float huge : {300.0f, 1e6f, 3.4e38f, -3.4e38f}) {
        std::vector<float> x = row;
        x[i] = huge;
        bool fine = true;
        for (const float p : Run(x, target).probs) {
          fine = fine && 0.0f <= p && p <= 1.0f;
        }
        cases.Expect(fine, "in [0, 1]", n, i);
        x.assign(n, huge);
        x[i] = -huge;
        fine = true;
        for (const float p : Run(x, target).probs) {
          fine = fine && 0.0f <= p && p <= 1.0f;
        }
        cases.Expect(fine, "in [0, 1], both ends", n, i);
      }
    });
    const auto expect = [&](const std::vector<float>& x,
                            const std::vector<float>& want, const char* what) {
      cases.Expect(Run(x, target).probs == want, what, x.size());
    };
    expect({3.4e38f, -3.4e38f}, {1.0f, 0.0f}, "both ends");
    expect({3.4e38f, 3.4e38f}, {0.5f, 0.5f}, "two at the top");
    expect({-3.4e38f, -3.4e38f}, {0.5f, 0.5f}, "two at the bottom");
    cases.Expect(Run({3.4e38f, 3.4e38f}, target).logsumexp == 3.4e38f,
                 "logsumexp", 2);
  });
}

TEST_CASE("exact rows: probabilities below 2^-126") {
  ForEachTarget([](Target target) {
    Cases cases("probabilities below 2^-126", target);
    for (const size_t n : {2, 3, 20, 70}) {
      for (float d = 80.0f; d < 110.0f; d += 0x1p-8f) {
        std::vector<float> x(n, -d);
        x[n / 2] = 0.0f;
        const SoftmaxReference want = ReferenceSoftmax(x.data(), n, 1.0f);
        const std::vector<float> probs = Run(x, target).probs;
        for (size_t i = 0; i < n; ++i) {
          const double p = want.probs[i];
          const bool flushed = IsPlusZero(probs[i]);
          const bool close =
              UlpError(probs[i], p) <= 4.0 && probs[i] >= 0x1p-126f;
          cases.Expect(p >= 0x1p-125 ? close : close || flushed, "flush", n, i);
        }
      }
    }
  });
}

}  // namespace
}  // namespace softlane
