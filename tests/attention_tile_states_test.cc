// SPDX-License-Identifier: Apache-2.0
// The states of attention by tiles are those of UpdateStates.

#include <cstring>
#include <string>
#include <vector>

#include "amount.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "flash.h"
#include "long_rows.h"
#include "tile_case.h"

namespace softlane {
namespace {

// Kills: a block that is not summed in the order of one call, or by another
// maximum than its own; tiles that are not split at multiples of kStateCols.
TEST_CASE("tiles of kStateCols keys have the states of UpdateStates") {
  Random random(3);
  Differences differences;
  const size_t count = Amount("SOFTLANE_FLASH_BLOCKS", 1500, 150);
  for (size_t k = 0; k < count; ++k) {
    const LongShape shape = kLongShapes[random.Below(std::size(kLongShapes))];
    const size_t n = random.Below(3) == 0 ? 1 + random.Below(4 * kStateCols)
                                          : 1 + random.Below(300);
    std::vector<float> x = MakeLongRow(shape, n, random);
    if (random.Below(4) == 0) MakeFarBlocks(x, random);
    const float scale = random.Below(2) == 0 ? 1.0f : 0.125f;
    std::vector<float> z = x;
    for (float& value : z) value *= scale;
    SoftmaxState want = {}, got = {};
    REQUIRE(UpdateStates({z.data(), 1, n}, 0, &want, {}, AnyTarget(random)) ==
            Status::kOk);
    std::vector<Part> parts = SplitRow(n, random);
    Shuffle(parts, random);
    const ElementType type = kTypes[random.Below(3)];
    for (const Part& part : parts) {
      const size_t cols = part.end - part.begin;
      AnyMatrix exps(type, 1, cols);
      AttentionTileOptions options;
      options.attention.scale = scale;
      options.first_key = part.begin;
      int32_t shift;
      REQUIRE(AttentionTile({x.data() + part.begin, 1, cols}, &got, exps.View(),
                            &shift, options, AnyTarget(random)) == Status::kOk);
      for (size_t c = 0; c < cols && got.max_key < 0xFF800000u; ++c) {
        const bool is_masked = x[part.begin + c] == -kInf;
        differences.Check(!is_masked || BitsOf(exps.At(0, c)) == 0, "not +0");
      }
    }
    differences.Check(std::memcmp(&got, &want, sizeof(got)) == 0,
                      std::to_string(k) + ", " + std::to_string(n) + " keys");
    // A tile that begins anywhere is split where UpdateStates splits it.
    AttentionTileOptions options;
    options.first_key = 1 + random.Below(kStateCols);
    AnyMatrix exps(type, 1, n);
    int32_t shift;
    want = got = {};
    REQUIRE(UpdateStates({z.data(), 1, n}, options.first_key, &want, {},
                         AnyTarget(random)) == Status::kOk);
    REQUIRE(AttentionTile({z.data(), 1, n}, &got, exps.View(), &shift, options,
                          AnyTarget(random)) == Status::kOk);
    differences.Check(std::memcmp(&got, &want, sizeof(got)) == 0, "split");
  }
  differences.Report();
}

// Kills: a window of a new state that is not that of its first sum.
TEST_CASE("first sums at the borders of windows") {
  ForEachTarget([](Target target) {
    Differences differences;
    for (int octave = -300; octave <= 300; ++octave) {
      for (int eighth = -5; eighth <= 5; ++eighth) {
        for (const size_t n : {1, 2, 40}) {
          const float x =
              (static_cast<float>(octave) + static_cast<float>(eighth) / 8.0f) *
              0.6931472f;
          const std::vector<float> z(n, x);
          SoftmaxState want = {}, got = {};
          REQUIRE(UpdateStates({z.data(), 1, n}, 0, &want, {}, target) ==
                  Status::kOk);
          std::vector<float> exps(n);
          int32_t shift;
          REQUIRE(AttentionTile({z.data(), 1, n}, &got,
                                Rows<float>(exps.data(), 1, n), &shift, {},
                                target) == Status::kOk);
          differences.Check(std::memcmp(&got, &want, sizeof(got)) == 0,
                            std::to_string(octave));
        }
      }
    }
    // -0 is +0. A state of another use is none of attention's.
    const float zero = -0.0f;
    float e;
    int32_t shift;
    SoftmaxState want = {}, got = {}, other = {};
    const Rows<const float> x(&zero, 1, 1);
    REQUIRE(UpdateStates(x, 0, &want, {}, target) == Status::kOk);
    REQUIRE(AttentionTile(x, &got, Rows<float>(&e, 1, 1), &shift, {}, target) ==
            Status::kOk);
    differences.Check(std::memcmp(&got, &want, sizeof(got)) == 0, "-0");
    REQUIRE(UpdateStates(x, 0, &other, {1.0f, StateUse::kLogSoftmax}, target) ==
            Status::kOk);
    CHECK(AttentionTile(x, &other, Rows<float>(&e, 1, 1), &shift, {}, target) ==
          Status::kBadOption);
    differences.Report();
  });
}

}  // namespace
}  // namespace softlane
