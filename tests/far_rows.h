// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_FAR_ROWS_H_
#define SOFTLANE_TESTS_FAR_ROWS_H_

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "inputs.h"
#include "row_model.h"

// Rows beyond the direct limit, and of a scale that two floats do not hold.

namespace softlane {

// Of scaled logits: masks of finite values, values near the direct limit, 4096,
// and around 2^33 octaves, beyond which floats are far apart.
constexpr float kFarLevels[] = {
    4090.0f,  4100.0f,  5000.0f, 1e5f,     3e8f,     5.9e9f,
    6e9f,     1e20f,    3e38f,   -4000.0f, -4090.0f, -4100.0f,
    -4186.0f, -5000.0f, -1e4f,   -1e9f,    -6e9f,    -3.4e38f};
constexpr float kFarScales[] = {1.0f, 0.37f, 0x1p-70f, 0x1p90f, 3e-9f};
constexpr size_t kFarLengths[] = {2, 5, 64, 100, 1000, 4096, 4097, 9000};

// One or two levels, the first for a block; elements up to 134 octaves below; a
// third may be masked.
inline std::vector<float> MakeFarRow(size_t n, float scale, Random& random) {
  const auto draw = [&] {
    const float level = kFarLevels[random.Below(std::size(kFarLevels))];
    return level - random.Uniform(0.0f, 8.0f);
  };
  const float first = draw();
  const float second = random.Below(2) == 0 ? draw() : first;
  // With equal elements the error of an exp value is that of the sum.
  constexpr float kSpreads[] = {0.0f, 3.0f, 93.0f};
  const float spread = kSpreads[random.Below(3)];
  const bool has_masked = random.Below(3) == 0;
  const size_t chosen = random.Below(1 + n / kModelBlock);
  std::vector<float> x(n);
  for (size_t i = 0; i < n; ++i) {
    const float level = i / kModelBlock == chosen ? first : second;
    const float v = level - random.Uniform(0.0f, spread);
    x[i] = std::min(std::max(v / scale, -3.4e38f), 3.4e38f);
    if (has_masked && i != 0 && random.Below(3) == 0) x[i] = -kInf;
  }
  return x;
}

struct FarCase {
  std::vector<float> x;
  float scale;
};
inline std::vector<FarCase> MakeFarCases(uint64_t seed, size_t rounds) {
  std::vector<FarCase> cases;
  Random random(seed);
  for (const size_t n : kFarLengths) {
    for (const float scale : kFarScales) {
      for (size_t k = 0; k < (n > 2000 ? rounds : 10 * rounds); ++k) {
        cases.push_back({MakeFarRow(n, scale, random), scale});
      }
    }
  }
  return cases;
}

inline std::string NameOf(const FarCase& c, const char* what) {
  return std::string(what) + ", " + std::to_string(c.x.size()) +
         " columns, scale " + std::to_string(c.scale) + ", " +
         std::to_string(c.x[0]);
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_FAR_ROWS_H_
