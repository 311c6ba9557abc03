// SPDX-License-Identifier: Apache-2.0
#include "softlane/softmax.h"

#include <string>
#include <utility>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"

namespace softlane {
namespace {

std::vector<float> Run(const std::vector<float>& x, Target target,
                       const SoftmaxOptions& options = {}) {
  std::vector<float> y(x.size());
  REQUIRE(Softmax(Rows<const float>(x.data(), 1, x.size()),
                  Rows<float>(y.data(), 1, y.size()), options,
                  target) == Status::kOk);
  return y;
}

float RunLogSumExp(const std::vector<float>& x, Target target,
                   const SoftmaxOptions& options = {}) {
  std::vector<float> y(x.size());
  float result = 123.0f;
  REQUIRE(SoftmaxWithLogSumExp(Rows<const float>(x.data(), 1, x.size()),
                               Rows<float>(y.data(), 1, y.size()), &result,
                               options, target) == Status::kOk);
  return result;
}

// 0 where +0 is the documented value; else the error in ULP.
double ProbabilityError(float got, double want) {
  if (want < 0x1p-125 && BitsOf(got) == 0) return 0.0;
  if (want < 0x1p-126 * (1 - 0x1p-22)) return HUGE_VAL;
  return UlpError(got, want);
}

struct Errors {
  Worst random, adversarial, sum_random, sum_adversarial, logsumexp;
};

void Measure(const std::vector<float>& x, float scale, Family family,
             Target target, Errors* errors) {
  const SoftmaxReference want = ReferenceSoftmax(x.data(), x.size(), scale);
  SoftmaxOptions options;
  options.scale = scale;
  const std::vector<float> got = Run(x, target, options);
  const auto describe = [&] {
    return std::string(FamilyName(family)) + ", " + std::to_string(x.size()) +
           " columns, scale " + std::to_string(scale);
  };
  CompensatedSum sum;
  double worst = 0.0;
  for (size_t i = 0; i < x.size(); ++i) {
    sum.Add(got[i]);
    worst = std::max(worst, ProbabilityError(got[i], want.probs[i]));
  }
  const bool adversarial = IsAdversarial(family);
  (adversarial ? errors->adversarial : errors->random).Offer(worst, describe);
  (adversarial ? errors->sum_adversarial : errors->sum_random)
      .Offer(std::abs(sum.Total() - 1.0) * 0x1p24, describe);
  const double error =
      std::abs(RunLogSumExp(x, target, options) - want.logsumexp) /
      std::max(1.0, std::abs(want.logsumexp));
  errors->logsumexp.Offer(error, describe);
}

// Kills: a coefficient or table entry off, a sum that is short of terms, a tail
// that is left out, a reciprocal of one float.
TEST_CASE("softmax: error") {
  ForEachTarget([](Target target) {
    Random random(1);
    Errors errors;
    std::vector<size_t> sizes;
    for (size_t n = 1; n <= 257; ++n) sizes.push_back(n);
    for (size_t n : {384, 1000, 1023, 4096, 32000, 65537}) sizes.push_back(n);
    if (target != Target::kBaseline) sizes.push_back(1000000);
    for (const size_t n : sizes) {
      for (const Family family : kFamilies) {
        const std::vector<float> x = MakeRow(family, n, random);
        constexpr float kScales[] = {1.0f, 1.0f, 0.125f, 0.7f, 2.5f};
        Measure(x, kScales[random.Below(5)], family, target, &errors);
      }
    }
    INFO("random: " << errors.random.value << " ULP, " << errors.random.where);
    INFO("adversarial: " << errors.adversarial.value << " ULP, "
                         << errors.adversarial.where);
    INFO("row sum: " << errors.sum_random.value << " u, "
                     << errors.sum_random.where);
    INFO("adversarial row sum: " << errors.sum_adversarial.value << " u, "
                                 << errors.sum_adversarial.where);
    INFO("logsumexp: " << errors.logsumexp.value << ", "
                       << errors.logsumexp.where);
    const bool within =
        errors.random.value <= 4.0 && errors.adversarial.value <= 6.0 &&
        errors.sum_random.value <= 4.0 && errors.sum_adversarial.value <= 6.0 &&
        errors.logsumexp.value <= kLogSumExpMaxError;
    CHECK(within);
  });
}

// Both sides of the limit up to which the logits are split as they are, and
// scales that no float pair of scale * log2(e) can hold. Kills: a moved
// threshold beyond the reach of the magic number, a lost unit, x - max that
// overflows.
TEST_CASE("softmax: large logits and extreme scales") {
  ForEachTarget([](Target target) {
    Random random(2);
    Errors errors;
    for (const float scale :
         {1e-45f, 1e-38f, 1e-30f, 1e-19f, 1e-18f, 1e-3f, 0.5f, 1.0f, 1.5f, 1e3f,
          1e18f, 1e19f, 1e30f, 1e38f, 3e38f}) {
      for (const float center :
           {0.0f, 1.0f, -255.0f, 4000.0f, -4095.9f, 4096.0f, -4096.1f, 4200.0f,
            65536.0f, 1e6f, -1e6f}) {
        for (int row = 0; row < 10; ++row) {
          std::vector<float> x(100);
          for (float& v : x) {
            const double scaled = double{center} + 8.0 * random.Normal();
            v = static_cast<float>(
                std::min(std::max(scaled / scale, -3.4e38), 3.4e38));
          }
          Measure(x, scale, Family::kGaussian, target, &errors);
        }
      }
    }
    INFO(errors.random.value << " ULP, " << errors.random.where);
    INFO("row sum: " << errors.sum_random.value << " u");
    INFO("logsumexp: " << errors.logsumexp.value << ", "
                       << errors.logsumexp.where);
    const bool within = errors.random.value <= 4.0 &&
                        errors.sum_random.value <= 4.0 &&
                        errors.logsumexp.value <= kLogSumExpMaxError;
    CHECK(within);
  });
}

TEST_CASE("softmax: scales at both ends") {
  ForEachTarget([](Target target) {
    SoftmaxOptions options;
    options.scale = 1e-38f;
    const std::vector<float> x = {3e38f, -3e38f};
    const SoftmaxReference want = ReferenceSoftmax(x.data(), 2, 1e-38f);
    CHECK(UlpError(Run(x, target, options)[1], want.probs[1]) <= 2.0);
    options.scale = 2.0f;
    CHECK(RunLogSumExp({3e38f}, target, options) == kInf);
    CHECK(RunLogSumExp({-3e38f}, target, options) == -kInf);
  });
}

// The order of additions is by index, so a permuted row may differ in a last
// bit; a shift by a power of two that keeps the logits exact may too, by its
// octaves.
TEST_CASE("softmax: shifted and permuted rows") {
  ForEachTarget([](Target target) {
    Random random(5);
    Worst worst;
    for (size_t n = 2; n <= 300; ++n) {
      std::vector<float> x(n);
      for (float& v : x) v = std::floor(random.Uniform(0.0f, 4096.0f)) / 256.0f;
      const std::vector<float> y = Run(x, target);
      std::vector<float> shifted = x;
      for (float& v : shifted) v += 64.0f;
      const std::vector<float> z = Run(shifted, target);
      std::vector<float> reversed(x.rbegin(), x.rend());
      const std::vector<float> w = Run(reversed, target);
      for (size_t i = 0; i < n; ++i) {
        const auto where = [&] { return std::to_string(n) + " columns"; };
        worst.Offer(UlpError(z[i], y[i]), where);
        worst.Offer(UlpError(w[n - 1 - i], y[i]), where);
      }
    }
    INFO(worst.where);
    CHECK(worst.value <= 5.0);
  });
}

}  // namespace
}  // namespace softlane
