// SPDX-License-Identifier: Apache-2.0
#include "softlane/reduce.h"

#include <algorithm>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"

namespace softlane {
namespace {

float Run(const std::vector<float>& x, Target target) {
  float max = 123.0f;
  REQUIRE(RowMax(Rows<const float>(x.data(), 1, x.size()), &max, target) ==
          Status::kOk);
  return max;
}

// Kills: a lane or a tail left out, a tail filled with 0, Min for Max.
TEST_CASE("row max: the maximum in every lane") {
  ForEachTarget([](Target target) {
    Random random(1);
    size_t wrong = 0;
    for (size_t n = 1; n <= 200; ++n) {
      for (size_t i = 0; i < n; ++i) {
        std::vector<float> x(n, -kInf);
        x[i] = -random.Uniform(0.0f, 10.0f) - 1.0f;
        wrong += Run(x, target) != x[i];
        x = MakeRow(Family::kWide, n, random);
        wrong += Run(x, target) != *std::max_element(x.begin(), x.end());
      }
    }
    for (const size_t n : {1000, 4099, 65537}) {
      const std::vector<float> x = MakeRow(Family::kWide, n, random);
      wrong += Run(x, target) != *std::max_element(x.begin(), x.end());
    }
    CHECK(wrong == 0);
  });
}

TEST_CASE("row max: NaN in every lane") {
  ForEachTarget([](Target target) {
    Random random(2);
    size_t wrong = 0;
    for (size_t n = 1; n <= 200; ++n) {
      std::vector<float> x = MakeRow(Family::kWide, n, random);
      if (n > 3) x[random.Below(n)] = kInf;
      for (size_t i = 0; i < n; ++i) {
        for (const uint32_t nan :
             {0x7FC00000u, 0xFFC00000u, 0x7F800001u, 0xFFFFFFFFu}) {
          std::vector<float> with_nan = x;
          with_nan[i] = FromBits(nan);
          const float max = Run(with_nan, target);
          wrong += max == max;
        }
      }
    }
    CHECK(wrong == 0);
  });
}

// Kills: a row that gets its neighbour's maximum or NaN, the stride taken for
// the columns, a maximum written behind the last.
TEST_CASE("row max: rows beside each other") {
  ForEachTarget([](Target target) {
    Random random(3);
    size_t wrong = 0;
    for (size_t rows = 1; rows <= 35; ++rows) {
      for (const size_t n : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 70, 140}) {
        const size_t stride = n + random.Below(3);
        std::vector<float> x(rows * stride, kInf), max(rows + 1, 123.0f);
        std::vector<float> expected(rows);
        for (size_t r = 0; r < rows; ++r) {
          const std::vector<float> row = MakeRow(Family::kWide, n, random);
          std::copy(row.begin(), row.end(), x.begin() + r * stride);
          expected[r] = *std::max_element(row.begin(), row.end());
        }
        const size_t odd = random.Below(2 * rows);  // a row, or none
        if (odd < rows) {
          x[odd * stride + random.Below(n)] = kNan;
          expected[odd] = kNan;
        }
        REQUIRE(RowMax(Rows<const float>(x.data(), rows, n, stride), max.data(),
                       target) == Status::kOk);
        for (size_t r = 0; r < rows; ++r) {
          wrong += !(max[r] == expected[r] ||
                     (max[r] != max[r] && expected[r] != expected[r]));
        }
        wrong += max[rows] != 123.0f;
      }
    }
    CHECK(wrong == 0);
  });
}

TEST_CASE("row max: special values") {
  ForEachTarget([](Target target) {
    CHECK(Run({}, target) == -kInf);
    CHECK(Run({-kInf, -kInf}, target) == -kInf);
    CHECK(Run({1.0f, kInf}, target) == kInf);
    CHECK(Run({-1e-45f}, target) == -1e-45f);
    size_t wrong = 0;
    for (size_t n = 1; n <= 70; ++n) {  // a zero maximum is +0
      std::vector<float> x(n, -0.0f);
      wrong += BitsOf(Run(x, target)) != 0;
      x[n / 2] = 0.0f;
      wrong += BitsOf(Run(x, target)) != 0;
    }
    CHECK(wrong == 0);
    CHECK(RowMax(Rows<const float>(nullptr, 0, 5), nullptr, target) ==
          Status::kOk);
  });
}

}  // namespace
}  // namespace softlane
