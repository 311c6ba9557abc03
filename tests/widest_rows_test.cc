// SPDX-License-Identifier: Apache-2.0
// Rows as wide as the exponent range. A row with elements at the ends of the
// range must give the same bits beside other rows as by itself.

#include <algorithm>
#include <vector>

#include "cases.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

// Kills: a probability that is tiny because of the sink, and taken for a usual
// one.
TEST_CASE("attention of rows as wide as a guess may be") {
  ForEachTarget([](Target target) {
    Cases cases("attention, widest rows", target);
    constexpr size_t kCols = 20;
    std::vector<float> x, sinks;
    for (float sink = 17.0f; sink < 23.0f; sink += 0.125f) {
      for (float low = -71.0f; low < -64.0f; low += 0.125f) {
        // Rows that bring a guess near 0, and one as wide as possible.
        for (const float each : {-60.0f, -60.0f, sink}) {
          x.insert(x.end(), kCols, 0.0f);
          sinks.push_back(each);
        }
        x.back() = low;
      }
    }
    std::vector<float> probs(x.size());
    AttentionOptions options;
    options.sinks = sinks.data();
    REQUIRE(AttentionSoftmax({x.data(), sinks.size(), kCols},
                             {probs.data(), sinks.size(), kCols}, options,
                             target) == Status::kOk);
    for (size_t r = 0; r < sinks.size(); ++r) {
      std::vector<float> want(kCols);
      options.sinks = &sinks[r];
      REQUIRE(AttentionSoftmax({&x[r * kCols], 1, kCols},
                               {want.data(), 1, kCols}, options,
                               target) == Status::kOk);
      cases.Expect(IsRow(probs, r, want), "a row", kCols, r);
    }
  });
}

// Kills: a tiny probability of a group's row, or of a run's, or beside a run,
// that is taken for a usual one.
TEST_CASE("softmax of rows as wide as a guess may be") {
  ForEachTarget([](Target target) {
    Random random(3);
    Cases cases("softmax, widest rows", target);
    constexpr size_t kRows = 64;
    for (size_t k = 0; k < 800; ++k) {
      const size_t cols = k % 2 == 0 ? 300 : 40;
      // Rows one level high, with stairs that move the guess or just do not,
      // and with elements at the low end of what the guess before allows.
      std::vector<float> x, probs(kRows * cols);
      float level = 0.0f, low = 0.0f;
      for (size_t r = 0; r < kRows; ++r) {
        const size_t kind = random.Below(6);
        if (kind == 0) level += 8.0f;
        if (kind == 1) level += random.Uniform(17.0f, 20.0f);
        if (kind == 2) level = 0.0f;
        x.insert(x.end(), cols, kind == 1 ? low : level);
        x[r * cols + random.Below(cols)] = level;
        if (kind == 1) {
          x[r * cols + random.Below(cols)] = low - random.Uniform(66.0f, 70.0f);
        }
        low = level;
      }
      REQUIRE(Softmax({x.data(), kRows, cols}, {probs.data(), kRows, cols}, {},
                      target) == Status::kOk);
      for (size_t r = 0; r < kRows; ++r) {
        std::vector<float> want(cols);
        REQUIRE(Softmax({&x[r * cols], 1, cols}, {want.data(), 1, cols}, {},
                        target) == Status::kOk);
        cases.Expect(IsRow(probs, r, want), "a row", cols, r);
      }
    }
  });
}

// An element that is all of the row is logsumexp, exactly, also if it is tiny.
// Kills: a maximum that misses a lane of a pass.
TEST_CASE("logsumexp of rows with one element that counts") {
  ForEachTarget([](Target target) {
    Cases cases("logsumexp, one element", target);
    for (const size_t cols : {size_t{200}, size_t{300}, size_t{530}}) {
      std::vector<float> x(cols * cols, -1e9f), probs(x.size()), log(cols);
      for (size_t r = 0; r < cols; ++r) x[r * cols + r] = 1e-20f;
      REQUIRE(SoftmaxWithLogSumExp({x.data(), cols, cols},
                                   {probs.data(), cols, cols}, log.data(), {},
                                   target) == Status::kOk);
      for (size_t r = 0; r < cols; ++r) {
        cases.Expect(SameBits(log[r], 1e-20f), "logsumexp", cols, r);
      }
    }
  });
}

}  // namespace
}  // namespace softlane
