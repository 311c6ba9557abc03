// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_TILE_CASE_H_
#define SOFTLANE_TESTS_TILE_CASE_H_

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "attention_reference.h"
#include "doctest/doctest.h"
#include "flash.h"
#include "inputs.h"
#include "softlane/softlane.h"

// Random cases of attention by tiles, and what a tile gives.

namespace softlane {

inline constexpr size_t kCombinations = 1024;
inline constexpr ElementType kTypes[] = {
    ElementType::kFloat32, ElementType::kBFloat16, ElementType::kFloat16};

// A case whose maxima rise and fall from tile to tile by up to `octaves`.
inline AttentionCase MakeTileCase(size_t which, float octaves, Random& random) {
  AttentionCase c = MakeAttentionCase(which, random);
  const size_t step = 1 + random.Below(40);
  const float height = octaves * 0.6931472f / c.options.scale;
  for (size_t begin = 0; begin < c.cols; begin += step) {
    const float add = random.Uniform(-height, height);
    for (size_t r = 0; r < c.rows; ++r) {
      for (size_t k = begin; k < std::min(c.cols, begin + step); ++k) {
        c.scores[r * c.cols + k] += add;
      }
    }
  }
  return c;
}

// What a row that has read everything by tiles gives.
struct TileBits {
  std::vector<float> exps;
  std::vector<SoftmaxState> states;
  std::vector<int32_t> shifts;
};
inline TileBits ReadTile(const Tile& tile, size_t rows, ElementType type,
                         std::vector<SoftmaxState> states, Target target) {
  TileBits bits{{}, std::move(states), std::vector<int32_t>(rows)};
  AnyMatrix exps(type, rows, tile.cols);
  REQUIRE(AttentionTile({tile.scores.data(), rows, tile.cols},
                        bits.states.data(), exps.View(), bits.shifts.data(),
                        tile.options, target) == Status::kOk);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t k = 0; k < tile.cols; ++k) bits.exps.push_back(exps.At(r, k));
  }
  return bits;
}

}  // namespace softlane

#endif  // SOFTLANE_TESTS_TILE_CASE_H_
