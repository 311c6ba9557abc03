// SPDX-License-Identifier: Apache-2.0
// NaN, infinities and empty rows. There is a test per rule, for every
// operation, every length up to 200 and every position, on every target.

#include <algorithm>
#include <cmath>
#include <vector>

#include "amount.h"
#include "cases.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

// The loss is NaN for the label at this position and for the next label, with
// smoothing or without.
void ExpectNanLoss(const std::vector<float>& x, size_t position, Target target,
                   Cases* cases) {
  const size_t n = x.size();
  for (const size_t label : {position, (position + 1) % n}) {
    for (const float smoothing : {0.0f, 0.1f}) {
      const LossOfRow result = RunLoss(x, label, target, smoothing);
      cases->Expect(IsNan(result.loss), "loss", n, position);
      cases->Expect(All(result.gradient, IsNan), "gradient", n, position);
    }
  }
}

// Kills: a NaN lost by an operand order, by the maximum, or by adding an
// exponent to its bits.
TEST_CASE("semantics: NaN anywhere in the row") {
  ForEachTarget([](Target target) {
    Cases cases("NaN anywhere in the row", target);
    size_t turn = 0;
    ForEachPosition([&](const std::vector<float>& row, size_t i) {
      const size_t n = row.size();
      for (const uint32_t bits :
           {0x7FC00000u, 0xFFC00000u, 0x7F800001u, 0xFFFFFFFFu, 0x7FC00FFFu}) {
        // One of them in turn, and each in every lane.
        if (!kFullTests && ++turn % 6 != 0) continue;
        for (const float beside : {0.0f, kInf, -kInf}) {
          std::vector<float> x = row;
          if (beside != 0.0f) x[(i + 1) % n] = beside;
          x[i] = FromBits(bits);
          const Results results = Run(x, target);
          cases.Expect(All(results.probs, IsNan), "softmax", n, i);
          cases.Expect(IsNan(results.logsumexp), "logsumexp", n, i);
          cases.Expect(IsNan(results.max), "row max", n, i);
          cases.Expect(All(results.log_probs, IsNan), "log_softmax", n, i);
          cases.Expect(IsNan(results.logsumexp_alone), "LogSumExp", n, i);
          ExpectNanLoss(x, i, target, &cases);
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
        cases.Expect(All(results.log_probs, IsNan), "log_softmax", n, i);
        cases.Expect(results.logsumexp_alone == kInf, "LogSumExp", n, i);
        ExpectNanLoss(x, i, target, &cases);
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
      // The other elements are as if this element were absent.
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
      const auto want_log = ReferenceLogSoftmax(x.data(), n, 1.0f);
      cases.Expect(results.log_probs[i] == -kInf, "log_softmax there", n, i);
      worst = LogError(results.logsumexp_alone, want_log.logsumexp);
      for (size_t k = 0; k < n; ++k) {
        if (k == i) continue;
        worst = std::max(worst,
                         LogError(results.log_probs[k], want_log.log_probs[k]));
      }
      cases.Expect(worst <= kLogSoftmaxMaxError, "log_softmax elsewhere", n, i);
      // A class without probability costs nothing, unless it is the label.
      const LossOfRow there = RunLoss(x, i, target);
      cases.Expect(there.loss == kInf, "loss of the label there", n, i);
      cases.Expect(there.gradient[i] == -1.0f, "its gradient", n, i);
      const LossOfRow elsewhere = RunLoss(x, (i + 1) % n, target);
      cases.Expect(LogError(elsewhere.loss, -want_log.log_probs[(i + 1) % n]) <=
                       kCrossEntropyMaxError,
                   "loss of another label", n, i);
      cases.Expect(IsPlusZero(elsewhere.gradient[i]), "its gradient", n, i);
      const LossOfRow smoothed = RunLoss(x, (i + 1) % n, target, 0.1f);
      cases.Expect(smoothed.loss == kInf, "smoothed loss", n, i);
      for (const float g : smoothed.gradient) {
        cases.Expect(std::abs(g) <= 1.0f, "its gradient", n, i);
      }
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
    for (size_t n = 1; n <= kMaxCols; n += PositionsStep()) {
      const std::vector<float> x(n, -kInf);
      const Results nan = Run(x, target);
      cases.Expect(All(nan.probs, IsNan), "softmax, kNan", n);
      cases.Expect(nan.logsumexp == -kInf, "logsumexp, kNan", n);
      cases.Expect(nan.max == -kInf, "row max", n);
      cases.Expect(All(nan.log_probs, IsNan), "log_softmax, kNan", n);
      cases.Expect(nan.logsumexp_alone == -kInf, "LogSumExp", n);
      ExpectNanLoss(x, n - 1, target, &cases);
      const Results zero = Run(x, target, EmptyRow::kZero);
      cases.Expect(std::count(zero.log_probs.begin(), zero.log_probs.end(),
                              -kInf) == static_cast<ptrdiff_t>(n),
                   "log_softmax, kZero", n);
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
        cases.Expect(All(results.log_probs, IsNan), "log_softmax, NaN", n, i);
        cases.Expect(IsNan(results.logsumexp), "logsumexp, NaN", n, i);
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
      cases.Expect(LogSoftmax(in, out, {}, target) == Status::kOk,
                   "log_softmax", 0);
      std::vector<float> alone(rows, 1.0f);
      cases.Expect(LogSumExp(in, alone.data(), 1.0f, target) == Status::kOk &&
                       std::count(alone.begin(), alone.end(), -kInf) ==
                           static_cast<ptrdiff_t>(rows),
                   "LogSumExp", 0);
      for (size_t r = 0; r < rows; ++r) {
        cases.Expect(results[r] == -kInf && maxima[r] == -kInf, "-inf", 0, r);
      }
    }
  });
}

// Of one -0 beside -inf, whose logsumexp is that -0. Kills: a logsumexp without
// a sum with +0, for one column, in tiles, in batches and in rows.
TEST_CASE("semantics: a logsumexp that is zero is +0") {
  ForEachTarget([](Target target) {
    Cases cases("a logsumexp that is zero is +0", target);
    for (const size_t cols : {1, 2, 7, 40, 150, 300, 700}) {
      for (const size_t rows : {1, 2, 5, 40}) {
        std::vector<float> x(rows * cols, -kInf), y(x.size()), logs(rows);
        for (size_t r = 0; r < rows; ++r) x[r * cols + r % cols] = -0.0f;
        const Rows<const float> view(x.data(), rows, cols);
        const Rows<float> probs(y.data(), rows, cols);
        const auto expect = [&](const char* what) {
          for (size_t r = 0; r < rows; ++r) {
            cases.Expect(IsPlusZero(logs[r]), what, cols, r);
          }
        };
        REQUIRE(LogSumExp(view, logs.data(), 1.0f, target) == Status::kOk);
        expect("LogSumExp");
        REQUIRE(SoftmaxWithLogSumExp(view, probs, logs.data(), {}, target) ==
                Status::kOk);
        expect("SoftmaxWithLogSumExp");
        // A bias of -0 leaves a score of -0 as it is.
        const std::vector<float> bias(cols, -0.0f);
        AttentionOptions options;
        options.bias = Rows<const float>(bias.data(), rows, cols, 0);
        REQUIRE(AttentionSoftmaxWithLogSumExp(view, probs, logs.data(), options,
                                              target) == Status::kOk);
        expect("AttentionSoftmaxWithLogSumExp");
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
