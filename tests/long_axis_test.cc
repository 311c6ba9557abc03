// SPDX-License-Identifier: Apache-2.0
// Columns of more elements than a block of a sum has: the bits of a slow
// reference, for maxima that rise and fall from block to block.

#include <vector>

#include "block_reference.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

constexpr size_t kBlock = 4096;
constexpr float kLn2 = 0.693147181f;  // an octave, in nepers

enum class Blocks {
  kEqual,       // a column of one level
  kLastBits,    // log p of the maximum, 0, shows the last bits of the sum
  kRising,      // by up to 60 octaves a block
  kFalling,     // the same
  kAnyOctaves,  // 0 to 300 octaves apart
  kNearFall,    // about 40 octaves below the first block
  kNearLimit,   // maxima around the direct limit, below 0
  kMasked,      // blocks of -inf
  kNegligible,  // blocks far below, also beyond the direct limit
};
constexpr size_t kKinds = 9;

float LevelOf(Blocks kind, size_t block, Random& random) {
  const float b = static_cast<float>(block);
  constexpr float kLow[] = {-1e9f, -1e4f, -3.4e38f, -700.0f};
  switch (kind) {
    case Blocks::kEqual:
      return 0.0f;
    case Blocks::kLastBits:
      return -33.0f * kLn2;
    case Blocks::kRising:
      return b * random.Uniform(0.0f, 60.0f) * kLn2;
    case Blocks::kFalling:
      return -b * random.Uniform(0.0f, 60.0f) * kLn2;
    case Blocks::kAnyOctaves:
      return random.Uniform(0.0f, 300.0f) * kLn2;
    case Blocks::kNearFall:
      return block == 0 ? 0.0f : random.Uniform(-43.0f, -37.0f) * kLn2;
    case Blocks::kNearLimit:
      return block == 0 ? -4090.0f : random.Uniform(-4110.0f, -4085.0f);
    case Blocks::kMasked:
      return random.Below(2) == 0 ? -kInf : 0.0f;
    case Blocks::kNegligible:
      return random.Below(2) == 0 ? kLow[random.Below(4)] : 0.0f;
  }
  return 0.0f;
}

// One element at least is not masked.
std::vector<float> MakeColumn(Blocks kind, size_t n, float scale,
                              Random& random) {
  std::vector<float> x(n);
  const bool has_masked = random.Below(2) == 0;
  for (size_t start = 0; start < n; start += kBlock) {
    const float level = LevelOf(kind, start / kBlock, random);
    for (size_t i = start; i < n && i < start + kBlock; ++i) {
      float v = level - random.Uniform(0.0f, i % 8 == 5 ? 95.0f : 3.0f);
      if (has_masked && random.Below(3) == 0) v = -kInf;
      x[i] = v > -1e30f ? v / scale : v;
    }
  }
  if (kind != Blocks::kNearLimit) {
    const float top = kind == Blocks::kLastBits ? 0.0f : -1.5f;
    x[random.Below(n)] = top / scale;
  }
  return x;
}

// Two columns of each kind, then usual ones, `stride` apart.
struct Columns {
  Columns(size_t n, size_t inner, float scale, Random& random)
      : n(n), inner(inner), x(n * (inner + 1), kNan) {
    for (size_t c = 0; c < inner; ++c) {
      const auto kind = static_cast<Blocks>(c < 2 * kKinds ? c % kKinds : 0);
      columns.push_back(MakeColumn(kind, n, scale, random));
      references.emplace_back(columns[c], scale);
      for (size_t k = 0; k < n; ++k) x[k * (inner + 1) + c] = columns[c][k];
    }
  }
  template <class T>
  Planes<T> View(std::vector<float>& data) const {
    return {data.data(), 1, n, inner, data.size(), inner + 1};
  }

  // The first column with another bit, or -1.
  int Differs(const std::vector<float>& y, bool is_log) const {
    for (size_t c = 0; c < inner; ++c) {
      const BlockReference& r = references[c];
      const std::vector<float>& want = is_log ? r.log_probs : r.probs;
      for (size_t k = 0; k < n; ++k) {
        const float got = y[k * (inner + 1) + c];
        if (!SameBits(got, want[k])) return static_cast<int>(c);
      }
    }
    return -1;
  }

