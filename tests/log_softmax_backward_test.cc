// SPDX-License-Identifier: Apache-2.0
#include "softlane/log_softmax_backward.h"

#include <cstdio>
#include <string>
#include <vector>

#include "amount.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/log_softmax.h"

namespace softlane {
namespace {

std::vector<float> Run(const std::vector<float>& l, const std::vector<float>& d,
                       Target target, float scale = 1.0f) {
  const size_t n = l.size();
  std::vector<float> dx(n, 123.0f);
  REQUIRE(LogSoftmaxBackward(Rows<const float>(l.data(), 1, n),
                             Rows<const float>(d.data(), 1, n),
                             Rows<float>(dx.data(), 1, n), scale,
                             target) == Status::kOk);
  return dx;
}

std::vector<float> LogProbabilities(const std::vector<float>& x) {
  const auto want = ReferenceLogSoftmax(x.data(), x.size(), 1.0f);
  return std::vector<float>(want.log_probs.begin(), want.log_probs.end());
}

struct Errors {
  Worst element, sum;

  // Both as a part of what is allowed. The inputs are exact, so the reference
  // is: log_probs need not be those of a softmax.
  void Measure(const std::vector<float>& l, const std::vector<float>& d,
               float scale, Target target, const char* name) {
    const size_t n = l.size();
    CompensatedSum total, magnitude, got_sum, want_sum, allowed_sum;
    for (const float v : d) {
      total.Add(v);
      magnitude.Add(std::abs(double{v}));
    }
    const auto got = Run(l, d, target, scale);
    const double underflow =
        0x1p-124 * (1.0 + scale) * (1.0 + magnitude.Total());
    double worst = 0.0;
    for (size_t i = 0; i < n; ++i) {
      const double p = std::exp(double{l[i]});
      const double want = scale * (double{d[i]} - p * total.Total());
      const double allowed =
          kLogSoftmaxBackwardMaxError * 0x1p-24 * scale *
              (std::abs(double{d[i]}) + p * magnitude.Total()) +
          underflow;
      const double error = std::abs(got[i] - want) / allowed;
      if (!(error <= worst)) worst = error;  // NaN too
      got_sum.Add(got[i]);
      want_sum.Add(want);
      allowed_sum.Add(allowed);
    }
    const auto where = [&] {
      return std::string(name) + ", " + std::to_string(n) + " columns, scale " +
             std::to_string(scale);
    };
    element.Offer(worst, where);
    sum.Offer(
        std::abs(got_sum.Total() - want_sum.Total()) / allowed_sum.Total(),
        where);
  }
  void Check(Target target) const {
    std::printf("%-9s log_softmax_backward: %.3f of the bound, sums %.3f\n",
                TargetName(target), element.value, sum.value);
    INFO(element.value << " of the bound, " << element.where);
    INFO("sum: " << sum.value << " of the bound, " << sum.where);
    const bool within = element.value <= 1.0 && sum.value <= 1.0;
    CHECK(within);
  }
};

// Kills: a sum of d that is short of terms or taken in long float chains, an
// exp that is short of bits, a scale that is lost or applied twice.
TEST_CASE("log_softmax backward: error") {
  ForEachTarget([](Target target) {
    Random random(1);
    Errors errors;
    std::vector<size_t> sizes;
    for (size_t n = 1; n <= 257; ++n) sizes.push_back(n);
    for (size_t n : {1000, 4096, 65537}) sizes.push_back(n);
    if (kFullTests) sizes.push_back(300001);
    for (const size_t n : sizes) {
      for (const Family family : kFamilies) {
        const auto l = LogProbabilities(MakeRow(family, n, random));
        // Gradients of one sign have a large sum. With both signs it cancels.
        auto d = MakeRow(Family::kWide, n, random);
        if (random.Below(3) == 0) {
          for (float& v : d) v = std::abs(v);
        }
        constexpr float kScales[] = {1.0f, 1.0f, 0.125f, 3.7f, 1e-3f, 1e30f};
        errors.Measure(l, d, kScales[random.Below(6)], target,
                       FamilyName(family));
      }
    }
    errors.Check(target);
  });
}

// The gradient that nll_loss hands down has one element per row. A constant
// gradient has n times the constant as its sum.
TEST_CASE("log_softmax backward: one-hot and constant gradients") {
  ForEachTarget([](Target target) {
    Random random(2);
    Errors errors;
    for (size_t n = 1; n <= 300; ++n) {
      const auto l = LogProbabilities(MakeRow(kFamilies[n % 8], n, random));
      std::vector<float> d(n, 0.0f);
      d[random.Below(n)] = -1.0f;
      errors.Measure(l, d, 1.0f, target, "one-hot");
      d.assign(n, random.Uniform(-3.0f, 3.0f));
      errors.Measure(l, d, 0.7f, target, "constant");
    }
    errors.Check(target);
  });
}

// Kills: products that round where only the last may, probabilities that
// become subnormal on the way.
TEST_CASE("log_softmax backward: what underflows") {
  ForEachTarget([](Target target) {
    Random random(3);
    Errors errors;
    for (int row = 0; row < 20000; ++row) {
      const size_t n = 1 + random.Below(20);
      std::vector<float> l(n), d(n);
      for (float& v : l) v = -random.Uniform(0.0f, 130.0f);
      for (float& v : d) {
        const float power =
            FromBits(static_cast<uint32_t>(random.Below(127)) << 23);
        v = (random.Unit() - 0.5f) * power;
      }
      const float scale =
          random.Below(2) == 0 ? 1.0f : random.Uniform(1e-3f, 9.0f);
      errors.Measure(l, d, scale, target, "tiny");
    }
    errors.Check(target);
  });
}

// With the log-probabilities of LogSoftmax: a shift of all logits changes no
// probability, so the gradient has no part along it. Kills: p that does not
// belong to the row.
TEST_CASE("log_softmax backward: rows sum to 0 behind LogSoftmax") {
  ForEachTarget([](Target target) {
    Random random(4);
    Worst worst;
    for (size_t n = 1; n <= 300; ++n) {
      for (const Family family : kFamilies) {
        auto l = MakeRow(family, n, random);
        const Rows<float> view(l.data(), 1, n);
        REQUIRE(LogSoftmax(view, view, {}, target) == Status::kOk);
        const auto d = MakeRow(Family::kGaussian, n, random);
        CompensatedSum sum, magnitude;
        for (const float v : Run(l, d, target)) sum.Add(v);
        for (const float v : d) magnitude.Add(std::abs(double{v}));
        worst.Offer(std::abs(sum.Total()) / (magnitude.Total() + 1e-30), [&] {
          return std::string(FamilyName(family)) + ", " + std::to_string(n) +
                 " columns";
        });
      }
    }
    INFO(worst.value << ", " << worst.where);
    // 2^-22 max(1, |log p|) each, and the entropy of a row is below 6.
    CHECK(worst.value <= 0x1p-19);
  });
}

// Kills: a pass over an operand that the first pass has overwritten.
TEST_CASE("log_softmax backward: in place of either operand") {
  ForEachTarget([](Target target) {
    Random random(5);
    size_t different = 0;
    for (size_t n = 1; n <= 300; ++n) {
      const auto l = LogProbabilities(MakeRow(kFamilies[n % 8], n, random));
      const auto d = MakeRow(Family::kGaussian, n, random);
      const auto want = Run(l, d, target, 0.7f);
      for (const bool first : {false, true}) {
        auto a = l;
        auto b = d;
        const Rows<float> out((first ? a : b).data(), 1, n);
        REQUIRE(LogSoftmaxBackward(Rows<const float>(a.data(), 1, n),
                                   Rows<const float>(b.data(), 1, n), out, 0.7f,
                                   target) == Status::kOk);
        different += !SameBits(first ? a : b, want);
      }
    }
    CHECK(different == 0);
  });
}

// Kills: an exp that turns NaN into a number, a NaN that leaks into its
// neighbours, -inf that becomes NaN or a small probability.
TEST_CASE("log_softmax backward: special values") {
  ForEachTarget([](Target target) {
    Random random(6);
    size_t wrong = 0;
    for (size_t n = 1; n <= 150; ++n) {
      const auto l = LogProbabilities(MakeRow(Family::kGaussian, n, random));
      const auto d = MakeRow(Family::kGaussian, n, random);
      const auto usual = Run(l, d, target, 1.7f);
      for (size_t i = 0; i < n; ++i) {
        auto bad = l;
        bad[i] = kNan;
        auto got = Run(bad, d, target, 1.7f);
        for (size_t k = 0; k < n; ++k) {
          wrong += k == i ? got[k] == got[k] : !SameBits(got[k], usual[k]);
        }
        bad = d;
        bad[i] = kNan;
        for (const float g : Run(l, bad, target, 1.7f)) wrong += g == g;
        bad = l;
        bad[i] = -kInf;
        got = Run(bad, d, target, 1.7f);
        for (size_t k = 0; k < n; ++k) {
          wrong += k == i ? got[k] != 1.7f * d[k] : !SameBits(got[k], usual[k]);
        }
      }
      const std::vector<float> empty(n, -kInf);  // EmptyRow::kZero
      const auto got = Run(empty, d, target, 1.7f);
      for (size_t k = 0; k < n; ++k) wrong += got[k] != 1.7f * d[k];
    }
    CHECK(wrong == 0);
  });
}

}  // namespace
}  // namespace softlane
