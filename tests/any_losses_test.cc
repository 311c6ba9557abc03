// SPDX-License-Identifier: Apache-2.0
// What is special about losses and states of any element type: rows that no
// buffer holds are done part by part, and calls of floats are not ambiguous.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

// Some rows of BFloat16, and the same as floats.
struct Matrix {
  Matrix(size_t num_rows, size_t num_cols)
      : rows(num_rows),
        cols(num_cols),
        halves(rows * cols),
        floats(rows * cols) {}
  void Set(size_t i, float value) {
    halves[i] = BFloat16(value);
    floats[i] = static_cast<float>(halves[i]);
  }
  Rows<const BFloat16> Halves() const { return {halves.data(), rows, cols}; }
  Rows<const float> Floats() const { return {floats.data(), rows, cols}; }

  size_t rows, cols;
  std::vector<BFloat16> halves;
  std::vector<float> floats;
};

bool AreSame(float a, float b) {
  return std::memcmp(&a, &b, sizeof(a)) == 0 || (a != a && b != b);
}
// What differs between results and those of floats; empty if nothing does.
std::string Differ(const char* what, const std::vector<float>& got,
                   const std::vector<float>& want) {
  for (size_t i = 0; i < want.size(); ++i) {
    if (!AreSame(got[i], want[i])) return what + (" " + std::to_string(i));
  }
  return "";
}
std::vector<float> Rounded(const std::vector<float>& values) {
  std::vector<float> result;
  for (const float v : values) {
    result.push_back(static_cast<float>(BFloat16(v)));
  }
  return result;
}
std::vector<float> Widened(const std::vector<BFloat16>& values) {
  std::vector<float> result;
  for (const BFloat16 v : values) result.push_back(static_cast<float>(v));
  return result;
}

constexpr size_t kRows = 3;

// Logits, targets and settings of a random call.
struct Call {
  Call(size_t cols, Random& random)
      : x(kRows, cols), targets(kRows, cols), labels(kRows), weights(cols) {
    const bool has_masks = random.Below(3) == 0;
    const float spread = random.Below(4) == 0 ? 1e30f : 5.0f;
    for (size_t i = 0; i < kRows * cols; ++i) {
      const bool is_masked = has_masks && random.Below(50) == 0;
      x.Set(i, is_masked ? -kInf : spread * random.Normal());
      targets.Set(i, random.Below(4) == 0
                         ? 0.0f
                         : std::ldexp(random.Unit(),
                                      -static_cast<int>(random.Below(60))));
    }
    const size_t kind = random.Below(6);
    if (kind == 0) x.Set(random.Below(kRows * cols), kInf);
    if (kind == 1) x.Set(random.Below(kRows * cols), kNan);
    if (kind == 2) targets.Set(random.Below(kRows * cols), kInf);
    for (int64_t& label : labels) {
      label = random.Below(4) == 0 ? options.ignore_index
                                   : static_cast<int64_t>(random.Below(cols));
    }
    for (float& w : weights) {
      w = random.Below(3) == 0 ? 0.0f : 2.0f * random.Unit();
    }
    // A weight or upstream that floats do not hold takes double.
    if (random.Below(4) == 0) weights[random.Below(cols)] = 0x1p-60f;
    if (random.Below(4) == 0) options.upstream = 0x1p-110f;
    if (random.Below(2) == 0) options.class_weights = weights.data();
    if (random.Below(2) == 0) options.label_smoothing = 0.125f;
    if (random.Below(2) == 0) options.z_loss = 0.01f;
    options.reduction = static_cast<Reduction>(random.Below(3));
  }

  Matrix x, targets;
  std::vector<int64_t> labels;
  std::vector<float> weights;
  CrossEntropyOptions options;
};

