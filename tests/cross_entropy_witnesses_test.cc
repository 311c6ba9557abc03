// SPDX-License-Identifier: Apache-2.0
// Special values of cross-entropy, one by one: cases that users of such losses
// reported, and cases that reviews found.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "cases.h"
#include "cross_entropy_oracle.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

// The loss and the gradient of one row.
LossOfRow One(const std::vector<float>& x, int64_t label,
              const CrossEntropyOptions& options, Target target) {
  LossOfRow result;
  result.gradient.assign(x.size(), 123.0f);
  REQUIRE(CrossEntropy(Rows<const float>(x.data(), 1, x.size()), &label,
                       &result.loss,
                       Rows<float>(result.gradient.data(), 1, x.size()),
                       options, nullptr, target) == Status::kOk);
  return result;
}

CrossEntropyOptions With(const float* weights, float smoothing, float z_loss,
                         Reduction reduction = Reduction::kNone) {
  CrossEntropyOptions options;
  options.class_weights = weights;
  options.label_smoothing = smoothing;
  options.z_loss = z_loss;
  options.reduction = reduction;
  return options;
}

// Kills: 0 * inf for a class of weight 0 whose logit is -inf.
TEST_CASE("cross_entropy special values: -inf of weight 0 costs nothing") {
  ForEachTarget([](Target target) {
    const float weights[] = {1.0f, 0.0f, 1.0f};
    const LossOfRow got =
        One({0.5f, -kInf, 2.0f}, 0, With(weights, 0.1f, 0.0f), target);
    CHECK(std::abs(got.loss - 1.5946995) <= 1e-6);
    CHECK(IsZero(got.gradient[1]));
  });
}

// Kills: a zero with the sign of upstream; a NaN of 0 * inf; a row without
// shares whose NaN is skipped.
TEST_CASE("cross_entropy special values: a row without shares is +0") {
  ForEachTarget([](Target target) {
    Cases cases("a row without shares", target);
    Random random(3);
    for (size_t n = 1; n <= 70; ++n) {
      for (const size_t i : {size_t{0}, n / 2, n - 1}) {
        std::vector<float> weights(n, 1.0f);
        weights[i] = 0.0f;
        CrossEntropyOptions options = With(weights.data(), 0.0f, 0.0f);
        for (const float upstream : {1.0f, -1.5f, 0.0f, 1e30f}) {
          options.upstream = upstream;
          for (const Family family : {Family::kGaussian, Family::kMasked}) {
            std::vector<float> x = MakeRow(family, n, random);
            const int64_t label = static_cast<int64_t>(i);
            if (n > 1 && upstream == 1e30f) {
              x.assign(n, -kInf);
              x[(i + 1) % n] = 2.0f;
            }
            const LossOfRow zero = One(x, label, options, target);
            cases.Expect(IsPlusZero(zero.loss), "loss", n, i);
            cases.Expect(All(zero.gradient, IsPlusZero), "gradient", n, i);
            for (const float bad : {kNan, kInf, -kInf}) {
              if (bad == -kInf) x.assign(n, bad);
              x[n / 3] = bad;
              const LossOfRow nan = One(x, label, options, target);
              cases.Expect(IsNan(nan.loss), "NaN loss", n, i);
              cases.Expect(All(nan.gradient, IsNan), "NaN gradient", n, i);
              x[n / 3] = 0.0f;
            }
          }
        }
      }
    }
  });
}

// Kills: a divisor of 0 that is left out, or whose gradient is inf or 0.
TEST_CASE("cross_entropy special values: a mean of counted rows of weight 0") {
  ForEachTarget([](Target target) {
    const float weights[] = {0.0f, 1.0f};
    for (const bool zero_if_all_ignored : {false, true}) {
      for (const float z_loss : {0.0f, 1.0f}) {
        for (const float smoothing : {0.1f, 0.0f}) {
          CrossEntropyOptions options =
              With(weights, smoothing, z_loss, Reduction::kMean);
          options.zero_if_all_ignored = zero_if_all_ignored;
          const LossOfRow got = One({0.0f, 0.0f}, 0, options, target);
          CHECK(IsNan(got.loss));
          CHECK(All(got.gradient, IsNan));
        }
      }
    }
  });
}

// Kills: the gradient of a label of weight 0 as a difference of large numbers.
TEST_CASE("cross_entropy special values: a label without a share") {
  ForEachTarget([](Target target) {
    const float weights[] = {1.0f, 1.3f, 0.0f};
    const LossOfRow got =
        One({0.0f, 0.5f, -30.0f}, 2, With(weights, 0.1f, 0.0f), target);
    CHECK(std::abs(got.gradient[2] / 2.70854e-15 - 1.0) <= 1e-5);
  });
}

// Kills: 1 + 2 z logsumexp from a rounded logsumexp where they cancel.
TEST_CASE("cross_entropy special values: z-loss against the shares") {
  ForEachTarget([](Target target) {
    const std::vector<float> x = {-1.19008708f, -1.20000005f};
    const CrossEntropyOptions options = With(nullptr, 0.0f, 1.0f);
    const LossOfRow got = One(x, 0, options, target);
    const OracleRow want = Oracle(x.data(), 2, nullptr, 0, options);
    CHECK(OracleError(got.loss, want.loss, want.loss_bound) <= 1.0);
    for (size_t c = 0; c < 2; ++c) {
      CHECK(OracleError(got.gradient[c], want.gradient[c],
                        want.gradient_bound[c]) <= 1.0);
    }
  });
}

