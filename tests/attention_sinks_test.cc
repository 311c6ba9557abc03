// SPDX-License-Identifier: Apache-2.0
// Rows of attention that differ from their neighbours, by a NaN or a sink.

#include <cmath>
#include <string>
#include <vector>

#include "attention_reference.h"
#include "cases.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "softlane/attention_softmax.h"

namespace softlane {
namespace {

// Kills: a schedule for several rows that takes a row with a NaN, of either
// sign, for one without masked keys.
TEST_CASE("a NaN in any row of a batch") {
  ForEachTarget([](Target target) {
    Cases cases("attention, a NaN in a batch", target);
    constexpr size_t kRows = 7, kCols = 150;
    Random random(5);
    for (size_t k = 0; k < 200; ++k) {
      std::vector<float> scores(kRows * kCols), bias(scores.size());
      for (float& s : scores) {
        s = 2.0f * random.Normal();
        if (random.Below(20) == 0) s = random.Below(2) == 0 ? -300.0f : -kInf;
      }
      AttentionOptions options;
      options.scale = k % 2 == 0 ? 1.0f : 0.5f;
      const size_t bad = k % kRows;
      if (k % 3 != 0) {
        for (size_t i = 0; i < bias.size(); ++i) {
          const bool is_masked = i / kCols == bad && random.Below(4) == 0;
          bias[i] = is_masked ? -kInf : 0.0f;
        }
        options.bias = Rows<const float>(bias.data(), kRows, kCols);
      }
      scores[bad * kCols + random.Below(kCols)] =
          FromBits(k % 2 == 0 ? 0x7FC00000u : 0xFFC00000u);
      std::vector<float> probs(scores.size()), logsumexp(kRows);
      const Rows<const float> x(scores.data(), kRows, kCols);
      const Rows<float> y(probs.data(), kRows, kCols);
      const bool has_log = k % 4 < 2;
      REQUIRE((has_log
                   ? AttentionSoftmaxWithLogSumExp(x, y, logsumexp.data(),
                                                   options, target)
                   : AttentionSoftmax(x, y, options, target)) == Status::kOk);
      for (size_t r = 0; has_log && r < kRows; ++r) {
        cases.Expect(IsNan(logsumexp[r]) == (r == bad), "logsumexp", kCols, r);
      }
      for (size_t i = 0; i < probs.size(); ++i) {
        const bool is_masked = bias[i] == -kInf && scores[i] == scores[i];
        const bool ok = i / kCols != bad ? probs[i] >= 0.0f
                        : is_masked      ? IsPlusZero(probs[i])
                                         : IsNan(probs[i]);
        cases.Expect(ok, "+0, NaN or a probability", kCols, i);
      }
    }
  });
}

// Kills: exp values relative to the largest score although the sink is larger,
// which overflow; a sink that is NaN and goes unnoticed.
TEST_CASE("a sink far above the scores") {
  ForEachTarget([](Target target) {
    constexpr size_t kRows = 5, kCols = 77;
    Random random(6);
    std::vector<float> scores(kRows * kCols), probs(scores.size());
    for (float& s : scores) {
      s = random.Below(20) == 0 ? -200.0f : random.Normal();
    }
    const std::vector<float> sinks = {60.0f, 86.0f, 300.0f, 5000.0f, kNan};
    std::vector<float> logsumexp(kRows);
    AttentionOptions options;
    options.sinks = sinks.data();
    REQUIRE(AttentionSoftmaxWithLogSumExp(
                {scores.data(), kRows, kCols}, {probs.data(), kRows, kCols},
                logsumexp.data(), options, target) == Status::kOk);
    Worst worst;
    size_t wrong = 0;
    for (size_t i = 0; i < probs.size(); ++i) {
      const double sink = sinks[i / kCols];
      const double want = std::exp(scores[i] - sink);  // the sum is e^sink
      if (sink != sink) {
        wrong += !IsNan(probs[i]);
      } else if (want < 0x1p-126) {
        wrong += !IsPlusZero(probs[i]);
      } else {
        worst.Offer(UlpError(probs[i], want),
                    [&] { return std::to_string(i); });
      }
    }
    for (size_t r = 0; r + 1 < kRows; ++r) wrong += logsumexp[r] != sinks[r];
    wrong += !IsNan(logsumexp[kRows - 1]);
    INFO("element " << worst.where);
    CHECK(worst.value <= kSoftmaxMaxUlp);
    CHECK(wrong == 0);
  });
}

// Kills: probabilities below 2^-126, and a logsumexp that is not the sink where
// that alone counts, because the sums are looked at without their sinks.
TEST_CASE("sinks near the top of a predicted range") {
  ForEachTarget([](Target target) {
    Cases cases("attention, sinks at the top of a range", target);
    constexpr size_t kRows = 5;
    constexpr float kLn2 = 0.6931472f;
    Random random(8);
    for (size_t k = 0; k < 3000; ++k) {
      const size_t cols = k % 4 == 0 ? 700 : 1 + random.Below(k % 2 ? 4 : 40);
      // The first row, which the prediction is from; all sinks are near 0.
      const float first = -kLn2 * random.Uniform(25.0f, 28.5f);
      std::vector<float> scores(kRows * cols, first), probs(scores.size());
      std::vector<float> sinks(kRows, -kInf), logsumexp(kRows);
      for (size_t r = 1; r < kRows; ++r) {
        float* const row = &scores[r * cols];
        const float below = kLn2 * random.Uniform(24.0f, 29.5f);
        for (size_t i = 0; k % 3 == 0 && i < cols; ++i) row[i] -= below;
        if (k % 3 == 1) {
          row[random.Below(cols)] -= kLn2 * random.Uniform(96.0f, 101.0f);
        }
        if (random.Below(4) != 0) sinks[r] = 0.01f * random.Normal();
      }
      AttentionOptions options;
      options.sinks = sinks.data();
      REQUIRE(AttentionSoftmaxWithLogSumExp(
                  {scores.data(), kRows, cols}, {probs.data(), kRows, cols},
                  logsumexp.data(), options, target) == Status::kOk);
      for (size_t r = 0; r < kRows; ++r) {
        std::vector<float> row(cols);
        float log;
        options.sinks = &sinks[r];
        REQUIRE(AttentionSoftmaxWithLogSumExp({&scores[r * cols], 1, cols},
                                              {row.data(), 1, cols}, &log,
                                              options, target) == Status::kOk);
        cases.Expect(IsRow(probs, r, row) && SameBits(log, logsumexp[r]),
                     "a row by itself", cols, r);
        for (const float p : row) {
          cases.Expect(IsPlusZero(p) || p >= 0x1p-126f, "subnormal", cols, r);
        }
      }
    }
  });
}

}  // namespace
}  // namespace softlane
