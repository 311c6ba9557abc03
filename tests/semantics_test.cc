// SPDX-License-Identifier: Apache-2.0
// Special values, case by case: a test per rule, for every
// operation, every length up to 200 and every position, on every target.

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

// What the operations make of one row of logits.
struct Results {
  std::vector<float> probs;
  float logsumexp = 123.0f;
  float max = 123.0f;
};

Results Run(const std::vector<float>& x, Target target,
            EmptyRow empty_row = EmptyRow::kNan) {
  Results results;
  results.probs.assign(x.size(), 123.0f);
  const Rows<const float> in(x.data(), 1, x.size());
  REQUIRE(SoftmaxWithLogSumExp(
              in, Rows<float>(results.probs.data(), 1, x.size()),
              &results.logsumexp, {1.0f, empty_row}, target) == Status::kOk);
  REQUIRE(RowMax(in, &results.max, target) == Status::kOk);
  return results;
}

std::vector<float> Backward(const std::vector<float>& p,
                            const std::vector<float>& dp, Target target) {
  std::vector<float> dx(p.size());
  const size_t n = p.size();
  REQUIRE(SoftmaxBackward(Rows<const float>(p.data(), 1, n),
                          Rows<const float>(dp.data(), 1, n),
                          Rows<float>(dx.data(), 1, n), 1.7f,
                          target) == Status::kOk);
  return dx;
}

// Kills: a NaN lost by an operand order, by the maximum, or by adding an
// exponent to its bits.
TEST_CASE("semantics: NaN anywhere in the row") {
  ForEachTarget([](Target target) {
    Cases cases("NaN anywhere in the row", target);
    ForEachPosition([&](const std::vector<float>& row, size_t i) {
      const size_t n = row.size();
      for (const uint32_t bits :
           {0x7FC00000u, 0xFFC00000u, 0x7F800001u, 0xFFFFFFFFu, 0x7FC00FFFu}) {
        for (const float beside : {0.0f, kInf, -kInf}) {
          std::vector<float> x = row;
          if (beside != 0.0f) x[(i + 1) % n] = beside;
          x[i] = FromBits(bits);
          const Results results = Run(x, target);
          cases.Expect(All(results.probs, IsNan), "softmax", n, i);
          cases.Expect(IsNan(results.logsumexp), "logsumexp", n, i);
          cases.Expect(IsNan(results.max), "row max", n, i);
          const std::vector<float> ones(n, 1.0f);
          cases.Expect(All(Backward(x, ones, target), IsNan), "backward", n, i);
          cases.Expect(All(Backward(ones, x, target), IsNan), "backward", n, i);
        }
      }
    });
  });
}

TEST_CASE("semantics: any +inf") {
  ForEachTarget([](Target target) {
    Cases cases("any +inf", target);
    ForEachPosition([&](const std::vector<float>& row, size_t i) {
      const size_t n = row.size();
      for (const float beside : {0.0f, kInf, -kInf}) {
        std::vector<float> x = row;
        if (beside != 0.0f) x[(i + 2) % n] = beside;
        x[i] = kInf;
        const Results results = Run(x, target);
        cases.Expect(All(results.probs, IsNan), "softmax", n, i);
        cases.Expect(results.logsumexp == kInf, "logsumexp", n, i);
        cases.Expect(results.max == kInf, "row max", n, i);
      }
    });
  });
}

TEST_CASE("semantics: some -inf") {
  ForEachTarget([](Target target) {
    Cases cases("some -inf", target);
    ForEachPosition([&](const std::vector<float>& row, size_t i) {
      const size_t n = row.size();
      if (n == 1) return;
      std::vector<float> x = row;
      x[i] = -kInf;
      const Results results = Run(x, target);
      cases.Expect(IsPlusZero(results.probs[i]), "softmax there", n, i);
      // As if it were absent.
      const SoftmaxReference want = ReferenceSoftmax(x.data(), n, 1.0f);
      double worst = 0.0;
      for (size_t k = 0; k < n; ++k) {
        if (k != i) {
          worst = std::max(worst, UlpError(results.probs[k], want.probs[k]));
        }
      }
      cases.Expect(worst <= 4.0, "softmax elsewhere", n, i);
      cases.Expect(
          std::abs(results.logsumexp - want.logsumexp) <=
              kLogSumExpMaxError * std::max(1.0, std::abs(want.logsumexp)),
          "logsumexp", n, i);
      // A zero probability has a zero gradient.
      const std::vector<float> dx = Backward(results.probs, row, target);
      cases.Expect(IsZero(dx[i]), "backward", n, i);
      cases.Expect(!All(dx, IsNan), "backward elsewhere", n, i);
    });
  });
}

