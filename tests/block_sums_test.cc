// SPDX-License-Identifier: Apache-2.0
// The sums of a row's blocks, by what rows of logits can hardly show: the last
// bits of a double.
#include "../lib/kernels/block_sums.h"

#include <cmath>
#include <vector>

#include "../lib/kernels/large_rows.h"
#include "../lib/kernels/log_passes.h"
#include "amount.h"
#include "doctest/doctest.h"
#include "each_target.h"
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

// What a pass gives for a long row, whose blocks have lowest arguments.
struct LongSums {
  bool operator==(const LongSums& other) const {
    return first == other.first && last == other.last &&
           exp_values == other.exp_values;
  }

  double first = 0.0, last = 0.0;  // of its two blocks
  std::vector<float> exp_values;
};
constexpr double kLowest[2] = {-3.0, -1.0};

// The row by a job of an exact range.
LongSums SumsOfJob(const internal::LogitsKernels& kernels,
                   const std::vector<float>& x, bool is_written) {
  LongSums sums;
  if (is_written) sums.exp_values.resize(x.size());
  double block_sums[2] = {kLowest[0], kLowest[1]};
  internal::RowJob job = {};
  job.logits = x.data();
  job.n = x.size();
  job.sink = -internal::kInfinity;
  job.e = sums.exp_values.data();
  job.block_sums = block_sums;
  internal::ExpParams params = {};
  params.parts = internal::kUnscaled;
  params.range = internal::ExactRange(0.0f, params.parts);
  params.is_exact = true;
  internal::RowResult result = {};
  kernels.exp_rows[1](nullptr, &job, 1, params, &result);
  sums.first = block_sums[0];
  sums.last = block_sums[1];
  return sums;
}

// The row by a pass over blocks. y is null if exp values are not written.
LongSums SumsOfPass(internal::BlockPasses::Sum* sum,
                    const std::vector<float>& x, bool is_written) {
  LongSums sums;
  if (is_written) sums.exp_values.resize(x.size());
  double block_sums[2] = {kLowest[0], kLowest[1]};
  const internal::RowPlan plan = internal::PlanRow(0.0f, internal::kUnscaled);
  sums.last = sum(x.data(), is_written ? sums.exp_values.data() : nullptr,
                  x.size(), internal::kNoHole, plan, internal::kUnscaled,
                  static_cast<float>(kLowest[0]), nullptr, block_sums)
                  .others;
  sums.first = block_sums[0];
  return sums;
}

// Elements that are below the lowest argument of their own block, and of no
// other, are as if masked. A row's own blocks have arguments so low that the
// last bit of a double hardly shows it. Kills: the lowest argument of the range
// for the columns behind the last whole vectors; that of the block before.
TEST_CASE("elements below the lowest argument of their block do not count") {
  ForEachTarget([](Target target) {
    const internal::BlockPasses& passes = internal::BlockPassesOf(target);
    const auto& plain = KernelsOf(internal::kPlainLogitsKernels, target);
    const auto& logs = KernelsOf(internal::kLogSumKernels, target);
    for (const size_t rest : {size_t{40}, size_t{64}, size_t{100}}) {
      const size_t n = kSumCols + rest;
      std::vector<float> x(n, -2.0f), masked = x;
      x[0] = masked[0] = 0.0f;
      for (size_t i = kSumCols; i < n; ++i) {
        if (i % 3 == 0) x[i] = masked[i] = -0.5f;
        if (i % 3 != 0) masked[i] = -internal::kInfinity;
      }
      CAPTURE(rest);
      CHECK(SumsOfPass(passes.sum, masked, false).last > 0.0);
      CHECK(SumsOfPass(passes.sum, x, false) ==
            SumsOfPass(passes.sum, masked, false));
      CHECK(SumsOfPass(passes.sum_in_double, x, false) ==
            SumsOfPass(passes.sum_in_double, masked, false));
      CHECK(SumsOfPass(passes.write, x, true) ==
            SumsOfPass(passes.write, masked, true));
      if (plain.exp_rows[1] != nullptr) {
        CHECK(SumsOfJob(plain, x, true) == SumsOfJob(plain, masked, true));
      }
      if (logs.exp_rows[1] != nullptr) {
        CHECK(SumsOfJob(logs, x, false) == SumsOfJob(logs, masked, false));
      }
    }
  });
}

}  // namespace
}  // namespace softlane
