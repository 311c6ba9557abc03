// SPDX-License-Identifier: Apache-2.0
// Cross-entropy of rows in parts: any split at multiples of kStateCols gives
// the bits of one call.

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "amount.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "long_rows.h"
#include "reference.h"
#include "row_parts.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

struct Row {
  std::vector<float> x;
  int64_t label;
  float weight;
  LossStateOptions options;
};

struct Loss {
  float loss;
  std::vector<float> dx;
};

Loss InOneCall(const Row& row, Target target) {
  const size_t n = row.x.size();
  std::vector<float> weights(n, 1.0f);
  if (row.label >= 0) weights[static_cast<size_t>(row.label)] = row.weight;
  CrossEntropyOptions options;
  options.reduction = Reduction::kNone;
  options.scale = row.options.scale;
  options.z_loss = row.options.z_loss;
  options.upstream = row.options.upstream;
  options.class_weights = weights.data();
  Loss want{0.0f, std::vector<float>(n)};
  REQUIRE(CrossEntropy({row.x.data(), 1, n}, &row.label, &want.loss,
                       {want.dx.data(), 1, n}, options, nullptr,
                       target) == Status::kOk);
  return want;
}

Loss InParts(const Row& row, Random& random) {
  const size_t n = row.x.size();
  std::vector<Part> parts = SplitRow(n, random);
  LossStateOptions options = row.options;
  options.label_weights = &row.weight;
  const auto label32 = static_cast<int32_t>(row.label);
  std::vector<SoftmaxState> states;
  for (const Part& part : parts) {
    if (states.empty() || random.Below(3) != 0) states.emplace_back();
    SoftmaxState& state = states[random.Below(states.size())];
    const Rows<const float> x(row.x.data() + part.begin, 1,
                              part.end - part.begin);
    REQUIRE(UpdateLossStates(x, part.begin, &row.label, &state, options,
                             AnyTarget(random)) == Status::kOk);
  }
  const SoftmaxState state = MergeAll(std::move(states), random);
  Loss got{0.0f, row.x};
  for (const Part& part : parts) {
    const size_t cols = part.end - part.begin;
    const Rows<const float> x(row.x.data() + part.begin, 1, cols);
    const Rows<float> dx(got.dx.data() + part.begin, 1, cols);
    const bool in_place = random.Below(2) == 0;
    float loss = 7.0f, alone = 7.0f;
    REQUIRE(CrossEntropyFromStates(x, part.begin, n, &label32, &state, &alone,
                                   {}, options,
                                   AnyTarget(random)) == Status::kOk);
    REQUIRE(CrossEntropyFromStates(in_place ? dx : x, part.begin, n, &row.label,
                                   &state, &loss, dx, options,
                                   AnyTarget(random)) == Status::kOk);
    REQUIRE(SameBits(loss, alone));
    const bool has_label = static_cast<int64_t>(part.begin) <= row.label &&
                           row.label < static_cast<int64_t>(part.end);
    if (has_label) got.loss = loss;
    if (!has_label) REQUIRE(SameBits(loss, 0.0f));
  }
  return got;
}

// Kills: a label that is not left out of the other classes' sum, or not by its
// block's plan; another window of that sum; a loss of each part; a gradient
// from the part's sum.
TEST_CASE("the cross-entropy of rows in parts has the bits of one call") {
  const size_t count = Amount("SOFTLANE_STATE_ROWS", 20000, 300);
  Random random(1);
  Differences differences;
  for (size_t i = 0; i < count; ++i) {
    const LongShape shape = kLongShapes[random.Below(std::size(kLongShapes))];
    const size_t n =
        1 + (random.Below(4) == 0 ? random.Below(4 * kStateCols)
                                  : random.Below(40) * (kStateCols / 16));
    Row row{MakeLongRow(shape, n, random), 0, 1.0f, {}};
    const size_t label = random.Below(n);
    row.label = static_cast<int64_t>(label);
    // 1 - p of the label is at least 2^-30, or so small that it is +0.
    const float max = ModelMax(row.x.data(), n);
    if (random.Below(3) == 0) row.x[label] = max + random.Uniform(0.0f, 12.0f);
    if (random.Below(9) == 0) row.x[label] = -kInf;
    if (random.Below(9) == 0) row.label = row.options.ignore_index;
    if (random.Below(3) == 0) row.options.scale = random.Uniform(0.01f, 1.0f);
    if (random.Below(3) == 0) row.options.z_loss = 1e-3f;
    if (random.Below(3) == 0) row.weight = random.Uniform(0.0f, 3.0f);
    if (random.Below(9) == 0) row.weight = 0.0f;
    if (random.Below(3) == 0) {
      row.options.upstream =
          std::ldexp(random.Uniform(-1.0f, 1.0f),
                     static_cast<int>(random.Below(200)) - 120);
    }
    const Loss want = InOneCall(row, AnyTarget(random));
    const Loss got = InParts(row, random);
    const std::string name = std::to_string(n) + " columns, shape " +
                             std::to_string(static_cast<int>(shape)) +
                             ", label " + std::to_string(row.label);
    differences.Check(SameBits(got.loss, want.loss), name + ", loss");
    differences.Check(SameBits(got.dx, want.dx), name + ", gradient");
  }
  differences.Report();
}

}  // namespace
}  // namespace softlane
