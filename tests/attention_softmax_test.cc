// SPDX-License-Identifier: Apache-2.0
#include "softlane/attention_softmax.h"

#include <cstdio>
#include <string>

#include "attention_reference.h"
#include "cases.h"
#include "doctest/doctest.h"
#include "each_target.h"

namespace softlane {
namespace {

constexpr size_t kCombinations = 1024;

struct Results {
  std::vector<float> probs, logsumexp;
};

Results Run(const AttentionCase& c, Target target) {
  Results results{std::vector<float>(c.scores.size(), 7.0f),
                  std::vector<float>(c.rows, 7.0f)};
  REQUIRE(AttentionSoftmaxWithLogSumExp(
              c.Scores(), {results.probs.data(), c.rows, c.cols},
              results.logsumexp.data(), c.options, target) == Status::kOk);
  return results;
}

uint64_t AddToDigest(const std::vector<float>& values, uint64_t digest) {
  for (const float v : values) {
    digest = (digest ^ (v != v ? 0x7FC00000u : BitsOf(v))) * 0x100000001B3u;
  }
  return digest;
}

// The error of a capped logit is one in every probability's exponent.
double AllowedUlp(const AttentionOptions& options) {
  if (options.softcap == 0.0f) return kSoftmaxMaxUlp;
  return kSoftmaxMaxUlp + 2.0 * kSoftcapMaxUlp * double{options.softcap} * 2.0;
}

// Kills: steps in another order, or rounded together; a mask that is one key
// off or looked at in the wrong row; a sink that is scaled, or missing in the
// sum.
TEST_CASE("attention softmax against an oracle") {
  ForEachTarget([](Target target) {
    Random random(1);
    Worst worst, worst_log;
    // Without ALiBi, and with it.
    uint64_t digests[2] = {0xCBF29CE484222325u, 0xCBF29CE484222325u};
    size_t cases = 0, wrong_zero = 0;
    for (size_t which = 0; which < 7 * kCombinations; ++which, ++cases) {
      const bool has_factor = which >= 6 * kCombinations;
      const AttentionCase c = MakeAttentionCase(
          which % kCombinations | (has_factor ? 1024 : 0), random);
      const Results got = Run(c, target);
      const auto describe = [&] { return std::to_string(which); };
      for (size_t r = 0; r < c.rows; ++r) {
        const AttentionReference want = ReferenceAttention(c, r);
        for (size_t i = 0; i < c.cols; ++i) {
          const float p = got.probs[r * c.cols + i];
          if (want.probs[i] == 0.0 && BitsOf(p) != 0) ++wrong_zero;
          if (want.probs[i] < 0x1p-125 && BitsOf(p) == 0) continue;
          worst.Offer(UlpError(p, want.probs[i]) / AllowedUlp(c.options),
                      describe);
        }
        const double log = got.logsumexp[r];
        if (want.logsumexp == -HUGE_VAL) {
          worst_log.Offer(log == -HUGE_VAL ? 0.0 : HUGE_VAL, describe);
          continue;
        }
        const double softcap_error =
            c.options.softcap * kSoftcapMaxUlp * 0x1p-23;
        worst_log.Offer(
            std::abs(log - want.logsumexp) /
                (kLogSumExpMaxError * std::max(1.0, std::abs(want.logsumexp)) +
                 softcap_error),
            describe);
      }
      if (has_factor) continue;
      uint64_t& digest = digests[c.options.alibi_slope != 0.0f];
      digest = AddToDigest(got.probs, AddToDigest(got.logsumexp, digest));
    }
    std::printf(
        "%-9s %zu cases, worst %.2f and %.2f of the bounds, %016llx, %016llx\n",
        TargetName(target), cases, worst.value, worst_log.value,
        static_cast<unsigned long long>(digests[0]),
        static_cast<unsigned long long>(digests[1]));
    INFO("case " << worst.where << ", logsumexp: case " << worst_log.where);
    CHECK(worst.value <= 1.0);
    CHECK(worst_log.value <= 1.0);
    CHECK(wrong_zero == 0);
    CHECK(digests[0] == 0x6ed9f6b22549d04eu);
    CHECK(digests[1] == 0x096d915a34b3e5eeu);
  });
}

// Kills: a plain row that goes another way than Softmax does; a result that
// depends on where it is written.
TEST_CASE("without options the bits are those of Softmax; in place") {
  ForEachTarget([](Target target) {
    Random random(2);
    size_t different = 0;
    for (size_t k = 0; k < 500; ++k) {
      AttentionCase c = MakeAttentionCase(0, random);
      if (k % 3 == 0) c.scores[random.Below(c.scores.size())] = 6000.0f;
      std::vector<float> want(c.scores.size());
      REQUIRE(Softmax(c.Scores(), {want.data(), c.rows, c.cols}, {}, target) ==
              Status::kOk);
      if (!SameBits(Run(c, target).probs, want)) ++different;
      c = MakeAttentionCase(random.Below(kCombinations), random);
      want = Run(c, target).probs;
      const Rows<float> view(c.scores.data(), c.rows, c.cols);
      REQUIRE(AttentionSoftmax(view, view, c.options, target) == Status::kOk);
      if (!SameBits(c.scores, want)) ++different;
    }
    CHECK(different == 0);
  });
}

// Kills: a masked value that is read into the maximum or the sum; a NaN that
// stays hidden; a masked key that is not +0 in a row of NaN.
TEST_CASE("special values in masked and unmasked places") {
  ForEachTarget([](Target target) {
    Cases cases("attention, special values", target);
    Random random(3);
    const float specials[] = {kNan, kInf, -kInf, 3e38f, -3e38f};
    for (size_t k = 0; k < 4000; ++k) {
      AttentionCase c =
          MakeAttentionCase(16 | (random.Below(kCombinations) & ~2u), random);
      const size_t at = random.Below(c.cols);
      const AttentionReference before = ReferenceAttention(c, 0);
      const Results clean = Run(c, target);
      const float special = specials[k % 5];
      c.scores[at] = special;
      const Results got = Run(c, target);
      const bool by_bias =
          c.options.bias.data != nullptr && c.bias[at] == -kInf;
      const bool masked = before.outside[at] || c.options.keep.data[at] == 0;
      const std::vector<float> row(
          got.probs.begin(),
          got.probs.begin() + static_cast<ptrdiff_t>(c.cols));
      if (masked) {
        const std::vector<float> same(
            clean.probs.begin(),
            clean.probs.begin() + static_cast<ptrdiff_t>(c.cols));
        cases.Expect(SameBits(row, same), "a masked value changes nothing",
                     c.cols, at);
      } else if (special != special || (special == kInf && !by_bias)) {
        bool ok = row[at] != row[at];
        for (size_t i = 0; i < c.cols; ++i) {
          const bool is_masked =
              before.outside[i] || c.options.keep.data[i] == 0 ||
              (i != at && c.options.bias.data != nullptr && c.bias[i] == -kInf);
          ok = ok && (is_masked ? BitsOf(row[i]) == 0 : row[i] != row[i]);
        }
        cases.Expect(ok, "an unmasked NaN or +inf makes the keys NaN", c.cols,
                     at);
      } else if (special == -kInf && before.logsumexp > -HUGE_VAL) {
        cases.Expect(!(row[at] > 0.0f), "-inf has no probability", c.cols, at);
      }
    }
  });
}

// The difference of two logits is that of the logarithms of their
// probabilities. Kills: a wrong constant of tanh; a sign; a branch at the wrong
// place.
TEST_CASE("softcap") {
  ForEachTarget([](Target target) {
    Worst worst;
    Random random(4);
    for (size_t k = 0; k < 20000; ++k) {
      // Large logits, whose errors stand out from those of the probabilities.
      const float cap = random.Uniform(5.0f, 80.0f);
      const float x =
          random.Uniform(-1.0f, 1.0f) * cap * (k % 3 == 0 ? 3.0f : 0.6f);
      const float scores[2] = {x, 0.0f};
      float p[2];
      AttentionOptions options;
      options.softcap = cap;
      REQUIRE(AttentionSoftmax({scores, 1, 2}, {p, 1, 2}, options, target) ==
              Status::kOk);
      const double got = std::log(double{p[0]} / double{p[1]});
      const double want = cap * std::tanh(double{x} / cap);
      const double noise = 4.0 * 0x1p-23;  // of the two probabilities
      const double error = std::max(0.0, std::abs(got - want) - noise);
      worst.Offer(error / (std::abs(want) * 0x1p-24 + 0x1p-40),
                  [&] { return std::to_string(x); });
    }
    std::printf("%-9s softcap: worst %.2f ULP\n", TargetName(target),
                worst.value);
    INFO("at " << worst.where);
    CHECK(worst.value <= kSoftcapMaxUlp);
  });
}

// Kills: an option or operand that is not checked, or after the first write.
TEST_CASE("bad arguments") {
  const std::vector<float> x(12, 1.0f);
  std::vector<float> y(12, 7.0f), log(3, 7.0f);
  const Rows<const float> scores(x.data(), 3, 4);
  const auto run = [&](const AttentionOptions& options) {
    return AttentionSoftmaxWithLogSumExp(scores, {y.data(), 3, 4}, log.data(),
                                         options);
  };
  const auto with = [&](auto set) {
    AttentionOptions options;
    set(options);
    return run(options);
  };
  using O = AttentionOptions;
  CHECK(with([](O& o) { o.scale = 0.0f; }) == Status::kBadOption);
  CHECK(with([](O& o) { o.scale = kNan; }) == Status::kBadOption);
  CHECK(with([](O& o) { o.softcap = -1.0f; }) == Status::kBadOption);
  CHECK(with([](O& o) { o.softcap = kInf; }) == Status::kBadOption);
  CHECK(with([](O& o) { o.alibi_slope = kNan; }) == Status::kBadOption);
  for (const float factor : {0.0f, -1.0f, kInf, kNan}) {
    CHECK(with([=](O& o) { o.bias_scale = factor; }) == Status::kBadOption);
  }
  CHECK(with([](O& o) { o.window = -1; }) == Status::kBadOption);
  CHECK(with([](O& o) { o.empty_row = static_cast<EmptyRow>(9); }) ==
        Status::kBadOption);
  const int32_t lengths[2][3] = {{4, 4, 5}, {-1, 4, 4}};
  CHECK(with([&](O& o) { o.lengths = lengths[0]; }) == Status::kBadOption);
  CHECK(with([&](O& o) { o.lengths = lengths[1]; }) == Status::kBadOption);
  CHECK(with([&](O& o) { o.bias = Rows<const float>(x.data(), 3, 3, 4); }) ==
        Status::kBadShape);
  CHECK(with([&](O& o) { o.bias = Rows<const float>(x.data(), 3, 4, 3); }) ==
        Status::kBadShape);
  CHECK(with([&](O& o) { o.bias = Rows<const float>(y.data(), 3, 4); }) ==
        Status::kOverlap);
  CHECK(with([&](O& o) {
          o.bias = Rows<const float>(log.data() - 1, 3, 4, 0);
        }) == Status::kOverlap);
  CHECK(with([&](O& o) {
          o.keep = {reinterpret_cast<const uint8_t*>(y.data()), 3, 4};
        }) == Status::kOverlap);
  CHECK(with([&](O& o) { o.sinks = y.data(); }) == Status::kOverlap);
  CHECK(with([&](O& o) { o.sinks = log.data(); }) == Status::kOverlap);
  CHECK(AttentionSoftmax(scores, {y.data(), 3, 3}) == Status::kBadShape);
  CHECK(AttentionSoftmaxWithLogSumExp(scores, {y.data(), 3, 4}, y.data()) ==
        Status::kOverlap);
  CHECK(
      AttentionSoftmax(scores, {y.data(), 3, 4}, {}, static_cast<Target>(77)) ==
      Status::kTargetUnavailable);
  CHECK(y == std::vector<float>(12, 7.0f));
  CHECK(log == std::vector<float>(3, 7.0f));
}

}  // namespace
}  // namespace softlane
