// SPDX-License-Identifier: Apache-2.0
// Cross-entropy of rows in parts: any split at multiples of kStateCols gives
// the bits of one call.

#include <algorithm>
#include <cmath>
#include <cstring>
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
  const SoftmaxState state =
      ReadParts(parts, random, [&](const Part& part, SoftmaxState& to) {
        const Rows<const float> x(row.x.data() + part.begin, 1,
                                  part.end - part.begin);
        REQUIRE(UpdateLossStates(x, part.begin, &row.label, &to, options,
                                 AnyTarget(random)) == Status::kOk);
      });
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
    std::vector<float> without(cols + 1);  // a part may have none
    REQUIRE(CrossEntropyFromStates(
                Rows<const float>(row.x.data() + part.begin, 1, cols),
                part.begin, n, &row.label, &state, nullptr,
                {without.data(), 1, cols}, options,
                AnyTarget(random)) == Status::kOk);
    without.resize(cols);
    REQUIRE(SameBits(without, std::vector<float>(dx.Row(0), dx.Row(0) + cols)));
    const bool has_label = static_cast<int64_t>(part.begin) <= row.label &&
                           row.label < static_cast<int64_t>(part.end);
    if (has_label) got.loss = loss;
    if (!has_label) REQUIRE(SameBits(loss, 0.0f));
  }
  return got;
}

