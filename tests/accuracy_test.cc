// SPDX-License-Identifier: Apache-2.0
// The accuracy table of the README: this test prints it and compares it with
// the README. Also a search for rows that break the bound.

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "amount.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

std::vector<float> Run(const std::vector<float>& x, float scale,
                       Target target) {
  std::vector<float> y(x.size());
  REQUIRE(Softmax(Rows<const float>(x.data(), 1, x.size()),
                  Rows<float>(y.data(), 1, x.size()), {scale, EmptyRow::kNan},
                  target) == Status::kOk);
  return y;
}

// The arithmetic of other libraries at its best: the difference from the
// maximum is in float, and nothing else has an error until the result is
// rounded.
std::vector<float> SubtractMaximum(const std::vector<float>& x, float scale) {
  const float max = *std::max_element(x.begin(), x.end());
  std::vector<double> e;
  CompensatedSum sum;
  for (const float v : x) {
    const float difference = v - max;
    e.push_back(std::exp(double{scale * difference}));
    sum.Add(e.back());
  }
  std::vector<float> y;
  for (const double v : e) y.push_back(static_cast<float>(v / sum.Total()));
  return y;
}

double WorstUlp(const std::vector<float>& y, const SoftmaxReference& want) {
  double worst = 0.0;
  for (size_t i = 0; i < y.size(); ++i) {
    if (want.probs[i] < 0x1p-125) continue;  // may be +0
    worst = std::max(worst, UlpError(y[i], want.probs[i]));
  }
  return worst;
}

double RowSumError(const std::vector<float>& y) {
  CompensatedSum sum;
  for (const float p : y) sum.Add(p);
  return std::abs(sum.Total() - 1.0) * 0x1p24;
}

struct Line {
  const char* name;
  Family family;
  float offset;
  float scale;
};
constexpr Line kLines[] = {
    {"N(0, 4)", Family::kGaussian, 0.0f, 1.0f},
    {"N(0, 100)", Family::kWide, 0.0f, 1.0f},
    {"N(0, 100), scale 0.7", Family::kWide, 0.0f, 0.7f},
    {"N(0, 4), a third masked", Family::kMasked, 0.0f, 1.0f},
    {"uniform in [-100, 100]", Family::kUniform, 0.0f, 1.0f},
    {"uniform in [900, 1100]", Family::kUniform, 1000.0f, 1.0f},
    {"1e-6 N(0, 1)", Family::kTiny, 0.0f, 1.0f},
    {"constant", Family::kConstant, 0.0f, 1.0f},
    {"two values", Family::kTwoValued, 0.0f, 1.0f},
    {"one peak, the rest equal", Family::kPeak, 0.0f, 1.0f},
};
constexpr int kRowsPerLine = 2000;

std::string MakeTable(Target target) {
  std::string table =
      "| rows of 1 to 1500 logits | softlane, ULP | row sum - 1, 2^-24 | "
      "float(x - "
      "max), then exact, ULP |\n|---|---|---|---|\n";
  for (const Line& line : kLines) {
    Random random(1);
    double ours = 0.0, sum = 0.0, theirs = 0.0;
    for (int r = 0; r < kRowsPerLine; ++r) {
      const size_t n = 1 + random.Below(r % 10 == 0 ? 1500 : 200);
      std::vector<float> x = MakeRow(line.family, n, random);
      for (float& v : x) v += line.offset;
      const SoftmaxReference want = ReferenceSoftmax(x.data(), n, line.scale);
      const std::vector<float> y = Run(x, line.scale, target);
      ours = std::max(ours, WorstUlp(y, want));
      sum = std::max(sum, RowSumError(y));
      theirs = std::max(theirs, WorstUlp(SubtractMaximum(x, line.scale), want));
    }
    char text[160];
    std::snprintf(text, sizeof(text), "| %s | %.2f | %.2f | %.2f |\n",
                  line.name, ours, sum, theirs);
    table += text;
  }
  return table;
}

TEST_CASE("accuracy: the README's table") {
  std::ifstream file(SOFTLANE_README);
  std::ostringstream readme;
  readme << file.rdbuf();
  REQUIRE(readme.str().size() > 1000);
  static bool printed = false;  // the test case runs once per target
  ForEachTarget([&](Target target) {
    const std::string table = MakeTable(target);
    if (!printed) std::printf("%s\n", table.c_str());
    printed = true;
    CHECK(readme.str().find(table) != std::string::npos);
  });
}

