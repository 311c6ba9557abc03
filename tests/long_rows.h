// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_LONG_ROWS_H_
#define SOFTLANE_TESTS_LONG_ROWS_H_

#include <cmath>
#include <cstdlib>
#include <iterator>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "inputs.h"
#include "row_model.h"

// Rows of more than one block of kModelBlock columns, for tests of their sums.

namespace softlane {

enum class LongShape {
  kUsual,
  kRising,  // maxima of blocks, in steps of 0 to 300 octaves
  kFalling,
  kEither,
  kMasked,      // a third of the elements is -inf
  kOneBlock,    // all other blocks are -inf
  kNegligible,  // all other blocks are far below
  kDeep,        // elements 84 to 134 octaves below the maximum of their block
};
constexpr LongShape kLongShapes[] = {
    LongShape::kUsual,      LongShape::kRising, LongShape::kFalling,
    LongShape::kEither,     LongShape::kMasked, LongShape::kOneBlock,
    LongShape::kNegligible, LongShape::kDeep};
inline std::vector<float> MakeLongRow(LongShape shape, size_t n,
                                      Random& random) {
  std::vector<float> x(n);
  const float kOctave = 0.6931472f;
  const float step = kOctave * random.Uniform(0.0f, 300.0f);
  const size_t chosen = random.Below((n + kModelBlock - 1) / kModelBlock);
  const float base = random.Uniform(-20.0f, 20.0f);
  float level = base;
  for (size_t i = 0; i < n; ++i) {
    const size_t block = i / kModelBlock;
    if (i % kModelBlock == 0 && i != 0) {
      if (shape == LongShape::kRising) level += step;
      if (shape == LongShape::kFalling) level -= step;
      if (shape == LongShape::kEither) {
        level = base + kOctave * random.Uniform(-300.0f, 300.0f);
      }
    }
    x[i] = level + 3.0f * random.Normal();
    if (shape == LongShape::kMasked && random.Below(3) == 0) x[i] = -kInf;
    if (shape == LongShape::kOneBlock && block != chosen) x[i] = -kInf;
    if (shape == LongShape::kNegligible && block != chosen) x[i] -= 1000.0f;
    if (shape == LongShape::kDeep && random.Below(4) == 0) {
      x[i] -= kOctave * random.Uniform(84.0f, 134.0f);
    }
  }
  return x;
}

// Lifts blocks to levels of which some are beyond the direct limit, and some
// beyond 2^33 octaves.
inline void MakeFarBlocks(std::vector<float>& x, Random& random) {
  constexpr float kLevels[] = {0.0f,  -4090.0f, -4100.0f, 4100.0f,
                               -1e4f, 5e4f,     -1e9f,    -3e9f,
                               1e9f,  7e9f,     -3.4e38f};
  const float other = kLevels[random.Below(std::size(kLevels))];
  float level = other;
  for (size_t i = 0; i < x.size(); ++i) {
    if (i % kModelBlock == 0) {
      level = random.Below(2) == 0 ? other
                                   : kLevels[random.Below(std::size(kLevels))];
    }
    x[i] = random.Below(8) == 0 ? level : x[i] + level;
  }
}

inline float RestOf(const std::vector<float>& x, float scale) {
  return internal::ReciprocalOf(ModelRowSum(x.data(), x.size(), scale).sum)
      .rest;
}

// A sum's last bits are beyond those of the probabilities. So this finds the
// sum at which the second float of the reciprocal changes: one element, alone
// in its 64, is near 2^-29 of the sum, where its last bit is the sum's last
// bit. Gives rows on both sides of the change. Empty: there is none.
inline std::vector<std::vector<float>> RowsAtChange(std::vector<float> x,
                                                    float scale,
                                                    Random& random) {
  const ModelRow row = ModelRowSum(x.data(), x.size(), scale);
  const double of_max = 25.0 * 0x1p-1;
  const float max = ModelMax(x.data(), x.size());
  const auto below = static_cast<float>(
      max + (std::log(row.sum / of_max) - 29.0 * 0.6931471805599453) / scale);
  const size_t begin = random.Below(x.size() / 64) * 64;
  const size_t at = begin + random.Below(64);
  for (size_t i = begin; i < begin + 64; ++i) x[i] = -kInf;
  const auto rest = [&](float value) {
    x[at] = value;
    return RestOf(x, scale);
  };
  float low = below - 1.0f / scale, high = below + 1.0f / scale;
  const float first = rest(low);
  std::vector<std::vector<float>> rows;
  if (rest(high) == first) return rows;
  for (;;) {
    const float middle = low + (high - low) / 2;
    if (middle == low || middle == high) break;
    (rest(middle) == first ? low : high) = middle;
  }
  for (int k = -3; k <= 3; ++k) {
    float value = low;
    for (int j = 0; j < std::abs(k); ++j) {
      value = std::nextafter(value, k < 0 ? -kInf : kInf);
    }
    x[at] = value;
    rows.push_back(x);
  }
  return rows;
}

// Collects what differs.
class Differences {
 public:
  void Check(bool is_same, const std::string& what) {
    if (is_same) return;
    if (count_++ == 0) first_ = what;
  }
  void Report() const {
    INFO("the first of " << count_ << ": " << first_);
    CHECK(count_ == 0);
  }

 private:
  size_t count_ = 0;
  std::string first_;
};

}  // namespace softlane

#endif  // SOFTLANE_TESTS_LONG_ROWS_H_