// Kills: inf * 0 where z-loss's part or the scaled logit is beyond floats.
TEST_CASE("cross_entropy special values: a logsumexp beyond the floats") {
  ForEachTarget([](Target target) {
    CrossEntropyOptions options = With(nullptr, 0.0f, 1.0f);
    options.upstream = 1024.0f;
    const LossOfRow far = One({3e38f, 0.0f, 1.0f}, 1, options, target);
    CHECK(far.loss == kInf);
    CHECK(far.gradient[0] == kInf);
    CHECK(far.gradient[1] == -1024.0f);
    CHECK(IsPlusZero(far.gradient[2]));
    options.upstream = 1.0f;
    options.scale = 10.0f;
    const LossOfRow first = One({3e38f, 0.0f}, 0, options, target);
    CHECK(first.loss == kInf);
    CHECK(first.gradient[0] == kInf);
    CHECK(IsZero(first.gradient[1]));
    const LossOfRow second = One({3e38f, 0.0f}, 1, options, target);
    CHECK(second.loss == kInf);
    CHECK(second.gradient[0] == kInf);
    CHECK(second.gradient[1] == -10.0f);
    // 10 * 2 * 1e-10 * 3e39.
    options.z_loss = 1e-10f;
    const LossOfRow small = One({3e38f, 0.0f}, 0, options, target);
    CHECK(std::abs(small.gradient[0] / 6e30 - 1.0) <= 1e-5);
    CHECK(IsZero(small.gradient[1]));
  });
}

// Kills: upstream * scale, or upstream over the divisor, rounded to a float.
TEST_CASE("cross_entropy special values: a factor beyond the floats") {
  ForEachTarget([](Target target) {
    const auto near = [](float got, double want) {
      return std::abs(got / want - 1.0) <= 1e-5;
    };
    CrossEntropyOptions options = With(nullptr, 0.0f, 0.0f);
    options.upstream = 1e30f;
    options.scale = 1e20f;
    const std::vector<float> x = {0.0f, -46e-20f, -50e-20f};
    const double a = std::exp(1e20f * double{x[1]});
    const double b = std::exp(1e20f * double{x[2]});
    const LossOfRow large = One(x, 0, options, target);
    CHECK(near(large.gradient[0], -1e50 * (a + b)));
    CHECK(near(large.gradient[1], 1e50 * a));
    CHECK(near(large.gradient[2], 1e50 * b));
    const float heavy[] = {3e38f, 3e38f};
    options.class_weights = heavy;
    options.upstream = options.scale = 1e-30f;
    const LossOfRow small = One({0.0f, 0.0f}, 0, options, target);
    CHECK(near(small.gradient[0], -1.5e-22));
    CHECK(near(small.gradient[1], 1.5e-22));
    const float light[] = {1e-45f, 1e-45f};
    const LossOfRow mean =
        One({0.0f, 0.0f}, 0, With(light, 0.0f, 0.0f, Reduction::kMean), target);
    CHECK(near(mean.gradient[0], -0.5));
    CHECK(near(mean.gradient[1], 0.5));
  });
}

// Kills: logits taken times a power of two that makes them subnormal.
TEST_CASE("cross_entropy: tiny logits under a huge scale") {
  ForEachTarget([](Target target) {
    const float x[2] = {1.2e-38f, 2e-38f};
    const int64_t label = 0;
    CrossEntropyOptions options;
    options.scale = 1e38f;
    options.label_smoothing = 0.5f;
    float loss;
    REQUIRE(CrossEntropy({x, 1, 2}, &label, &loss, {}, options, nullptr,
                         target) == Status::kOk);
    CHECK(std::abs(double{loss} / 0.971100669 - 1.0) < 1e-7);
  });
}

// Kills: shares in floats that are too small for them.
TEST_CASE("cross_entropy special values: shares that are subnormal floats") {
  ForEachTarget([](Target target) {
    const float weights[] = {1e-33f, 1e-33f};
    CrossEntropyOptions options = With(weights, 1e-10f, 0.0f);
    options.upstream = 1e30f;
    const LossOfRow got = One({0.0f, -90.0f}, 0, options, target);
    const double share = 0.5 * double{1e-10f} * double{1e-33f};
    const double p = std::exp(-90.0);
    CHECK(std::abs(got.gradient[1] / (1e30 * (1e-33 * p - share)) - 1.0) <=
          1e-5);
  });
}

// Kills: inf - inf or an infinity for NaN, where a target is not finite.
TEST_CASE("cross_entropy special values: targets that are not finite") {
  ForEachTarget([](Target target) {
    Cases cases("targets that are not finite", target);
    for (size_t n = 1; n <= 70; ++n) {
      for (const size_t i : {size_t{0}, n / 2, n - 1}) {
        for (const float bad : {kInf, -kInf, kNan}) {
          for (const float weight : {1.0f, 0.0f}) {
            std::vector<float> x(n, 0.5f), targets(n, 0.25f), weights(n, 1.0f);
            x[i] = -1.0f;
            targets[i] = bad;
            weights[i] = weight;
            LossOfRow got;
            got.gradient.assign(n, 123.0f);
            REQUIRE(CrossEntropy({x.data(), 1, n}, {targets.data(), 1, n},
                                 &got.loss, {got.gradient.data(), 1, n},
                                 With(weights.data(), 0.0f, 0.0f), nullptr,
                                 target) == Status::kOk);
            cases.Expect(IsNan(got.loss), "loss", n, i);
            cases.Expect(All(got.gradient, IsNan), "gradient", n, i);
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace softlane
