// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax_backward.h"

#include <cstring>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softmax.h"

namespace softlane {
namespace {

std::vector<float> Run(const std::vector<float>& p,
                       const std::vector<float>& dp, Target target,
                       float scale = 1.0f) {
  const size_t n = p.size();
  std::vector<float> dx(n);
  REQUIRE(SoftmaxBackward(Rows<const float>(p.data(), 1, n),
                          Rows<const float>(dp.data(), 1, n),
                          Rows<float>(dx.data(), 1, n), scale,
                          target) == Status::kOk);
  return dx;
}

std::vector<float> Probabilities(const std::vector<float>& x, Target target) {
  std::vector<float> p(x.size());
  REQUIRE(Softmax(Rows<const float>(x.data(), 1, x.size()),
                  Rows<float>(p.data(), 1, x.size()), {},
                  target) == Status::kOk);
  return p;
}

// The error of element i as a part of the documented bound.
double ErrorOverBound(const std::vector<float>& p, const std::vector<float>& dp,
                      float scale, size_t i, float got,
                      const BackwardReference& want) {
  CompensatedSum total;
  for (size_t k = 0; k < p.size(); ++k) {
    total.Add(std::abs(double{p[k]} * double{dp[k]}));
  }
  const double underflow =
      1.0 + std::abs(double{dp[i]}) + total.Total() +
      static_cast<double>(p.size()) * scale * std::abs(double{p[i]});
  return std::abs(got - want.dlogits[i]) /
         (kSoftmaxBackwardMaxError * 0x1p-24 * want.magnitude[i] +
          0x1p-148 * underflow);
}

// Kills: dp / 2 rounded before it is added to a dot product that is as small.
TEST_CASE("softmax backward: subnormal gradients have the same bits") {
  Random random(6);
  for (int row = 0; row < 20000; ++row) {
    const size_t n = 1 + random.Below(70);
    std::vector<float> p(n), dp(n);
    for (float& v : p) v = random.Unit();
    for (float& v : dp) {
      v = FromBits(static_cast<uint32_t>(random.Below(uint64_t{5} << 23)));
      if (random.Below(2) == 0) v = -v;
    }
    const auto want = Run(p, dp, Target::kBaseline, 0x1p60f);
    ForEachTarget([&](Target target) {
      const auto got = Run(p, dp, target, 0x1p60f);
      REQUIRE(std::memcmp(got.data(), want.data(), n * sizeof(float)) == 0);
    });
  }
}

// Kills: products that round where only the last may.
TEST_CASE("softmax backward: what underflows") {
  ForEachTarget([](Target target) {
    Random random(5);
    Worst worst;
    for (int row = 0; row < 20000; ++row) {
      const size_t n = 1 + random.Below(20);
      std::vector<float> p(n), dp(n);
      const auto tiny = [&](float largest) {
        const float power =
            FromBits(static_cast<uint32_t>(random.Below(127)) << 23);
        return (random.Unit() - 0.5f) * power * largest;
      };
      for (float& v : p) v = std::abs(tiny(1.0f));
      for (float& v : dp) v = tiny(random.Below(2) == 0 ? 1.0f : 0x1p40f);
      const float scale =
          random.Below(2) == 0 ? 1.0f : random.Uniform(1e-3f, 9.0f);
      const auto want = ReferenceBackward(p.data(), dp.data(), n, scale);
      const auto got = Run(p, dp, target, scale);
      for (size_t i = 0; i < n; ++i) {
        worst.Offer(ErrorOverBound(p, dp, scale, i, got[i], want),
                    [&] { return "row " + std::to_string(row); });
      }
    }
    INFO(worst.value << " of the bound, " << worst.where);
    CHECK(worst.value <= 1.0);
  });
}

TEST_CASE("softmax backward: error, and rows that sum to 0") {
  ForEachTarget([](Target target) {
    Random random(1);
    Worst worst, sum_worst;
    std::vector<size_t> sizes;
    for (size_t n = 1; n <= 257; ++n) sizes.push_back(n);
    for (size_t n : {1000, 4096, 65537, 300001}) sizes.push_back(n);
    for (const size_t n : sizes) {
      for (const Family family : kFamilies) {
        const auto p = Probabilities(MakeRow(family, n, random), target);
        const auto dp = MakeRow(Family::kWide, n, random);
        constexpr float kScales[] = {1.0f, 1.0f, 0.125f, 3.7f, 1e-3f, 1e30f};
        const float scale = kScales[random.Below(6)];
        const auto want = ReferenceBackward(p.data(), dp.data(), n, scale);
        const auto got = Run(p, dp, target, scale);
        CompensatedSum sum, total;
        double error = 0.0;
        for (size_t i = 0; i < n; ++i) {
          sum.Add(got[i]);
          total.Add(want.magnitude[i]);
          if (want.magnitude[i] < 0x1p-100) continue;  // scale p is subnormal
          error = std::max(
              error, std::abs(got[i] - want.dlogits[i]) / want.magnitude[i]);
        }
        const auto where = [&] {
          return std::string(FamilyName(family)) + ", " + std::to_string(n) +
                 " columns, scale " + std::to_string(scale);
        };
        worst.Offer(error, where);
        sum_worst.Offer(
            std::abs(sum.Total()) / (total.Total() + 1e-300) * 0x1p24, where);
      }
    }
    INFO(worst.value << " of the bound, " << worst.where);
    CHECK(worst.value <= 1.0);
    INFO("sum: " << sum_worst.value << " u, " << sum_worst.where);
    CHECK(sum_worst.value <= 8.0);
  });
}

// The matrix of the linear map dp -> dx, column by column.
TEST_CASE("softmax backward: the Jacobian is symmetric") {
  ForEachTarget([](Target target) {
    Random random(2);
    for (const size_t n : {1, 2, 7, 16, 33, 70}) {
      const auto p =
          Probabilities(MakeRow(Family::kGaussian, n, random), target);
      std::vector<std::vector<float>> columns;
      for (size_t j = 0; j < n; ++j) {
        std::vector<float> unit(n, 0.0f);
        unit[j] = 1.0f;
        columns.push_back(Run(p, unit, target));
      }
      double worst = 0.0;
      for (size_t i = 0; i < n; ++i) {
        for (size_t j = 0; j < n; ++j) {
          const double want =
              double{p[i]} * ((i == j ? 1.0 : 0.0) - double{p[j]});
          worst = std::max(worst, std::abs(columns[j][i] - want));
          if (i != j) {
            worst = std::max<double>(
                worst,
                std::abs(columns[j][i] - columns[i][j]) / p[i] / p[j] * 0x1p-2);
          }
        }
      }
      CAPTURE(n);
      CHECK(worst <= 0x1p-24);
    }
  });
}

// Against central differences of the softmax itself, in double.
TEST_CASE("softmax backward: central differences") {
  ForEachTarget([](Target target) {
    Random random(3);
    Worst worst;
    for (const size_t n : {2, 5, 17, 40}) {
      for (const float scale : {1.0f, 0.25f, 3.0f}) {
        const auto x = MakeRow(Family::kGaussian, n, random);
        const auto dp = MakeRow(Family::kGaussian, n, random);
        const auto reference = ReferenceSoftmax(x.data(), n, scale);
        std::vector<float> p(reference.probs.begin(), reference.probs.end());
        const auto got = Run(p, dp, target, scale);
        for (size_t i = 0; i < n; ++i) {
          // The loss sum(dp * softmax(scale x)) at x_i +- h.
          const auto loss = [&](double h) {
            double sum = 0.0, weighted = 0.0;
            for (size_t k = 0; k < n; ++k) {
              const double e =
                  std::exp(double{scale} * (double{x[k]} + (k == i ? h : 0.0)));
              sum += e;
              weighted += e * double{dp[k]};
            }
            return weighted / sum;
          };
          const double h = 1e-4;
          worst.Offer(std::abs(got[i] - (loss(h) - loss(-h)) / (2.0 * h)),
                      [&] { return std::to_string(n) + " columns"; });
        }
      }
    }
    INFO(worst.value << ", " << worst.where);
    CHECK(worst.value <= 3e-6);
  });
}

TEST_CASE("softmax backward: special values") {
  ForEachTarget([](Target target) {
    Random random(4);
    size_t wrong = 0;
    for (size_t n = 1; n <= 150; ++n) {
      const auto p =
          Probabilities(MakeRow(Family::kGaussian, n, random), target);
      const auto dp = MakeRow(Family::kGaussian, n, random);
      for (size_t i = 0; i < n; ++i) {
        auto bad = p;
        bad[i] = kNan;
        for (const float g : Run(bad, dp, target)) wrong += g == g;
        bad = dp;
        bad[i] = kNan;
        for (const float g : Run(p, bad, target)) wrong += g == g;
        auto masked = p;
        masked[i] = 0.0f;
        wrong += Run(masked, dp, target, 1.7f)[i] != 0.0f;
      }
    }
    for (int i = 0; i < 1000; ++i) {  // one column: a zero
      const float dp = random.Uniform(-9.0f, 9.0f);
      wrong += Run({1.0f}, {dp}, target, random.Uniform(0.1f, 9.0f))[0] != 0.0f;
    }
    CHECK(wrong == 0);
    // dp - dot would overflow where p = 0.
    CHECK(Run({1.0f, 0.0f}, {3e38f, -3e38f}, target, 2.0f) ==
          std::vector<float>{0.0f, 0.0f});
    for (const float scale : {1.0f, 0x1p125f, 0x1p126f, 1e38f, 3e38f}) {
      CHECK(Run({1.0f, 0.0f}, {3e38f, 3e38f}, target, scale) ==
            std::vector<float>{0.0f, 0.0f});
      CHECK(Run({1.0f, 0.0f}, {3e38f, -3e38f}, target, scale) ==
            std::vector<float>{0.0f, 0.0f});
    }
  });
}

}  // namespace
}  // namespace softlane
