// SPDX-License-Identifier: Apache-2.0
// The bits of attention by tiles: in any order, of many rows, on all targets.

#include <cstdio>
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

// Kills: a flush or a sum that follows the running maximum; a merge that
// depends on the order; bits that depend on the target.
TEST_CASE("tiles commute, on all targets") {
  Random random(2);
  Differences states, exps;
  const size_t count = Amount("SOFTLANE_FLASH_ORDERS", 1500, 200);
  for (size_t k = 0; k < count; ++k) {
    AttentionCase c = MakeTileCase(random.Below(kCombinations),
                                   k % 2 == 0 ? 150.0f : 12.0f, random);
    if (k % 5 == 0) {
      const float specials[] = {kInf, -kInf, kNan, 3e38f, -3e38f, 1e5f};
      c.scores[random.Below(c.scores.size())] = specials[random.Below(6)];
    }
    const ElementType type = kTypes[random.Below(3)];
    const bool is_rounded =
        type != ElementType::kFloat16 && random.Below(2) == 0;
    std::vector<Part> parts = SplitKeys(c.cols, 1 + random.Below(90), random);
    std::vector<SoftmaxState> first;
    for (size_t order = 0; order < 3; ++order) {
      std::vector<SoftmaxState> got(c.rows);
      for (const Part& part : parts) {
        Tile tile(c, part.begin, part.end);
        tile.options.round_exps = is_rounded;
        const TileBits one =
            ReadTile(tile, c.rows, type, got, AnyTarget(random));
        const TileBits other =
            ReadTile(tile, c.rows, type, got, AnyTarget(random));
        exps.Check(SameBits(one.exps, other.exps) &&
                       one.shifts == other.shifts &&
                       AreSame(one.states, other.states),
                   std::to_string(k));
        got = one.states;
      }
      if (order == 0) first = got;
      states.Check(AreSame(first, got), std::to_string(k));
      Shuffle(parts, random);
    }
  }
  states.Report();
  exps.Report();
}

// A logit that is usual in most rows, or a special one.
float AnyScore(size_t kind, Random& random) {
  const float specials[] = {kNan, kInf, -kInf, 3e38f, -3e38f, 5e3f, -5e3f};
  if (kind == 0 && random.Below(30) == 0) return specials[random.Below(7)];
  return (kind == 1 ? -kInf : 0.0f) + 9.0f * random.Normal();
}