std::string CompareCall(const Call& call, bool has_targets, bool to_floats,
                        bool has_gradient, Target target) {
  const size_t cols = call.x.cols;
  const auto run = [&](const auto& x, const auto& targets, float* loss,
                       const auto& dx) {
    return has_targets ? CrossEntropy(x, targets, loss, dx, call.options,
                                      nullptr, target)
                       : CrossEntropy(x, call.labels.data(), loss, dx,
                                      call.options, nullptr, target);
  };
  std::vector<float> want(kRows), got(kRows), want_dx(kRows * cols, 7.0f),
      got_dx = want_dx;
  std::vector<BFloat16> half_dx(kRows * cols, BFloat16(7.0f));
  float* const floats = has_gradient ? want_dx.data() : nullptr;
  REQUIRE(run(call.x.Floats(), call.targets.Floats(), want.data(),
              Rows<float>(floats, kRows, cols)) == Status::kOk);
  AnyRows dx;
  if (has_gradient && to_floats) {
    dx = Rows<float>(got_dx.data(), kRows, cols);
  } else if (has_gradient) {
    dx = Rows<BFloat16>(half_dx.data(), kRows, cols);
  }
  const ConstAnyRows x = call.x.Halves(), targets = call.targets.Halves();
  REQUIRE(run(x, targets, got.data(), dx) == Status::kOk);
  if (has_gradient) {
    const auto floats_before = got_dx;
    const auto halves_before = half_dx;
    REQUIRE(run(x, targets, nullptr, dx) == Status::kOk);
    if (Differ("", got_dx, floats_before) != "" ||
        Differ("", Widened(half_dx), Widened(halves_before)) != "") {
      return "the gradient of a call without a loss";
    }
  }
  std::string result = Differ("loss", got, want);
  if (result.empty() && has_gradient) {
    result = to_floats ? Differ("gradient", got_dx, want_dx)
                       : Differ("gradient", Widened(half_dx), Rounded(want_dx));
  }
  return result;
}

// Kills: sums that begin again in each part; weights of the first part in all
// parts; shares in floats that need double; NaN in one part that is lost; rows
// without a gradient that are not filled.
TEST_CASE("rows that no buffer holds have the losses of floats") {
  ForEachTarget([](Target target) {
    Random random(24);
    for (const size_t cols : {8193, 12288, 16385, 20000}) {
      for (int i = 0; i < 24; ++i) {
        const Call call(cols, random);
        const bool has_targets = i % 2 != 0, to_floats = i % 3 == 0;
        const std::string found =
            CompareCall(call, has_targets, to_floats, i % 5 != 0, target);
        CHECK_MESSAGE(found.empty(), cols, " columns, call ", i, ": ", found);
      }
    }
  });
}

// Kills: parts of a long row that are not cut at multiples of kStateCols.
TEST_CASE("states of any first column are those of floats") {
  ForEachTarget([](Target target) {
    Random random(25);
    for (const size_t cols : {8193, 20000}) {
      const Call call(cols, random);
      for (const size_t first : {0, 1, 4095, 4096, 5000}) {
        SoftmaxState got[kRows] = {}, want[kRows] = {};
        REQUIRE(UpdateStates(call.x.Halves(), first, got, {}, target) ==
                Status::kOk);
        REQUIRE(UpdateStates(call.x.Floats(), first, want, {}, target) ==
                Status::kOk);
        CHECK(std::memcmp(got, want, sizeof(got)) == 0);
      }
    }
  });
}