// Long rows, large logits, every kind of scale.
TEST_CASE("accuracy: from one column to 2^24, |x| to 1e6, scales 1e-3 to 1e3") {
  ForEachTarget([](Target target) {
    Random random(2);
    Worst worst, sum, adversarial, adversarial_sum;
    const auto measure = [&](Family family, size_t n, float factor,
                             float offset, float scale) {
      std::vector<float> x = MakeRow(family, n, random);
      for (float& v : x) v = v * factor + offset;
      const SoftmaxReference want = ReferenceSoftmax(x.data(), n, scale);
      const std::vector<float> y = Run(x, scale, target);
      const auto where = [&] {
        return std::string(FamilyName(family)) + ", " + std::to_string(n) +
               " columns, factor " + std::to_string(factor) + ", offset " +
               std::to_string(offset) + ", scale " + std::to_string(scale);
      };
      const bool hard = IsAdversarial(family);
      (hard ? adversarial : worst).Offer(WorstUlp(y, want), where);
      (hard ? adversarial_sum : sum).Offer(RowSumError(y), where);
    };
    constexpr float kScales[] = {1e-3f, 1.7e-2f, 0.3f, 1.0f, 5.5f, 88.0f, 1e3f};
    constexpr float kOffsets[] = {0.0f,    -3.0f,    250.0f, -260.0f, 4090.0f,
                                  4100.0f, -4096.0f, 1e5f,   -1e6f,   1e6f};
    for (const float scale : kScales) {
      for (const float offset : kOffsets) {
        for (const Family family : kFamilies) {
          for (int r = 0; r < 4; ++r) {
            measure(family, 1 + random.Below(400), 1.0f / scale, offset / scale,
                    scale);
            measure(family, 1 + random.Below(400), 1.0f, offset, scale);
          }
        }
      }
    }
    const bool slow = target == Target::kBaseline || target == Target::kNeon;
    for (const size_t n : {100000, 1048577, 16777216}) {
      if (n > 200000 && (slow || !kFullTests)) continue;
      for (const Family family : {Family::kGaussian, Family::kConstant,
                                  Family::kTwoValued, Family::kPeak}) {
        measure(family, n, 1.0f, 0.0f, 1.0f);
      }
    }
    INFO(worst.value << " ULP, " << worst.where);
    INFO(adversarial.value << " ULP, " << adversarial.where);
    INFO(sum.value << " u, " << sum.where);
    INFO(adversarial_sum.value << " u, " << adversarial_sum.where);
    const bool within = worst.value <= 4.0 && adversarial.value <= 6.0 &&
                        sum.value <= 4.0 && adversarial_sum.value <= 6.0;
    CHECK(within);
    std::printf(
        "%s: random %.2f ULP, adversarial %.2f ULP, row sums %.2f and %.2f u\n",
        TargetName(target), worst.value, adversarial.value, sum.value,
        adversarial_sum.value);
  });
}

// Hill climbing: change a row at random, keep what makes its error larger.
TEST_CASE("accuracy: a search for the worst row") {
  ForEachTarget([](Target target) {
    if (target == Target::kBaseline && BestTarget() != Target::kBaseline)
      return;
    Random random(3);
    Worst worst;
    const size_t steps = Amount("SOFTLANE_SEARCH_STEPS", 2000, 100);
    for (int start = 0; start < 40; ++start) {
      std::vector<float> best =
          MakeRow(kFamilies[start % 8], 2 + random.Below(150), random);
      double error = 0.0;
      for (size_t step = 0; step < steps; ++step) {
        std::vector<float> x = best;
        for (size_t changes = 1 + random.Below(3); changes > 0; --changes) {
          float& v = x[random.Below(x.size())];
          switch (random.Below(4)) {
            case 0:
              v = random.Uniform(-60.0f, 60.0f);
              break;
            case 1:
              v = x[random.Below(x.size())];
              break;
            case 2:
              v = FromBits(BitsOf(v) + static_cast<uint32_t>(random.Below(9)) -
                           4);
              break;
            default:
              v += random.Uniform(-1.0f, 1.0f);
              break;
          }
        }
        const double found = WorstUlp(
            Run(x, 1.0f, target), ReferenceSoftmax(x.data(), x.size(), 1.0f));
        if (found > error) {
          error = found;
          best = x;
        }
      }
      worst.Offer(error,
                  [&] { return std::to_string(best.size()) + " columns"; });
    }
    std::printf("%s: worst row found: %.3f ULP, %s\n", TargetName(target),
                worst.value, worst.where.c_str());
    CHECK(worst.value <= kSoftmaxMaxUlp);
    CHECK(worst.value > 2.0);  // the search does find bad rows
  });
}

}  // namespace
}  // namespace softlane
