// SPDX-License-Identifier: Apache-2.0
// The positions of queries and keys: causal, window and ALiBi at any
// first_query.

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "cases.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "reference.h"
#include "softlane/attention_softmax.h"

namespace softlane {
namespace {

// Wide enough for every position, and for the difference of any two.
__extension__ using Int128 = __int128;

Int128 QueryOf(const AttentionOptions& options, size_t r) {
  return Int128{options.first_query} + static_cast<Int128>(r);
}

bool IsMasked(const AttentionOptions& options, size_t r, size_t c) {
  const Int128 query = QueryOf(options, r), key = static_cast<Int128>(c);
  if (options.causal && key > query) return true;
  return options.window != 0 && key <= query - options.window;
}

constexpr int64_t kFirstQueries[] = {INT64_MIN,
                                     INT64_MIN + 1,
                                     -(int64_t{1} << 40),
                                     -20,
                                     -3,
                                     -1,
                                     0,
                                     1,
                                     5,
                                     39,
                                     40,
                                     41,
                                     60,
                                     int64_t{1} << 31,
                                     int64_t{1} << 62,
                                     INT64_MAX - 3,
                                     INT64_MAX - 1,
                                     INT64_MAX};
constexpr int64_t kWindows[] = {0, 1, 7, 40, 1000, INT64_MAX};

std::vector<float> Run(const std::vector<float>& scores, size_t rows,
                       size_t cols, const AttentionOptions& options,
                       Target target) {
  std::vector<float> probs(scores.size(), 7.0f);
  REQUIRE(AttentionSoftmax({scores.data(), rows, cols},
                           {probs.data(), rows, cols}, options,
                           target) == Status::kOk);
  return probs;
}

// Kills: first_query + r, or that plus 1, that wraps; a position before all
// keys that is taken for a huge one.
TEST_CASE("causal and window at any position") {
  ForEachTarget([](Target target) {
    Cases cases("attention, positions", target);
    constexpr size_t kRows = 6, kCols = 40;
    const std::vector<float> scores(kRows * kCols, 0.0f);
    for (const int64_t first_query : kFirstQueries) {
      for (const int64_t window : kWindows) {
        for (const bool causal : {false, true}) {
          AttentionOptions options;
          options.first_query = first_query;
          options.window = window;
          options.causal = causal;
          const auto probs = Run(scores, kRows, kCols, options, target);
          for (size_t i = 0; i < probs.size(); ++i) {
            const bool masked = IsMasked(options, i / kCols, i % kCols);
            cases.Expect(masked == IsPlusZero(probs[i]), "masked or not", kCols,
                         i);
          }
        }
      }
    }
  });
}

// Equal scores and a bias that makes up for ALiBi: equal probabilities, if z is
// what the header says to the last bit. Kills: a distance that is rounded
// twice, wraps, or is counted from another row; a product rounded by itself.
TEST_CASE("ALiBi at any position, to the bit") {
  ForEachTarget([](Target target) {
    Cases cases("attention, ALiBi", target);
    constexpr size_t kRows = 5, kCols = 83;
    Random random(1);
    std::vector<int64_t> positions(std::begin(kFirstQueries),
                                   std::end(kFirstQueries));
    for (int shift = 22; shift < 63; ++shift) {
      positions.push_back((int64_t{1} << shift) - 2);
      positions.push_back(-(int64_t{1} << shift) + 35);
    }
    for (const int64_t first_query : positions) {
      for (const float slope : {0.5f, 0.0625f, -0.7071f, 1e-3f}) {
        AttentionOptions options;
        options.first_query = first_query;
        options.alibi_slope = slope;
        std::vector<float> scores(kRows * kCols), bias(scores.size());
        for (float& s : scores) s = random.Normal();
        for (size_t i = 0; i < scores.size(); ++i) {
          const Int128 ahead =
              QueryOf(options, i / kCols) - static_cast<Int128>(i % kCols);
          const float distance = static_cast<float>(
              static_cast<uint64_t>(ahead < 0 ? -ahead : ahead));
          bias[i] = -ReferenceFma(-slope, distance, scores[i]);
        }
        options.bias = Rows<const float>(bias.data(), kRows, kCols);
        const auto probs = Run(scores, kRows, kCols, options, target);
        for (size_t i = 0; i < probs.size(); ++i) {
          cases.Expect(BitsOf(probs[i]) == BitsOf(probs[0]) &&
                           std::abs(probs[i] * kCols - 1.0f) < 1e-6f,
                       "equal probabilities", kCols, i);
        }
      }
    }
  });
}

// The paper's setting: the slope counts from the query. Kills: slope * column,
// which is the same function but loses accuracy far from column 0.
TEST_CASE("ALiBi far from column 0 keeps its accuracy") {
  ForEachTarget([](Target target) {
    const size_t cols = target == Target::kBaseline ? 20000 : 131072;
    Random random(2);
    std::vector<float> scores(cols), probs(cols);
    for (float& s : scores) s = 2.0f * random.Normal();
    AttentionOptions options;
    options.causal = true;
    options.first_query = static_cast<int64_t>(cols) - 1;
    options.alibi_slope = 0.5f;
    float logsumexp;
    REQUIRE(AttentionSoftmaxWithLogSumExp({scores.data(), 1, cols},
                                          {probs.data(), 1, cols}, &logsumexp,
                                          options, target) == Status::kOk);
    std::vector<double> want(cols);
    double sum = 0.0;
    for (size_t c = 0; c < cols; ++c) {
      const double distance = static_cast<double>(cols - 1 - c);
      want[c] = std::exp(double{scores[c]} - 0.5 * distance);
      sum += want[c];
    }
    double worst = 0.0;
    for (size_t c = cols - 40; c < cols; ++c) {
      worst = std::max(worst, std::abs(double{probs[c]} / (want[c] / sum) - 1));
    }
    std::printf("%-9s ALiBi, the last 40 of %zu keys: %.2g\n",
                TargetName(target), cols, worst);
    CHECK(worst < 2e-6);
    // z is small where the probability is not.
    CHECK(std::abs(double{logsumexp} - std::log(sum)) < 1e-6);
  });
}

}  // namespace
}  // namespace softlane
