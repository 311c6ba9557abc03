// SPDX-License-Identifier: Apache-2.0
#include "softlane/log_softmax.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "amount.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"

namespace softlane {
namespace {

std::vector<float> Run(const std::vector<float>& x, Target target,
                       const SoftmaxOptions& options = {}) {
  std::vector<float> y(x.size(), 123.0f);
  REQUIRE(LogSoftmax(Rows<const float>(x.data(), 1, x.size()),
                     Rows<float>(y.data(), 1, y.size()), options,
                     target) == Status::kOk);
  return y;
}

float RunLogSumExp(const std::vector<float>& x, Target target,
                   float scale = 1.0f) {
  float result = 123.0f;
  REQUIRE(LogSumExp(Rows<const float>(x.data(), 1, x.size()), &result, scale,
                    target) == Status::kOk);
  return result;
}

struct Errors {
  Worst log_probs, logsumexp;
  size_t rows = 0;
  size_t above_zero = 0;  // log-probabilities

  void Check(const char* name, Target target) const {
    std::printf("%-9s %s: %zu rows, log_softmax %.3f, logsumexp %.3f * 2^-22\n",
                TargetName(target), name, rows, log_probs.value * 0x1p22,
                logsumexp.value * 0x1p22);
    INFO("log_softmax: " << log_probs.value << ", " << log_probs.where);
    INFO("logsumexp: " << logsumexp.value << ", " << logsumexp.where);
    INFO(above_zero << " above 0");
    const bool within = log_probs.value <= kLogSoftmaxMaxError &&
                        logsumexp.value <= kLogSumExpMaxError &&
                        above_zero == 0;
    CHECK(within);
  }
};

void Measure(const std::vector<float>& x, float scale, const char* name,
             Target target, Errors* errors) {
  const size_t n = x.size();
  const auto want = ReferenceLogSoftmax(x.data(), n, scale);
  const auto got = Run(x, target, {scale, EmptyRow::kNan});
  double worst = 0.0;
  for (size_t i = 0; i < n; ++i) {
    worst = std::max(worst, LogError(got[i], want.log_probs[i]));
    errors->above_zero += got[i] > 0.0f;
  }
  const auto describe = [&] {
    return std::string(name) + ", " + std::to_string(n) + " columns, scale " +
           std::to_string(scale) + ", first logit " + std::to_string(x[0]);
  };
  ++errors->rows;
  errors->log_probs.Offer(worst, describe);
  errors->logsumexp.Offer(
      LogError(RunLogSumExp(x, target, scale), want.logsumexp), describe);
}

constexpr float kScales[] = {1e-3f, 0.125f, 0.7f,  1.0f,
                             1.0f,  2.5f,   88.0f, 1e3f};

// Kills: a sum that is short of terms, a tail that is left out, a coefficient
// of the logarithm, ln 2 of one float, a scale that misses one of the two
// terms.
TEST_CASE("log_softmax: error") {
  ForEachTarget([](Target target) {
    Random random(1);
    Errors errors;
    std::vector<size_t> sizes;
    for (size_t n = 1; n <= 257; ++n) sizes.push_back(n);
    for (size_t n : {384, 1000, 1023, 4096, 9999}) sizes.push_back(n);
    if (kFullTests) sizes.push_back(size_t{1} << 20);
    for (const size_t n : sizes) {
      for (const Family family : kFamilies) {
        Measure(MakeRow(family, n, random), kScales[random.Below(8)],
                FamilyName(family), target, &errors);
      }
    }
    errors.Check("error", target);
  });
}

// Logits to 1e6 and beyond, both as they are and so that the scaled ones are of
// order 1. Kills: scale * x rounded to a float before the maximum is taken off,
// a moved limit of the path that does not subtract the maximum.
TEST_CASE("log_softmax: large logits and scales") {
  ForEachTarget([](Target target) {
    Random random(2);
    Errors errors;
    constexpr float kOffsets[] = {0.0f,    -3.0f,    250.0f, -260.0f, 4090.0f,
                                  4100.0f, -4096.0f, 1e5f,   -1e6f,   1e6f};
    for (const float scale : kScales) {
      for (const float offset : kOffsets) {
        for (const Family family : kFamilies) {
          for (const bool unscale : {false, true}) {
            auto x = MakeRow(family, 1 + random.Below(300), random);
            const float factor = unscale ? 1.0f / scale : 1.0f;
            for (float& v : x) v = v * factor + offset * factor;
            Measure(x, scale, FamilyName(family), target, &errors);
          }
        }
      }
    }
    for (const float scale : {1e-45f, 1e-38f, 1e-30f, 1e-19f, 1e-18f, 1e18f,
                              1e19f, 1e30f, 1e38f, 3e38f}) {
      for (const float center :
           {0.0f, 1.0f, -255.0f, 4096.0f, -4096.1f, 1e6f}) {
        for (int row = 0; row < 10; ++row) {
          std::vector<float> x(70);
          for (float& v : x) {
            const double scaled = double{center} + 8.0 * random.Normal();
            v = static_cast<float>(
                std::min(std::max(scaled / scale, -3.4e38), 3.4e38));
          }
          Measure(x, scale, "extreme scale", target, &errors);
        }
      }
    }
    errors.Check("large", target);
  });
}

// Kills: a difference from the maximum that overflows before it is scaled; a
// result that is -inf although a float holds it.
TEST_CASE("log_softmax: huge finite logits, -inf only below the lowest float") {
  ForEachTarget([](Target target) {
    Errors errors;
    for (const size_t n : {2, 3, 17, 70}) {
      for (float huge = 3.4e38f; huge > 1e30f; huge *= 0.83f) {
        for (const float other : {-huge, 0.0f, -1e37f, 0.5f * huge, huge}) {
          for (const float scale : {1.0f, 0.5f, 0.4999f, 2.0f, 1e-38f}) {
            std::vector<float> x(n, other);
            x[n / 2] = huge;
            Measure(x, scale, "huge", target, &errors);
            for (float& v : x) v = -v;
            Measure(x, scale, "huge", target, &errors);
          }
        }
      }
    }
    errors.Check("huge", target);
    CHECK(Run({3e38f, 1e37f}, target)[1] > -kInf);
    CHECK(Run({3e38f, -3e38f}, target)[1] == -kInf);
    CHECK(Run({3e38f, -3e38f}, target, {0.5f, EmptyRow::kNan})[1] == -3e38f);
  });
}

// A backward pass relies on log p <= 0. Kills: a logarithm of the sum that is
// below 0 where the largest logit has nearly all of the probability.
TEST_CASE("log_softmax: no log-probability above 0") {
  ForEachTarget([](Target target) {
    Random random(3);
    Errors errors;
    for (int row = 0; row < 4000; ++row) {
      const size_t n = 1 + random.Below(120);
      const float gap = random.Uniform(0.0f, 40.0f);
      std::vector<float> x(n);
      const float top = random.Uniform(-90.0f, 90.0f);
      for (float& v : x) v = top - gap - random.Unit();
      x[random.Below(n)] = top;
      Measure(x, 1.0f, "peak", target, &errors);
    }
    errors.Check("peak", target);
  });
}

// Kills: a pass that reads what an earlier one has overwritten.
TEST_CASE("log_softmax: in place") {
  ForEachTarget([](Target target) {
    Random random(4);
    size_t different = 0;
    for (size_t n = 1; n <= 300; ++n) {
      for (const Family family : kFamilies) {
        std::vector<float> x = MakeRow(family, 3 * n, random);
        std::vector<float> y(3 * n);
        REQUIRE(LogSoftmax(Rows<const float>(x.data(), 3, n),
                           Rows<float>(y.data(), 3, n), {},
                           target) == Status::kOk);
        const Rows<float> view(x.data(), 3, n);
        REQUIRE(LogSoftmax(view, view, {}, target) == Status::kOk);
        different += !SameBits(x, y);
      }
    }
    CHECK(different == 0);
  });
}

// Kills: a scaled maximum that is rounded twice, an option that one path
// overlooks, a row that inherits from the one before.
TEST_CASE("log_softmax: exact results") {
  ForEachTarget([](Target target) {
    Random random(5);
    size_t wrong = 0;
    for (size_t n = 1; n <= 150; ++n) {
      const float scale = kScales[random.Below(8)];
      const SoftmaxOptions zero{scale, EmptyRow::kZero};
      // A single finite logit.
      std::vector<float> x(n, -kInf);
      const float value = random.Uniform(-90.0f, 90.0f);
      const size_t at = random.Below(n);
      x[at] = value;
      const auto single = Run(x, target, zero);
      for (size_t i = 0; i < n; ++i) {
        wrong += !SameBits(single[i], i == at ? 0.0f : -kInf);
      }
      wrong += RunLogSumExp(x, target, scale) != scale * value;
      // All equal: the same bits.
      x.assign(n, value);
      const auto equal = Run(x, target, zero);
      for (const float l : equal) wrong += l != equal[0];
      // Only -inf.
      x.assign(n, -kInf);
      for (const float l : Run(x, target, zero)) wrong += l != -kInf;
      for (const float l : Run(x, target, {scale, EmptyRow::kNan})) {
        wrong += l == l;
      }
      wrong += RunLogSumExp(x, target, scale) != -kInf;
    }
    CHECK(wrong == 0);
    CHECK(RunLogSumExp({}, target) == -kInf);
    CHECK(RunLogSumExp({3e38f}, target, 2.0f) == kInf);
    CHECK(RunLogSumExp({-3e38f}, target, 2.0f) == -kInf);
    CHECK(RunLogSumExp({3.4e38f, 3.4e38f}, target) == 3.4e38f);
  });
}

// Kills: a row whose NaN the first maximum does not show, and that touches
// another; under a sanitizer, a NaN that is made an exponent.
TEST_CASE("log_softmax: rows that end in NaN") {
  ForEachTarget([](Target target) {
    Random random(12);
    size_t wrong = 0;
    for (size_t i = 0; i < 300; ++i) {
      const size_t rows = 6, n = 130 + random.Below(400);
      const std::vector<float> row = MakeRow(Family::kGaussian, n, random);
      const std::vector<float> want = Run(row, target);
      const size_t special = random.Below(rows), from = random.Below(n);
      std::vector<float> x, y(rows * n, 123.0f);
      while (x.size() < rows * n) x.insert(x.end(), row.begin(), row.end());
      const auto begin = x.begin() + static_cast<ptrdiff_t>(special * n);
      std::fill(begin + static_cast<ptrdiff_t>(from),
                begin + static_cast<ptrdiff_t>(n), kNan);
      REQUIRE(LogSoftmax(Rows<const float>(x.data(), rows, n),
                         Rows<float>(y.data(), rows, n), {},
                         target) == Status::kOk);
      for (size_t k = 0; k < rows * n; ++k) {
        wrong += !SameBits(y[k], k / n == special ? kNan : want[k % n]);
      }
    }
    CHECK(wrong == 0);
  });
}

// Rows of all kinds in one call, results next to each other. Kills: a result
// that lands in another row's place, a stride taken for the columns.
TEST_CASE("logsumexp: rows of a batch") {
  ForEachTarget([](Target target) {
    Random random(6);
    size_t wrong = 0;
    for (const size_t n : {1, 2, 5, 16, 31, 64, 100, 129, 1000}) {
      const size_t rows = 37;
      const size_t stride = n + 3;
      std::vector<float> x(rows * stride, kNan);
      std::vector<std::vector<float>> parts;
      for (size_t r = 0; r < rows; ++r) {
        auto row = MakeRow(kFamilies[r % 8], n, random);
        if (r % 9 == 8) row.assign(n, r % 2 == 0 ? kInf : -kInf);
        std::copy(row.begin(), row.end(),
                  x.begin() + static_cast<ptrdiff_t>(r * stride));
        parts.push_back(row);
      }
      std::vector<float> got(rows + 2, 7.0f);
      REQUIRE(LogSumExp(Rows<const float>(x.data(), rows, n, stride),
                        got.data() + 1, 0.7f, target) == Status::kOk);
      for (size_t r = 0; r < rows; ++r) {
        wrong += !SameBits(got[r + 1], RunLogSumExp(parts[r], target, 0.7f));
      }
      wrong += got[0] != 7.0f || got[rows + 1] != 7.0f;
    }
    CHECK(wrong == 0);
  });
}

}  // namespace
}  // namespace softlane
