// SPDX-License-Identifier: Apache-2.0
// The sums of a row's blocks, by what rows of logits can hardly show: the last
// bits of a double.
#include "../lib/kernels/block_sums.h"

#include <cmath>

#include "amount.h"
#include "doctest/doctest.h"
#include "inputs.h"

namespace softlane {
namespace {

using internal::AddBlockSum;
using internal::ExactSum;
using internal::kSumCols;
using internal::TotalOf;

// A double of all bits.
double Sum(Random& random, int exponent) {
  return std::ldexp(0x1p52 + static_cast<double>(random.Bits() >> 12),
                    exponent - 52);
}

// The first sum and the second make a tie, which the third breaks unless it is
// below half of the lowest unit. Kills: JoinBlocks with another unit than that
// of the range.
TEST_CASE("a job of blocks has their exact sum") {
  Random random(1);
  size_t wrong = 0;
  const size_t count = Amount("SOFTLANE_EXACT_SUMS", 100000, 20000);
  for (size_t i = 0; i < count; ++i) {
    constexpr size_t kBlocks = 3;
    internal::ExpParams params = {};
    params.is_exact = true;
    params.range.offset = static_cast<float>(random.Below(200)) - 100.0f;
    const int64_t unit = internal::UnitOf(params.range);
    double sums[kBlocks];
    sums[0] = Sum(random, 0);
    sums[1] = 0x1p-53;
    sums[2] = std::ldexp(0x1p-72, -static_cast<int>(random.Below(27)));
    ExactSum exact;
    for (const double sum : sums) AddBlockSum(sum, unit, exact);
    internal::RowJob job = {};
    job.n = kSumCols * kBlocks - random.Below(kSumCols);
    job.block_sums = sums;
    internal::RowResult result = {};
    result.row_sum = sums[kBlocks - 1];
    internal::JoinBlocks(false, job, params, result);
    wrong += result.sum != TotalOf(exact, unit) || result.row_sum != result.sum;
  }
  CHECK(wrong == 0);
}

// Kills: a sum of the others by a window of their own where the label's is
// higher; a share of 2^-20, or of 2^-40 without the label's window.
TEST_CASE("the sum without a hole is that of a state") {
  Random random(2);
  size_t wrong = 0, cut = 0;
  const size_t count = Amount("SOFTLANE_EXACT_SUMS", 100000, 20000);
  for (size_t i = 0; i < count; ++i) {
    const auto offset = static_cast<int64_t>(random.Below(100));
    ExactSum others, all;
    for (size_t k = 2 + random.Below(4); k > 0; --k) {
      const double sum = Sum(random, -static_cast<int>(random.Below(60)));
      AddBlockSum(sum, offset, others);
      AddBlockSum(sum, offset, all);
    }
    const double hole = Sum(random, static_cast<int>(random.Below(28)));
    AddBlockSum(hole, offset, all);
    const auto at = static_cast<double>(offset);
    const auto whole = internal::TotalsOf(others, hole, offset, at);
    const auto state = internal::TotalsWithout(all, hole, offset, at);
    wrong += whole.sum != state.sum;
    if (whole.others < whole.sum * internal::kMinShareOfOthers) continue;
    wrong += whole.others != state.others;
    cut += whole.others != TotalOf(others, offset);
  }
  CHECK(wrong == 0);
  CHECK(cut > 0);
}

}  // namespace
}  // namespace softlane