  size_t n, inner;
  std::vector<float> x;
  std::vector<std::vector<float>> columns;
  std::vector<BlockReference> references;
};

// Kills: a block's offset that is not its own maximum's, a block that begins
// with the parts of the one before, a block that is left out or counted twice,
// one sum for all blocks, a block below the direct limit with a shift, a power
// of two that exp values of another offset need or do not need.
TEST_CASE("long axis: the sum of blocks") {
  ForEachTarget([](Target target) {
    Random random(1);
    for (const size_t n : {4096, 4097, 8192, 9000, 40000}) {
      for (const float scale : {1.0f, 0.37f, 0x1p-70f}) {
        if (n == 40000 && scale != 1.0f) continue;
        const Columns columns(n, n == 9000 ? 70 : 18, scale, random);
        for (const bool in_place : {false, true}) {
          INFO("n " << n << ", scale " << scale << ", in place " << in_place);
          std::vector<float> y(columns.x.size(), kNan), x = columns.x;
          std::vector<float>& to = in_place ? x : y;
          const auto from = columns.View<const float>(x);
          const auto out = columns.View<float>(to);
          const SoftmaxOptions options{scale};
          REQUIRE(SoftmaxAxis(from, out, options, target) == Status::kOk);
          CHECK(columns.Differs(to, false) == -1);
          x = columns.x;
          REQUIRE(LogSoftmaxAxis(from, out, options, target) == Status::kOk);
          CHECK(columns.Differs(to, true) == -1);
        }
      }
    }
  });
}

// Columns that have no finite maximum or one beyond the direct limit, beside
// others. Kills: NaN that a later block forgets, a shift that comes too late,
// sums of blocks for columns that have one sum.
TEST_CASE("long axis: special columns beside usual ones") {
  ForEachTarget([](Target target) {
    Random random(2);
    constexpr size_t kN = 9000, kInner = 12, kSpecial = 8;
    const Columns columns(kN, kInner, 1.0f, random);
    std::vector<float> x = columns.x;
    const auto at = [&](size_t k, size_t c) -> float& {
      return x[k * (kInner + 1) + c];
    };
    at(4000, 0) = kNan;
    at(8999, 1) = kInf;
    at(5000, 2) = 5000.0f;
    at(10, 3) = 5000.0f;
    for (size_t k = 0; k < kN; ++k) {
      at(k, 4) = -kInf;
      at(k, 5) = k == 8500 ? kNan : -kInf;
      at(k, 6) = k < kBlock ? 4200.0f : -3e38f;
      at(k, 7) = -5000.0f - static_cast<float>(k / 8 % 9);
    }
    for (const bool is_log : {false, true}) {
      const SoftmaxOptions options{1.0f, EmptyRow::kZero};
      std::vector<float> y(x.size(), kNan);
      const auto from = columns.View<const float>(x);
      const auto out = columns.View<float>(y);
      REQUIRE((is_log
                   ? LogSoftmaxAxis(from, out, options, target)
                   : SoftmaxAxis(from, out, options, target)) == Status::kOk);
      for (size_t c = 0; c < kInner; ++c) {
        const BlockReference& r = columns.references[c];
        std::vector<float> want = is_log ? r.log_probs : r.probs;
        if (c < kSpecial) {
          for (size_t k = 0; k < kN; ++k) want[k] = at(k, c);
          const Rows<float> row(want.data(), 1, kN);
          REQUIRE((is_log ? LogSoftmax(row, row, options, target)
                          : Softmax(row, row, options, target)) == Status::kOk);
        }
        size_t different = 0;
        for (size_t k = 0; k < kN; ++k) {
          different += !SameBits(y[k * (kInner + 1) + c], want[k]);
        }
        INFO("is_log " << is_log << ", column " << c);
        CHECK(different == 0);
      }
    }
  });
}

}  // namespace
}  // namespace softlane
