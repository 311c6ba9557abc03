// SPDX-License-Identifier: Apache-2.0
// Infinities in attention: in scores under a softcap, in sinks, and from steps
// whose result is beyond the largest float.

#include <cmath>
#include <vector>

#include "cases.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "softlane/attention_softmax.h"
#include "softlane/attention_softmax_backward.h"

namespace softlane {
namespace {

constexpr size_t kRows = 3;

struct Results {
  std::vector<float> probs;
  std::vector<float> logsumexp;
};

// Row 1 of kRows is the one in question; the others are ordinary.
struct Case {
  explicit Case(size_t cols) : cols(cols), scores(kRows * cols) {
    Random random(cols);
    for (float& s : scores) s = random.Normal();
  }
  float* Row() { return scores.data() + cols; }
  Results Run(const AttentionOptions& options, Target target) const {
    Results results{std::vector<float>(scores.size(), 7.0f),
                    std::vector<float>(kRows, 7.0f)};
    REQUIRE(AttentionSoftmaxWithLogSumExp({scores.data(), kRows, cols},
                                          {results.probs.data(), kRows, cols},
                                          results.logsumexp.data(), options,
                                          target) == Status::kOk);
    return results;
  }

  size_t cols;
  std::vector<float> scores;
};

constexpr size_t kCols[] = {1, 2, 7, 8, 16, 17, 64, 65, 100, 300, 1100};

// The row has the results that the score `instead` gives.
void ExpectSame(Cases& cases, const char* what, Case c, size_t at, float score,
                float instead, const AttentionOptions& options, Target target) {
  c.Row()[at] = score;
  const Results got = c.Run(options, target);
  c.Row()[at] = instead;
  const Results want = c.Run(options, target);
  cases.Expect(SameBits(got.probs, want.probs) &&
                   SameBits(got.logsumexp, want.logsumexp),
               what, c.cols, at);
}

// Kills: an infinity that survives the softcap; a tanh of infinity that is NaN.
TEST_CASE("softcap bounds infinities") {
  ForEachTarget([](Target target) {
    Cases cases("attention, softcap of infinities", target);
    AttentionOptions options;
    options.softcap = 50.0f;
    for (const size_t cols : kCols) {
      for (const size_t at : {size_t{0}, cols / 2, cols - 1}) {
        const Case c(cols);
        // 1e30 is far beyond where tanh is 1.
        ExpectSame(cases, "+inf", c, at, kInf, 1e30f, options, target);
        ExpectSame(cases, "-inf", c, at, -kInf, -1e30f, options, target);
        AttentionOptions scaled = options;
        scaled.scale = 1e10f;
        ExpectSame(cases, "scale * score beyond floats", c, at, 3e38f, 1e25f,
                   scaled, target);
      }
    }
    float y[2];
    const float x[2] = {kInf, 0.0f};
    REQUIRE(AttentionSoftmax({x, 1, 2}, {y, 1, 2}, options, target) ==
            Status::kOk);
    CHECK(y[0] == 1.0f);
    CHECK(std::abs(y[1] / 1.9287498e-22f - 1.0f) < 1e-6f);
  });
}

// Kills: an overflow in scale * score that is not as an infinite score; one
// that reaches other rows.
TEST_CASE("steps beyond the largest float give infinities") {
  ForEachTarget([](Target target) {
    Cases cases("attention, steps beyond floats", target);
    for (const size_t cols : kCols) {
      for (const size_t at : {size_t{0}, cols / 2, cols - 1}) {
        const Case c(cols);
        AttentionOptions scaled;
        scaled.scale = 100.0f;
        ExpectSame(cases, "scale", c, at, 1e38f, kInf, scaled, target);
        ExpectSame(cases, "scale, below", c, at, -1e38f, -kInf, scaled, target);
        std::vector<float> bias(kRows * cols, 3e38f);
        AttentionOptions biased;
        biased.bias = Rows<const float>(bias.data(), kRows, cols, 0);
        ExpectSame(cases, "bias", c, at, 1e38f, kInf, biased, target);
        AttentionOptions alibi;
        alibi.alibi_slope = -3e38f;
        alibi.first_query = 1 << 20;
        ExpectSame(cases, "ALiBi", c, at, 0.0f, kInf, alibi, target);
      }
    }
  });
}

// Kills: a sink of +inf or NaN that makes probabilities 0, or leaves logsumexp
// finite; one of -inf that adds something.
TEST_CASE("sinks that are infinite or NaN") {
  ForEachTarget([](Target target) {
    Cases cases("attention, infinite sinks", target);
    for (const size_t cols : kCols) {
      const Case c(cols);
      const Results none = c.Run({}, target);
      for (const float sink : {kInf, kNan, -kNan, -kInf}) {
        const float sinks[kRows] = {-kInf, sink, -kInf};
        AttentionOptions options;
        options.sinks = sinks;
        std::vector<uint8_t> keep(cols, 1);
        keep[cols / 2] = 0;
        for (const bool has_keep : {false, true}) {
          if (has_keep) options.keep = {keep.data(), kRows, cols, 0};
          const Results got = c.Run(options, target);
          bool ok = true;
          for (size_t i = 0; i < cols; ++i) {
            const float p = got.probs[cols + i];
            if (has_keep && i == cols / 2) {
              ok = ok && IsPlusZero(p);
            } else if (sink != -kInf) {
              ok = ok && IsNan(p);
            } else if (!has_keep) {
              ok = ok && BitsOf(p) == BitsOf(none.probs[cols + i]);
            }
          }
          const float log = got.logsumexp[1];
          ok = ok && (sink != sink ? IsNan(log)
                      : sink > 0   ? log == kInf
                                   : log < kInf);
          cases.Expect(ok, "the row", cols);
          for (const size_t r : {0, 2}) {
            cases.Expect(got.logsumexp[r] < kInf, "the others", cols, r);
          }
        }
      }
    }
  });
}

// Kills: a derivative of the softcap that is NaN at infinity.
TEST_CASE("the gradient of a score that the softcap bounds is 0") {
  ForEachTarget([](Target target) {
    const float scores[4] = {kInf, -kInf, 1.0f, 0.5f};
    const float dp[4] = {1.0f, 2.0f, -3.0f, 4.0f};
    float p[4], dx[4];
    AttentionOptions options;
    options.softcap = 2.0f;
    REQUIRE(AttentionSoftmax({scores, 1, 4}, {p, 1, 4}, options, target) ==
            Status::kOk);
    REQUIRE(AttentionSoftmaxBackward({p, 1, 4}, {dp, 1, 4}, {scores, 1, 4},
                                     {dx, 1, 4}, options, {},
                                     target) == Status::kOk);
    CHECK(p[1] > 0.0f);
    CHECK(dx[0] == 0.0f);
    CHECK(dx[1] == 0.0f);
    CHECK(dx[2] < 0.0f);
    CHECK(dx[3] > 0.0f);
  });
}

// Kills: a factor that overflows before one that is 0 is multiplied with it.
TEST_CASE("what a softcap or a sink takes to 0 stays 0 beside huge numbers") {
  ForEachTarget([](Target target) {
    for (const size_t n : {2, 17, 300}) {
      std::vector<float> scores(n, 1e30f), p(n, 1.0f / static_cast<float>(n));
      std::vector<float> dp(n, 3e38f), dx(n, 7.0f);
      for (size_t i = 0; i < n; i += 2) dp[i] = -3e38f;
      AttentionOptions options;
      options.scale = 10.0f;
      options.softcap = 1.0f;
      REQUIRE(AttentionSoftmaxBackward({p.data(), 1, n}, {dp.data(), 1, n},
                                       {scores.data(), 1, n}, {dx.data(), 1, n},
                                       options, {}, target) == Status::kOk);
      CHECK(All(dx, IsZero));
    }
    const float score = 3e38f, sink = -3e38f, dp = 2.0f;
    float p, logsumexp, dx, dsink = 7.0f;
    AttentionOptions options;
    options.sinks = &sink;
    REQUIRE(AttentionSoftmaxWithLogSumExp({&score, 1, 1}, {&p, 1, 1},
                                          &logsumexp, options,
                                          target) == Status::kOk);
    REQUIRE(AttentionSoftmaxBackward({&p, 1, 1}, {&dp, 1, 1}, {&score, 1, 1},
                                     {&dx, 1, 1}, options, {&logsumexp, &dsink},
                                     target) == Status::kOk);
    CHECK(dsink == 0.0f);
  });
}

// Kills: a call that returns because there are no keys, and leaves what rows
// have without keys.
TEST_CASE("rows without keys have a logsumexp and a gradient of the sink") {
  ForEachTarget([](Target target) {
    constexpr size_t kSinks = 6;
    const float sinks[kSinks] = {0.5f, -kInf, -3.0f, kInf, kNan, -0.0f};
    float logsumexp[kSinks], dsinks[kSinks];
    // A stride that is not used.
    const Rows<float> none(nullptr, kSinks, 0, 5);
    AttentionOptions options;
    REQUIRE(AttentionSoftmaxWithLogSumExp(none, none, logsumexp, options,
                                          target) == Status::kOk);
    for (const float value : logsumexp) CHECK(value == -kInf);
    options.sinks = sinks;
    REQUIRE(AttentionSoftmaxWithLogSumExp(none, none, logsumexp, options,
                                          target) == Status::kOk);
    REQUIRE(AttentionSoftmaxBackward(none, none, none, none, options,
                                     {logsumexp, dsinks},
                                     target) == Status::kOk);
    for (size_t r = 0; r < 3; ++r) {
      CHECK(logsumexp[r] == sinks[r]);
      CHECK(dsinks[r] == 0.0f);
    }
    CHECK(logsumexp[3] == kInf);
    CHECK(IsNan(logsumexp[4]));
    CHECK(IsPlusZero(logsumexp[5]));
  });
}

}  // namespace
}  // namespace softlane
