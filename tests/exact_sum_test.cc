// SPDX-License-Identifier: Apache-2.0
// The sum of a long row's blocks against an integer of 128 bits, in any order
// and by any tree of merges.
#include "../lib/arith/exact_sum.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "amount.h"
#include "doctest/doctest.h"
#include "inputs.h"
#include "kernels/block_sums.h"

namespace softlane {
namespace {

using internal::AddBlockSum;
using internal::AddBlockSums;
using internal::ExactSum;
using internal::Merge;
using internal::TotalOf;

__extension__ using Int128 = __int128;

// The block's sum is significand * 2^exponent, with 53 bits.
struct Block {
  int64_t significand, exponent;

  int64_t Top() const { return exponent + 52; }
};

double DoubleOf(const Block& block) {
  return std::ldexp(static_cast<double>(block.significand),
                    static_cast<int>(block.exponent));
}

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// significand * 2^shift, rounded to the nearest integer, ties to even.
Int128 Rounded(int64_t significand, int64_t shift) {
  if (shift >= 0) return static_cast<Int128>(significand) << shift;
  if (shift < -60) return 0;
  const int64_t whole = significand >> -shift;
  const int64_t rest = significand - (whole << -shift);
  const int64_t half = int64_t{1} << (-shift - 1);
  const bool up = rest > half || (rest == half && whole % 2 != 0);
  return whole + (up ? 1 : 0);
}

// Each block is rounded to the unit of the window; the sum is exact.
double Total(const std::vector<Block>& blocks, int64_t offset) {
  int64_t top = blocks[0].Top();
  for (const Block& block : blocks) top = std::max(top, block.Top());
  const int64_t unit = 24 * (FloorDiv(top, 24) - 3);
  Int128 total = 0;
  for (const Block& block : blocks) {
    total += Rounded(block.significand, block.exponent - unit);
  }
  return std::ldexp(static_cast<double>(total),
                    static_cast<int>(unit - offset));
}

// Significands with a few bits, which are halves of a limb's unit in one octave
// of 24, or all bits.
int64_t Significand(Random& random) {
  constexpr int64_t kOne = int64_t{1} << 52;
  switch (random.Below(4)) {
    case 0:
      return kOne;
    case 1:
      return kOne | int64_t{1} << random.Below(52);
    case 2:
      return 2 * kOne - 1;
    default:
      return kOne | static_cast<int64_t>(random.Bits() >> 12);
  }
}

std::vector<Block> Blocks(Random& random) {
  const size_t range = 1 + random.Below(random.Below(2) == 0 ? 30 : 300);
  const int64_t base = static_cast<int64_t>(random.Below(20000)) - 10000;
  std::vector<Block> blocks(1 + random.Below(20));
  for (Block& block : blocks) {
    block.significand = Significand(random);
    block.exponent = base + static_cast<int64_t>(random.Below(range));
  }
  return blocks;
}

// Exp values count from the offset, so that doubles hold their sums.
void Add(const Block& block, ExactSum& sum) {
  const int64_t offset = block.exponent + 20;
  AddBlockSum(DoubleOf({block.significand, block.exponent - offset}), offset,
              sum);
}

bool AreEqual(const ExactSum& a, const ExactSum& b) {
  return std::memcmp(&a, &b, sizeof(a)) == 0;
}

// The sum of blocks [begin, end) by a random tree.
ExactSum Tree(const std::vector<Block>& blocks, size_t begin, size_t end,
              Random& random) {
  ExactSum sum;
  if (end - begin <= 2) {
    for (size_t b = begin; b < end; ++b) Add(blocks[b], sum);
    return sum;
  }
  const size_t middle = begin + random.Below(end - begin + 1);
  const bool is_whole = middle == begin || middle == end;
  const size_t cut = is_whole ? begin + 1 : middle;
  sum = Tree(blocks, begin, cut, random);
  const ExactSum rest = Tree(blocks, cut, end, random);
  if (random.Below(2) == 0) {
    Merge(rest, sum);
    return sum;
  }
  ExactSum other = rest;
  Merge(sum, other);
  return other;
}

// Kills: rounding half up or toward zero; limbs that are not rounded from the
// block itself; a window that follows the first block, or is a limb too short;
// carries before the end; a total that is rounded twice; a merge that loses a
// limb or moves the wrong sum.
TEST_CASE("exact sums in any order") {
  Random random(1);
  size_t wrong_totals = 0, wrong_orders = 0;
  const size_t count = Amount("SOFTLANE_EXACT_SUMS", 300000, 20000);
  for (size_t i = 0; i < count; ++i) {
    std::vector<Block> blocks = Blocks(random);
    ExactSum sum;
    for (const Block& block : blocks) Add(block, sum);
    const int64_t offset = blocks[0].exponent + 20;
    wrong_totals += TotalOf(sum, offset) != Total(blocks, offset);
    for (size_t k = blocks.size() - 1; k > 0; --k) {
      std::swap(blocks[k], blocks[random.Below(k + 1)]);
    }
    wrong_orders += !AreEqual(Tree(blocks, 0, blocks.size(), random), sum);
  }
  CHECK(wrong_totals == 0);
  CHECK(wrong_orders == 0);
}

// Kills: a batch whose window is not that of its largest sum, or in which a sum
// of 0 counts.
TEST_CASE("exact sums of a batch") {
  Random random(2);
  size_t wrong = 0;
  for (size_t i = 0; i < 20000; ++i) {
    const int64_t offset = static_cast<int64_t>(random.Below(2000)) - 1000;
    double sums[20];
    ExactSum one_by_one;
    if (random.Below(2) == 0) {
      AddBlockSum(1.5, offset + static_cast<int64_t>(random.Below(100)) - 50,
                  one_by_one);
    }
    ExactSum batch = one_by_one;
    const size_t count = random.Below(21);
    for (size_t k = 0; k < count; ++k) {
      const Block block = {Significand(random),
                           static_cast<int64_t>(random.Below(150)) - 150};
      sums[k] = random.Below(5) == 0 ? 0.0 : DoubleOf(block);
      if (sums[k] != 0.0) AddBlockSum(sums[k], offset, one_by_one);
    }
    AddBlockSums(sums, count, offset, batch);
    wrong += !AreEqual(batch, one_by_one);
  }
  CHECK(wrong == 0);
}

// Kills: a limb that overflows; a window that cuts the only block; a total that
// is negative, or too large for limbs of blocks, and no 0.
TEST_CASE("exact sums of many blocks, and of one") {
  ExactSum sum;
  const std::vector<double> sums(1024, 2.0 - 0x1p-52);
  ExactSum doubled;
  for (int i = 0; i < 1024; ++i) AddBlockSums(sums.data(), 1024, 23, sum);
  for (int i = 0; i < 1024; ++i) Merge(sum, doubled);
  CHECK(TotalOf(doubled, 23) == 0x1p31 - 0x1p-22);
  CHECK(TotalOf(doubled, 1200) == 0.0);
  CHECK(TotalOf(ExactSum(), 0) == 0.0);
  for (const int64_t damaged : {int64_t{-1}, int64_t{1} << 40, INT64_MIN}) {
    CHECK(TotalOf({0, {5, 0, 0, 0, damaged}}, 0) == 0.0);
  }
  Random random(3);
  size_t wrong = 0;
  for (int i = 0; i < 10000; ++i) {
    const double s = DoubleOf({Significand(random), 0});
    const auto offset = static_cast<int64_t>(random.Below(100));
    ExactSum one;
    AddBlockSum(s, offset, one);
    wrong += TotalOf(one, offset) != s;
  }
  CHECK(wrong == 0);
}

// Kills: an error that is not added, or added to the wrong sum; sums that are
// not rounded to the lowest limb; a lowest limb that does not depend on the
// offset, or not on the hole; others that lose bits where they are next to
// nothing, or keep bits that a sum of all has lost.
TEST_CASE("the totals of blocks side by side") {
  Random random(4);
  size_t wrong = 0;
  for (int i = 0; i < 200000; ++i) {
    double sums[internal::kMaxSums];
    const size_t count =
        1 + random.Below(random.Below(2) == 0 ? 4 : internal::kMaxSums);
    const size_t range = 1 + random.Below(random.Below(4) == 0 ? 120 : 20);
    const auto offset = static_cast<int64_t>(random.Below(100)) - 50;
    ExactSum sum;
    for (size_t b = 0; b < count; ++b) {
      sums[b] = DoubleOf(
          {Significand(random), static_cast<int64_t>(random.Below(range))});
      AddBlockSum(sums[b], offset, sum);
    }
    double hole = 0.0;
    if (random.Below(8) != 0) {
      const int64_t fall = static_cast<int64_t>(random.Below(120)) - 60;
      hole = DoubleOf({Significand(random), fall});
    }
    const internal::HoleTotals fast =
        internal::TotalsOfSums(sums, count, hole, offset);
    const internal::HoleTotals slow =
        internal::TotalsOf(sum, hole, offset, static_cast<double>(offset));
    wrong += fast.others != slow.others || fast.sum != slow.sum;
    wrong += hole == 0.0 && fast.sum != TotalOf(sum, offset);
  }
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace softlane