// A row with NaN or +inf, at the label or elsewhere, or of -inf only.
void MakeSpecial(std::vector<float>& x, size_t label, Random& random) {
  const size_t at = random.Below(2) == 0 ? label : random.Below(x.size());
  switch (random.Below(4)) {
    case 0:
      x[at] = kInf;
      break;
    case 1:
      x[at] = std::nanf("");
      break;
    case 2:
      std::fill(x.begin(), x.end(), -kInf);
      break;
    default:  // but for the label
      std::fill(x.begin(), x.end(), -kInf);
      x[label] = 1.0f;
  }
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
    if (random.Below(4) == 0) MakeFarBlocks(row.x, random);
    const size_t label = random.Below(n);
    row.label = static_cast<int64_t>(label);
    // 1 - p of the label is at least 2^-30, or so small that it is +0.
    const float max = ModelMax(row.x.data(), n);
    if (random.Below(3) == 0) row.x[label] = max + random.Uniform(0.0f, 20.0f);
    if (random.Below(9) == 0) row.x[label] = -kInf;
    if (random.Below(9) == 0) MakeSpecial(row.x, label, random);
    if (random.Below(9) == 0) row.label = row.options.ignore_index;
    if (random.Below(3) == 0) row.options.scale = random.Uniform(0.01f, 1.0f);
    if (random.Below(3) == 0) row.options.z_loss = 1e-3f;
    if (random.Below(3) == 0) row.weight = random.Uniform(0.0f, 3.0f);
    if (random.Below(9) == 0) row.weight = 0.0f;
    if (random.Below(3) == 0) {
      row.options.upstream =
          std::ldexp(random.Uniform(-1.0f, 1.0f),
                     static_cast<int>(random.Below(247)) - 120);
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

// Kills: a sum of the others that is negative, or that keeps the window of one
// part.
TEST_CASE("a label far above the other classes") {
  Random random(2);
  Differences differences;
  double worst = 0.0;
  for (size_t i = 0; i < Amount("SOFTLANE_STATE_ROWS", 2000, 100); ++i) {
    const size_t n = 2 + random.Below(3 * kStateCols);
    Row row{MakeLongRow(LongShape::kUsual, n, random), 0, 1.0f, {}};
    const size_t label = random.Below(n);
    row.label = static_cast<int64_t>(label);
    row.x[label] = ModelMax(row.x.data(), n) + random.Uniform(12.0f, 100.0f);
    const Loss want = InOneCall(row, AnyTarget(random));
    const Loss got = InParts(row, random), again = InParts(row, random);
    const std::string name = std::to_string(n) + " columns";
    differences.Check(SameBits(got.loss, again.loss), name + ", loss");
    differences.Check(SameBits(got.dx, again.dx), name + ", gradient");
    differences.Check(got.loss >= 0.0f, name + ", sign of the loss");
    differences.Check(got.dx[label] <= 0.0f, name + ", sign of the gradient");
    worst = std::max({worst, std::abs(double{got.loss} - double{want.loss}),
                      std::abs(double{got.dx[label]} - want.dx[label])});
    row.x[label] = 0.0f;  // the others are as exact as ever
    std::vector<float> others = got.dx, wanted = want.dx;
    others[label] = wanted[label] = 0.0f;
    differences.Check(SameBits(others, wanted), name + ", others");
  }
  differences.Report();
  CHECK(worst <= 0x1p-54);  // half an ulp of a loss of 2^-30, and 2^-60
}

// Kills: a gradient in floats whose factor they do not hold; a -0.
TEST_CASE("a gradient with a factor above the floats") {
  Random random(4);
  Differences differences;
  for (size_t i = 0; i < 100; ++i) {
    const size_t n = 2 + random.Below(2 * kStateCols);
    Row row{MakeLongRow(LongShape::kUsual, n, random), 0, 1.5f, {}};
    const size_t label = random.Below(n);
    row.label = static_cast<int64_t>(label);
    row.x[label] = ModelMax(row.x.data(), n) + 3.0f;
    row.x[n - 1 - label / 2] = -kInf;
    row.options.z_loss = 1e-3f;
    row.options.upstream = random.Below(2) == 0 ? 0x1p126f : -0x1p126f;
    const Loss want = InOneCall(row, AnyTarget(random));
    const Loss got = InParts(row, random);
    differences.Check(SameBits(got.loss, want.loss), "loss");
    differences.Check(SameBits(got.dx, want.dx), "gradient");
  }
  differences.Report();
}

// Kills: a sum of the others from the state, in a row of one block. The state
// lacks its last bits. The row is found by a search: of 8 million rows, one has
// another float.
TEST_CASE("the other classes' sum of a row of one block has all its bits") {
  const Row row{{0x1.121bc2p4f, -0x1.4c60bcp1f, -0x1.110892p4f, -0x1.76e9b2p4f},
                0,
                1.0f,
                {}};
  Random random(6);
  const Loss want = InOneCall(row, AnyTarget(random));
  const Loss got = InParts(row, random);
  CHECK(SameBits(got.loss, want.loss));
  CHECK(SameBits(got.dx, want.dx));
}

// Kills: a label counted from another column than the part's first.
TEST_CASE("a part that begins in a block has the state of its blocks") {
  Random random(5);
  const size_t first = 100, n = 2 * kStateCols;
  const std::vector<float> x = MakeLongRow(LongShape::kUsual, n, random);
  for (const int64_t label : {int64_t{50}, int64_t{3000}, int64_t{6000}}) {
    SoftmaxState state = {}, of_blocks = {};
    REQUIRE(UpdateLossStates({&x[first], 1, n - first}, first, &label,
                             &state) == Status::kOk);
    REQUIRE(UpdateLossStates({&x[first], 1, kStateCols - first}, first, &label,
                             &of_blocks) == Status::kOk);
    REQUIRE(UpdateLossStates({&x[kStateCols], 1, kStateCols}, kStateCols,
                             &label, &of_blocks) == Status::kOk);
    CHECK(std::memcmp(&state, &of_blocks, sizeof(state)) == 0);
  }
}

// Kills: a weight, an upstream gradient or a state of another row; an upstream
// gradient that is read without dlogits; a use of an ignored row that counts.
TEST_CASE("the cross-entropy of many rows in parts is that of each row") {
  constexpr size_t kRows = 4, kCols = 6;
  Random random(3);
  float x[kRows * kCols], weights[kRows], upstream[kRows];
  for (float& v : x) v = random.Normal();
  for (float& v : weights) v = random.Uniform(0.5f, 2.0f);
  for (float& v : upstream) v = random.Uniform(-2.0f, 2.0f);
  const int64_t labels[kRows] = {5, -100, 2, 7};  // the last: of another part
  const Rows<const float> logits(x, kRows, kCols);
  SoftmaxState states[kRows] = {};
  REQUIRE(UpdateStates(logits.Slice(1, 1), 0, &states[1]) == Status::kOk);
  const SoftmaxState ignored = states[1];
  LossStateOptions options;
  options.label_weights = weights;
  options.upstream_rows = upstream;
  REQUIRE(UpdateLossStates(logits, 0, labels, states, options) == Status::kOk);
  CHECK(std::memcmp(&ignored, &states[1], sizeof(ignored)) == 0);
  float losses[kRows], dx[kRows * kCols];
  REQUIRE(CrossEntropyFromStates(logits, 0, 9, labels, states, losses,
                                 {dx, kRows, kCols}, options) == Status::kOk);
  for (size_t r = 0; r < kRows; ++r) {
    LossStateOptions of_row;
    of_row.label_weights = &weights[r];
    of_row.upstream = upstream[r];
    float loss, gradient[kCols];
    REQUIRE(CrossEntropyFromStates(logits.Slice(r, 1), 0, 9, &labels[r],
                                   &states[r], &loss, {gradient, 1, kCols},
                                   of_row) == Status::kOk);
    CHECK(SameBits(loss, losses[r]));
    for (size_t c = 0; c < kCols; ++c) {
      CHECK(SameBits(gradient[c], dx[r * kCols + c]));
    }
  }
  options.upstream_rows = reinterpret_cast<const float*>(16);
  float alone[kRows];
  REQUIRE(CrossEntropyFromStates(logits, 0, 9, labels, states, alone, {},
                                 options) == Status::kOk);
  CHECK(std::memcmp(alone, losses, sizeof(alone)) == 0);
  options.upstream_rows = alone;  // an overlap that is none
  REQUIRE(CrossEntropyFromStates(logits, 0, 9, labels, states, alone, {},
                                 options) == Status::kOk);
}

}  // namespace
}  // namespace softlane