TEST_CASE("semantics: all -inf") {
  ForEachTarget([](Target target) {
    Cases cases("all -inf", target);
    for (size_t n = 1; n <= kMaxCols; ++n) {
      const std::vector<float> x(n, -kInf);
      const Results nan = Run(x, target);
      cases.Expect(All(nan.probs, IsNan), "softmax, kNan", n);
      cases.Expect(nan.logsumexp == -kInf, "logsumexp, kNan", n);
      cases.Expect(nan.max == -kInf, "row max", n);
      const Results zero = Run(x, target, EmptyRow::kZero);
      cases.Expect(All(zero.probs, IsPlusZero), "softmax, kZero", n);
      cases.Expect(zero.logsumexp == -kInf, "logsumexp, kZero", n);
      const std::vector<float> ones(n, 1.0f);
      cases.Expect(All(Backward(zero.probs, ones, target), IsZero), "backward",
                   n);
      for (size_t i = 0; i < n; ++i) {  // no policy for a row with NaN
        std::vector<float> with_nan = x;
        with_nan[i] = kNan;
        const Results results = Run(with_nan, target, EmptyRow::kZero);
        cases.Expect(All(results.probs, IsNan), "softmax, NaN", n, i);
        cases.Expect(IsNan(results.logsumexp), "logsumexp, NaN", n, i);
      }
    }
  });
}

// Kills: a reciprocal of one float, which misses 1 in an eighth of all rows.
TEST_CASE("semantics: one finite value, the rest -inf or far below") {
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

TEST_CASE("semantics: one column, finite") {
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

TEST_CASE("semantics: all equal") {
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
TEST_CASE("semantics: huge finite values, no probability above 1") {
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

TEST_CASE("semantics: probabilities below 2^-126") {
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

TEST_CASE("semantics: zero columns") {
  ForEachTarget([](Target target) {
    Cases cases("zero columns", target);
    for (const size_t rows : {1, 2, 5}) {
      std::vector<float> results(rows, 1.0f), maxima(rows, 1.0f);
      const Rows<const float> in(nullptr, rows, 0, 7);
      const Rows<float> out(nullptr, rows, 0, 9);
      cases.Expect(SoftmaxWithLogSumExp(in, out, results.data(), {}, target) ==
                       Status::kOk,
                   "softmax", 0);
      cases.Expect(RowMax(in, maxima.data(), target) == Status::kOk, "row max",
                   0);
      for (size_t r = 0; r < rows; ++r) {
        cases.Expect(results[r] == -kInf && maxima[r] == -kInf, "-inf", 0, r);
      }
    }
  });
}

TEST_CASE("semantics: a row maximum that is zero is +0") {
  ForEachTarget([](Target target) {
    Cases cases("a row maximum that is zero is +0", target);
    ForEachPosition([&](const std::vector<float>& row, size_t i) {
      std::vector<float> x(row.size(), -0.0f);
      cases.Expect(IsPlusZero(Run(x, target).max), "-0", row.size(), i);
      x[i] = 0.0f;
      cases.Expect(IsPlusZero(Run(x, target).max), "+0", row.size(), i);
    });
  });
}

// Kills: a lane that leaks into another, in a vector or a tail.
TEST_CASE("semantics: exp, each value alone in its lane") {
  ForEachTarget([](Target target) {
    Cases cases("exp, each value alone in its lane", target);
    Random random(5);
    const auto run = [&](const std::vector<float>& x) {
      std::vector<float> y(x.size());
      REQUIRE(Exp(Rows<const float>(x.data(), 1, x.size()),
                  Rows<float>(y.data(), 1, y.size()), target) == Status::kOk);
      return y;
    };
    for (int trial = 0; trial < 3000; ++trial) {
      const size_t n = 1 + random.Below(70);
      std::vector<float> x(n);
      for (float& v : x) {  // neighbours: anything, NaN and infinities among it
        v = FromBits(static_cast<uint32_t>(random.Bits()));
        const size_t pick = random.Below(8);
        if (pick == 0) v = kNan;
        if (pick == 1) v = kInf;
        if (pick == 2) v = -kInf;
        if (pick > 4) v = random.Uniform(-110.0f, 95.0f);
      }
      const std::vector<float> together = run(x);
      for (size_t i = 0; i < n; ++i) {
        cases.Expect(SameBits(together[i], run({x[i]})[0]), "alone", n, i);
      }
    }
  });
}

}  // namespace
}  // namespace softlane
