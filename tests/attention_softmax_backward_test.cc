// SPDX-License-Identifier: Apache-2.0
#include "softlane/attention_softmax_backward.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "attention_reference.h"
#include "doctest/doctest.h"
#include "each_target.h"

namespace softlane {
namespace {

constexpr size_t kCombinations = 512;  // all options but the empty row

struct Gradients {
  std::vector<float> dscores, dsinks;
};

struct Forward {
  std::vector<float> probs, logsumexp;
};

Forward RunForward(const AttentionCase& c, Target target) {
  Forward f{std::vector<float>(c.scores.size()), std::vector<float>(c.rows)};
  REQUIRE(AttentionSoftmaxWithLogSumExp(
              c.Scores(), {f.probs.data(), c.rows, c.cols}, f.logsumexp.data(),
              c.options, target) == Status::kOk);
  return f;
}

Gradients RunBackward(const AttentionCase& c, const Forward& f,
                      const std::vector<float>& dprobs, Target target) {
  Gradients g{std::vector<float>(c.scores.size(), 7.0f),
              std::vector<float>(c.rows, 0.0f)};
  AttentionSinkGradient sink;
  if (c.options.sinks != nullptr) {
    sink = {f.logsumexp.data(), g.dsinks.data()};
  }
  REQUIRE(AttentionSoftmaxBackward({f.probs.data(), c.rows, c.cols},
                                   {dprobs.data(), c.rows, c.cols}, c.Scores(),
                                   {g.dscores.data(), c.rows, c.cols},
                                   c.options, sink, target) == Status::kOk);
  return g;
}

// Kills: a missing chain rule of softcap or scale; a sink's gradient with the
// wrong sign or probability; a mask that only the forward pass knows.
TEST_CASE("attention backward against central differences") {
  ForEachTarget([](Target target) {
    Random random(1);
    Worst worst, worst_sink;
    // Without ALiBi and softcap, and with one of them or both.
    uint64_t digests[2] = {0xCBF29CE484222325u, 0xCBF29CE484222325u};
    size_t cases = 0;
    for (size_t which = 0; which < 10 * kCombinations; ++which, ++cases) {
      AttentionCase c = MakeAttentionCase(which % kCombinations, random);
      std::vector<float> g(c.scores.size());
      for (float& v : g) v = random.Normal();
      const Forward f = RunForward(c, target);
      const Gradients got = RunBackward(c, f, g, target);
      uint64_t& digest =
          digests[c.options.alibi_slope != 0.0f || c.options.softcap != 0.0f];
      for (const float v : got.dscores) {
        digest = (digest ^ BitsOf(v)) * 0x100000001B3u;
      }
      const auto describe = [&] { return std::to_string(which); };
      const size_t r = random.Below(c.rows);
      const AttentionReference masks = ReferenceAttention(c, r);
      const double sink =
          c.options.sinks == nullptr ? -HUGE_VAL : double{c.options.sinks[r]};
      std::vector<double> x;
      for (size_t i = 0; i < c.cols; ++i) {
        x.push_back(double{c.scores[r * c.cols + i]});
      }
      constexpr double kStep = 1e-4;
      for (size_t k = 0; k < 8; ++k) {
        const size_t i = random.Below(c.cols);
        std::vector<double> up = x, down = x;
        up[i] += kStep;
        down[i] -= kStep;
        const double want = (LossOf(c, r, up, sink, g, masks) -
                             LossOf(c, r, down, sink, g, masks)) /
                            (2.0 * kStep);
        worst.Offer(std::abs(got.dscores[r * c.cols + i] - want), describe);
      }
      if (c.options.sinks != nullptr && sink > -HUGE_VAL) {
        const double want = (LossOf(c, r, x, sink + kStep, g, masks) -
                             LossOf(c, r, x, sink - kStep, g, masks)) /
                            (2.0 * kStep);
        worst_sink.Offer(std::abs(got.dsinks[r] - want), describe);
      }
    }
    std::printf("%-9s %zu cases, worst %.1e, sink %.1e, %016llx, %016llx\n",
                TargetName(target), cases, worst.value, worst_sink.value,
                static_cast<unsigned long long>(digests[0]),
                static_cast<unsigned long long>(digests[1]));
    INFO("case " << worst.where << ", sink: case " << worst_sink.where);
    CHECK(worst.value <= 1e-5);
    CHECK(worst_sink.value <= 1e-5);
    CHECK(digests[0] == 0xdd89a41c4bb56ed1u);
    CHECK(digests[1] == 0xe03b6920c750811fu);
  });
}

// The worst errors of dscores and of the sink's gradient, in units of the
// bounds of the header.
struct Errors {
  Worst scores, sink;
};
void Measure(const AttentionCase& c, const std::vector<float>& g,
             const Forward& f, const Gradients& got, size_t r, size_t which,
             Errors* errors) {
  const auto describe = [&] { return std::to_string(which); };
  const size_t at = r * c.cols;
  const BackwardReference want = ReferenceBackward(
      f.probs.data() + at, g.data() + at, c.cols, c.options.scale);
  const double softcap = c.options.softcap;
  CompensatedSum dot, magnitude;
  for (size_t i = 0; i < c.cols; ++i) {
    const double product = double{f.probs[at + i]} * double{g[at + i]};
    dot.Add(product);
    magnitude.Add(std::abs(product));
    double cap = 1.0, bound = kSoftmaxBackwardMaxError * 0x1p-24;
    double underflow = 0.0;
    if (softcap != 0.0) {
      const double t =
          double{c.options.scale} * double{c.scores[at + i]} / softcap;
      // 1 - tanh^2, without a difference or an overflow.
      const double e = std::exp(-2.0 * std::abs(t));
      cap = 4.0 * e / ((1.0 + e) * (1.0 + e));
      bound = (16.0 + 4.0 * std::abs(t)) * 0x1p-24;
      underflow = 0x1p-113;
    }
    const double tiny =
        0x1p-148 * (1.0 + std::abs(double{g[at + i]}) + magnitude.Total() +
                    static_cast<double>(c.cols) * double{c.options.scale});
    errors->scores.Offer(
        std::abs(got.dscores[at + i] - want.dlogits[i] * cap) /
            (want.magnitude[i] * (bound * cap + underflow) + tiny),
        describe);
  }
  if (c.options.sinks == nullptr || c.options.sinks[r] == -kInf) return;
  const double p =
      std::exp(double{c.options.sinks[r]} - double{f.logsumexp[r]});
  errors->sink.Offer(
      std::abs(got.dsinks[r] + p * dot.Total()) /
          (magnitude.Total() *
               (kSoftmaxBackwardMaxError * 0x1p-24 * p + 0x1p-125) +
           0x1p-148 * (1.0 + static_cast<double>(c.cols) * p)),
      describe);
}

// Kills: a product or a sum outside the documented bounds; a sink's probability
// from a logsumexp that is rounded once more.
TEST_CASE("attention backward within its bounds") {
  ForEachTarget([](Target target) {
    Random random(2);
    Errors errors;
    for (size_t which = 0; which < 8 * kCombinations; ++which) {
      AttentionCase c = MakeAttentionCase(which % kCombinations, random);
      std::vector<float> g(c.scores.size());
      for (float& v : g) v = random.Normal();
      // Half of all: far into the softcap, and sinks near and far.
      if (which >= 4 * kCombinations) {
        if (c.options.softcap != 0.0f) {
          c.options.softcap = random.Uniform(0.02f, 1.0f);
        }
        for (float& s : c.sinks) s += random.Uniform(-90.0f, 20.0f);
      }
      const Forward f = RunForward(c, target);
      const Gradients got = RunBackward(c, f, g, target);
      for (size_t r = 0; r < c.rows; ++r) {
        Measure(c, g, f, got, r, which, &errors);
      }
    }
    std::printf("%-9s scores %.2f, sinks %.2f of their bounds\n",
                TargetName(target), errors.scores.value, errors.sink.value);
    INFO("case " << errors.scores.where << ", sink: " << errors.sink.where);
    CHECK(errors.scores.value <= 1.0);
    CHECK(errors.sink.value <= 1.0);
  });
}

// Kills: a masked NaN or infinity that reaches the dot product or its own
// place; a view that is written before it is read.
TEST_CASE("masked specials stay where they are; in place") {
  ForEachTarget([](Target target) {
    Random random(3);
    size_t wrong = 0;
    for (size_t k = 0; k < 3000; ++k) {
      AttentionCase c =
          MakeAttentionCase(random.Below(kCombinations) | 8 | 16, random);
      std::vector<float> g(c.scores.size());
      for (float& v : g) v = random.Normal();
      const Forward f = RunForward(c, target);
      const Gradients want = RunBackward(c, f, g, target);
      for (size_t i = 0; i < g.size(); ++i) {
        if (f.probs[i] == 0.0f) g[i] = i % 2 == 0 ? kNan : kInf;
      }
      Gradients got = RunBackward(c, f, g, target);
      if (!SameBits(got.dscores, want.dscores)) ++wrong;
      for (size_t i = 0; i < g.size(); ++i) {
        if (f.probs[i] == 0.0f && BitsOf(got.dscores[i]) != 0) ++wrong;
      }
      const Rows<float> view(k % 2 == 0 ? g.data() : c.scores.data(), c.rows,
                             c.cols);
      REQUIRE(AttentionSoftmaxBackward(
                  {f.probs.data(), c.rows, c.cols}, {g.data(), c.rows, c.cols},
                  c.Scores(), view, c.options, {}, target) == Status::kOk);
      if (!SameBits(k % 2 == 0 ? g : c.scores, want.dscores)) ++wrong;
    }
    CHECK(wrong == 0);
  });
}

// Kills: an operand that is not checked.
TEST_CASE("bad arguments") {
  const std::vector<float> p(12, 0.25f);
  std::vector<float> dx(12, 7.0f), log(3), dsinks(3);
  const Rows<const float> view(p.data(), 3, 4);
  const Rows<float> out(dx.data(), 3, 4);
  AttentionOptions options;
  CHECK(AttentionSoftmaxBackward(view, view, {}, out) == Status::kOk);
  dx.assign(12, 7.0f);
  options.softcap = 1.0f;
  CHECK(AttentionSoftmaxBackward(view, view, {}, out, options) ==
        Status::kBadShape);
  options.softcap = 0.0f;
  CHECK(AttentionSoftmaxBackward(view, view, view, out, options,
                                 {log.data(), dsinks.data()}) ==
        Status::kNullPointer);
  options.sinks = log.data();
  CHECK(AttentionSoftmaxBackward(view, view, view, out, options,
                                 {nullptr, dsinks.data()}) ==
        Status::kNullPointer);
  CHECK(AttentionSoftmaxBackward(view, view, view, out, options,
                                 {log.data(), dx.data()}) == Status::kOverlap);
  CHECK(AttentionSoftmaxBackward(view, view, view, out, options,
                                 {dx.data(), dsinks.data()}) ==
        Status::kOverlap);
  CHECK(AttentionSoftmaxBackward(view, view, view, out, {}, {},
                                 static_cast<Target>(77)) ==
        Status::kTargetUnavailable);
  CHECK(dx == std::vector<float>(12, 7.0f));
}

}  // namespace
}  // namespace softlane