// Kills: rows that are counted from the first of the call in a later chunk.
TEST_CASE("chunks of short rows have the losses of floats") {
  ForEachTarget([](Target target) {
    Random random(26);
    for (const size_t cols : {2, 10, 64, 110, 128, 200}) {
      constexpr size_t kMany = 150;
      Matrix x(kMany, cols);
      for (size_t i = 0; i < kMany * cols; ++i) x.Set(i, random.Normal());
      std::vector<int32_t> labels(kMany);
      for (int32_t& label : labels) {
        label = static_cast<int32_t>(random.Below(cols));
      }
      float want, got;
      std::vector<float> dx(kMany * cols);
      REQUIRE(CrossEntropy(x.Floats(), labels.data(), &want,
                           Rows<float>(dx.data(), kMany, cols), {}, nullptr,
                           target) == Status::kOk);
      REQUIRE(CrossEntropy(x.Halves(), labels.data(), &got,
                           Rows<BFloat16>(x.halves.data(), kMany, cols), {},
                           nullptr, target) == Status::kOk);
      CHECK(AreSame(got, want));
      CHECK(Differ("gradient", Widened(x.halves), Rounded(dx)) == "");
    }
  });
}

// These calls would not compile if a function of any type was as good.
TEST_CASE("calls of floats are not ambiguous") {
  float x[8] = {1.0f, 2.0f}, losses[2], y[8];
  const int64_t labels[2] = {1, 0};
  const int32_t labels32[2] = {1, 0};
  SoftmaxState states[2] = {};
  const Rows<float> rows(x, 2, 4), dx(y, 2, 4);
  CHECK(RowMax(rows, losses) == Status::kOk);
  CHECK(LogSumExp(rows, losses) == Status::kOk);
  CHECK(UpdateStates(rows, 0, states) == Status::kOk);
  CHECK(UpdateStates({x, 2, 4}, 0, states) == Status::kOk);
  CHECK(SoftmaxFromStates(rows, states, dx) == Status::kOk);
  SoftmaxState of_loss[2] = {};
  CHECK(UpdateLossStates(rows, 0, labels, of_loss) == Status::kOk);
  CHECK(CrossEntropyFromStates(rows, 0, 4, labels, of_loss, losses) ==
        Status::kOk);
  CHECK(CrossEntropyFromStates(rows, 0, 4, labels32, of_loss, losses, {}, {}) ==
        Status::kOk);
  CHECK(CrossEntropy(rows, labels, losses) == Status::kOk);
  CHECK(CrossEntropy(rows, labels, losses, {}, {}) == Status::kOk);
  CHECK(CrossEntropy({x, 2, 4}, labels32, losses, {}) == Status::kOk);
  CHECK(CrossEntropy(rows, labels, losses, dx) == Status::kOk);
  CHECK(CrossEntropy(rows, rows, losses) == Status::kOk);
  CHECK(CrossEntropy(rows, Rows<const float>(rows), losses, {}, {}) ==
        Status::kOk);
  CHECK(CrossEntropy(rows, rows, losses, dx) == Status::kOk);
}

TEST_CASE("types that do not fit each other are kBadOption") {
  BFloat16 x[4] = {};
  Float16 other[4] = {};
  float loss = 7.0f;
  const int64_t label = 1;
  const Rows<const BFloat16> logits(x, 1, 4);
  const ConstAnyRows unknown(x, static_cast<ElementType>(3), 1, 4);
  const Rows<Float16> dx(other, 1, 4);
  SoftmaxState state = {};
  CHECK(CrossEntropy(unknown, &label, &loss) == Status::kBadOption);
  CHECK(CrossEntropy(logits, &label, &loss, dx) == Status::kBadOption);
  CHECK(CrossEntropy(logits, Rows<const Float16>(dx), &loss) ==
        Status::kBadOption);
  CHECK(CrossEntropy(logits, Rows<const float>(&loss, 1, 1), &loss) ==
        Status::kBadOption);
  CHECK(UpdateStates(unknown, 0, &state) == Status::kBadOption);
  CHECK(UpdateLossStates(unknown, 0, &label, &state) == Status::kBadOption);
  CHECK(CrossEntropyFromStates(logits, 0, 4, &label, &state, &loss, dx) ==
        Status::kBadOption);
  CHECK(SoftmaxFromStates(logits, &state, dx) == Status::kBadOption);
  CHECK(loss == 7.0f);
}

}  // namespace
}  // namespace softlane
