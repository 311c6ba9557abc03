// SPDX-License-Identifier: Apache-2.0
// Properties of the gradient of CrossEntropy beyond its error bound.

#include <cstdio>
#include <string>
#include <vector>

#include "cross_entropy_reference.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

// Kills: p - 1 by subtraction, which has no correct bit where 1 - p < 2^-24.
TEST_CASE("cross_entropy: the label's gradient where p is near 1") {
  ForEachTarget([](Target target) {
    Random random(3);
    Worst worst;
    for (int trial = 0; trial < 3000; ++trial) {
      LossCase c(1, 2 + random.Below(150));
      const float gap = random.Uniform(0.0f, 80.0f);
      const size_t label = random.Below(c.cols);
      for (size_t k = 0; k < c.cols; ++k) {
        c.logits.push_back(k == label ? 1.0f : 1.0f - gap - random.Unit());
      }
      c.labels.push_back(static_cast<int64_t>(label));
      // A weight changes nothing of it.
      if (trial % 2 == 0) c.class_weights.assign(c.cols, 0.7f);
      const LossReference want = ReferenceCrossEntropy(c);
      LossResults got;
      REQUIRE(RunLossCase(
                  c, trial % 3 == 0 ? Gradient::kInPlace : Gradient::kSeparate,
                  false, target, &got) == Status::kOk);
      worst.Offer(
          std::abs(got.gradient[label] / want.gradient[label] - 1.0) * 0x1p24,
          [&] {
            return std::to_string(c.cols) + " columns, gap " +
                   std::to_string(gap);
          });
    }
    std::printf("%-9s label where p is near 1: %.3f u\n", TargetName(target),
                worst.value);
    INFO(worst.where);
    CHECK(worst.value <= kCrossEntropyGradientMaxError);
  });
}

// The oracle's own gradient, and with it the formula in the header, against
// differences of its loss.
TEST_CASE("cross_entropy: central differences") {
  ForEachTarget([](Target target) {
    Random random(4);
    Worst worst;
    for (int trial = 0; trial < 600; ++trial) {
      LossCase c =
          MakeCase(random, 3, 1 + random.Below(12), trial % 2 == 0, false);
      for (float& v : c.logits) v = random.Uniform(-4.0f, 4.0f);
      c.settings.reduction = static_cast<Reduction>(1 + trial % 2);
      c.settings.label_smoothing = trial % 3 == 0 ? 0.1f : 0.0f;
      c.settings.z_loss = trial % 5 == 0 ? 0.02f : 0.0f;
      c.settings.scale = trial % 7 == 0 ? 0.5f : 1.0f;
      c.settings.upstream = trial % 4 == 0 ? -2.0f : 1.0f;
      if (trial % 11 == 0) c.class_weights.assign(c.cols, 0.3f);
      if (trial % 6 == 1) c.labels[1] = c.settings.ignore_index;
      LossResults got;
      REQUIRE(RunLossCase(c, Gradient::kSeparate, false, target, &got) ==
              Status::kOk);
      std::vector<double> x(c.logits.begin(), c.logits.end());
      for (size_t i = 0; i < x.size(); ++i) {
        const double at = x[i];
        const double h = 1e-5;
        x[i] = at + h;
        const double above = ReferenceCrossEntropy(c, x).loss;
        x[i] = at - h;
        const double below = ReferenceCrossEntropy(c, x).loss;
        x[i] = at;
        const double want = c.settings.upstream * (above - below) / (2.0 * h);
        worst.Offer(std::abs(got.gradient[i] - want),
                    [&] { return "trial " + std::to_string(trial); });
      }
    }
    INFO(worst.value << ", " << worst.where);
    CHECK(worst.value <= 4e-6);
  });
}

// Kills: a fused gradient that is that of another loss.
TEST_CASE("cross_entropy: the chain through SoftmaxBackward") {
  ForEachTarget([](Target target) {
    Random random(6);
    Worst worst;
    for (size_t n = 1; n <= 200; ++n) {
      LossCase c = MakeCase(random, 1, n, false, true);
      const size_t label = static_cast<size_t>(c.labels[0]);
      LossResults got;
      REQUIRE(RunLossCase(c, Gradient::kSeparate, true, target, &got) ==
              Status::kOk);
      std::vector<float> p(n), dp(n, 0.0f), dx(n);
      const Rows<float> probs(p.data(), 1, n);
      REQUIRE(Softmax(Rows<const float>(c.logits.data(), 1, n), probs, {},
                      target) == Status::kOk);
      if (p[label] < 0x1p-100f) continue;  // -1 / p would be too large
      dp[label] = -1.0f / p[label];
      REQUIRE(SoftmaxBackward(probs, Rows<const float>(dp.data(), 1, n),
                              Rows<float>(dx.data(), 1, n), 1.0f,
                              target) == Status::kOk);
      for (size_t k = 0; k < n; ++k) {
        // The bounds of Softmax, SoftmaxBackward and CrossEntropy together.
        const double magnitude = double{p[k]} + (k == label ? 1.0 : 0.0);
        worst.Offer(std::abs(got.gradient[k] - dx[k]) /
                        (magnitude * 0x1p-24 + 0x1p-124),
                    [&] { return std::to_string(n) + " columns"; });
      }
    }
    INFO(worst.where);
    CHECK(worst.value <= 2.0 * kSoftmaxMaxUlp + kSoftmaxBackwardMaxError +
                             kCrossEntropyGradientMaxError + 2.0);
  });
}

}  // namespace
}  // namespace softlane