// Kills: a group of rows that takes another row's maximum, sum, limbs or shift;
// rows that are not done; a block that is not full and is summed or stored
// otherwise; bits that depend on strides, or on exps in the place of scores.
TEST_CASE("a row of many has the bits of the row alone") {
  ForEachTarget([](Target target) {
    Random random(6);
    Differences differences;
    const size_t count = Amount("SOFTLANE_FLASH_GROUPS", 1200, 150);
    for (size_t k = 0; k < count; ++k) {
      const size_t rows = 1 + random.Below(40), cols = 1 + random.Below(300);
      const ElementType type = kTypes[random.Below(3)];
      const bool in_place = type == ElementType::kFloat32 && k % 2 == 0;
      const size_t stride = cols + random.Below(5);
      std::vector<float> scores(rows * stride, 77.0f);
      std::vector<SoftmaxState> states(rows);
      for (size_t r = 0; r < rows; ++r) {
        const size_t kind = random.Below(8);
        const float height = 40.0f * random.Normal();
        for (size_t c = 0; c < cols; ++c) {
          scores[r * stride + c] = height + AnyScore(kind, random);
        }
        if (random.Below(3) == 0) continue;
        const float up = random.Below(4) == 0 ? 300.0f : 5.0f * random.Normal();
        const float before[] = {height + up, AnyScore(random.Below(4), random)};
        REQUIRE(UpdateStates({before, 1, 2}, 0, &states[r], {}, target) ==
                Status::kOk);
      }
      AttentionTileOptions options;
      const float scales[] = {1.0f, 0.125f, 0.0884f, 0x1p50f};
      options.attention.scale = scales[random.Below(4)];
      options.first_key = random.Below(2) == 0 ? 0 : 4000;
      std::vector<int32_t> lengths(rows);
      for (int32_t& length : lengths) {
        length = static_cast<int32_t>(options.first_key + random.Below(cols));
      }
      if (random.Below(2) == 0) options.attention.lengths = lengths.data();
      std::vector<float> bias(rows * cols);
      std::vector<uint16_t> halves(rows * cols);
      const ElementType half =
          type == ElementType::kFloat32 ? kHalfTypes[random.Below(2)] : type;
      std::vector<uint8_t> keep(rows * cols, 1);
      if (random.Below(3) == 0) {
        for (float& b : bias) b = random.Normal();
        for (uint8_t& b : keep) b = random.Below(4) != 0;
        for (size_t i = 0; i < bias.size(); ++i) {
          halves[i] = NarrowedBits(half, bias[i]);
        }
        options.attention.bias = Rows<const float>(bias.data(), rows, cols);
        if (random.Below(2) == 0) {
          options.attention.bias = {halves.data(), half, rows, cols};
        }
        options.attention.keep = {keep.data(), rows, cols};
      }
      // Rows alone.
      std::vector<SoftmaxState> want_states = states;
      std::vector<int32_t> want_shifts(rows), shifts(rows, 7);
      std::vector<float> want;
      for (size_t r = 0; r < rows; ++r) {
        AttentionTileOptions alone = options;
        if (alone.attention.lengths != nullptr) alone.attention.lengths += r;
        alone.attention.bias = options.attention.bias.Slice(r, 1);
        alone.attention.keep = options.attention.keep.Slice(r, 1);
        AnyMatrix exps(type, 1, cols);
        REQUIRE(AttentionTile({scores.data() + r * stride, 1, cols},
                              &want_states[r], exps.View(), &want_shifts[r],
                              alone, Target::kBaseline) == Status::kOk);
        for (size_t c = 0; c < cols; ++c) want.push_back(exps.At(0, c));
      }
      AnyMatrix exps(type, rows, cols);
      const Rows<float> view(scores.data(), rows, cols, stride);
      REQUIRE(AttentionTile(view, states.data(),
                            in_place ? AnyRows(view) : exps.View(),
                            shifts.data(), options, target) == Status::kOk);
      bool ok = AreSame(states, want_states) && shifts == want_shifts;
      for (size_t i = 0; i < rows * cols; ++i) {
        const size_t r = i / cols, c = i % cols;
        ok = ok && SameBits(in_place ? view.Row(r)[c] : exps.At(r, c), want[i]);
      }
      for (size_t i = 0; in_place && i < scores.size(); ++i) {
        if (i % stride >= cols) ok = ok && scores[i] == 77.0f;
      }
      differences.Check(ok, std::to_string(k));
    }
    differences.Report();
  });
}

uint64_t AddWord(uint64_t word, uint64_t digest) {
  return (digest ^ word) * 0x100000001B3u;
}

// Kills: bits that no target has by chance, but another machine.
TEST_CASE("digests of tiles") {
  ForEachTarget([](Target target) {
    Random random(7);
    uint64_t digest = 0xCBF29CE484222325u;
    for (size_t k = 0; k < 400; ++k) {
      const AttentionCase c = MakeTileCase(random.Below(kCombinations),
                                           k % 2 == 0 ? 90.0f : 6.0f, random);
      const ElementType type = kTypes[random.Below(3)];
      std::vector<SoftmaxState> states(c.rows);
      for (const Part& part : SplitKeys(c.cols, 100, random)) {
        Tile tile(c, part.begin, part.end);
        tile.options.round_exps = k % 3 == 0;
        const TileBits bits = ReadTile(tile, c.rows, type, states, target);
        states = bits.states;
        for (const float e : bits.exps) digest = AddWord(BitsOf(e), digest);
        for (const int32_t shift : bits.shifts) {
          digest = AddWord(static_cast<uint32_t>(shift), digest);
        }
      }
      for (const SoftmaxState& state : states) {
        digest = AddWord(state.max_key, digest);
        digest = AddWord(static_cast<uint32_t>(state.window), digest);
        for (const int64_t limb : state.limbs) {
          digest = AddWord(static_cast<uint64_t>(limb), digest);
        }
      }
    }
    std::printf("%-9s %016llx\n", TargetName(target),
                static_cast<unsigned long long>(digest));
    CHECK(digest == 0x53dfad618d9ddb9bu);
  });
}

}  // namespace
}  // namespace softlane
