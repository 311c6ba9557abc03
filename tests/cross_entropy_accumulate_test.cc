// SPDX-License-Identifier: Apache-2.0
// Gradients that are added to what is there: each element is the sum of the old
// element and of the gradient that another call writes.

#include <algorithm>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

// A matrix of any type, with a gap of 3 elements between rows, or none.
template <typename T>
struct Matrix {
  Matrix(size_t num_rows, size_t num_cols, bool has_gaps = true)
      : rows(num_rows),
        cols(num_cols),
        stride(num_cols + (has_gaps ? 3 : 0)),
        elements(rows * stride) {}
  Rows<T> View() { return {elements.data(), rows, cols, stride}; }
  T& At(size_t r, size_t c) { return elements[r * stride + c]; }

  size_t rows, cols, stride;
  std::vector<T> elements;
};

// A value that is the same in all types, and often a zero of either sign.
float OldValue(Random& random) {
  switch (random.Below(4)) {
    case 0:
      return -0.0f;
    case 1:
      return 0.0f;
    default:
      return static_cast<float>(random.Below(255)) * 0x1p-6f - 2.0f;
  }
}

struct Settings {
  explicit Settings(size_t rows, size_t cols, Random& random)
      : labels(rows), weights(cols) {
    for (int64_t& label : labels) {
      label = static_cast<int64_t>(random.Below(cols));
      if (random.Below(4) == 0) label = options.ignore_index;
    }
    for (float& weight : weights) weight = random.Unit();
    if (random.Below(2) == 0) options.class_weights = weights.data();
    if (random.Below(3) == 0) options.label_smoothing = 0.125f;
    if (random.Below(3) == 0) options.z_loss = 0.01f;
    if (random.Below(3) == 0) options.scale = 0.37f;
    options.reduction = static_cast<Reduction>(random.Below(3));
    options.upstream = 100.0f;
  }

  std::vector<int64_t> labels;
  std::vector<float> weights;
  CrossEntropyOptions options;
};

// What differs; empty if nothing does.
template <typename In, typename Out>
std::string Compare(size_t rows, size_t cols, bool has_targets, Target target,
                    Random& random) {
  Settings settings(rows, cols, random);
  Matrix<In> x(rows, cols), targets(rows, cols);
  Matrix<float> want(rows, cols);
  Matrix<Out> got(rows, cols, random.Below(2) == 0);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < cols; ++c) {
      const bool is_masked = random.Below(20) == 0;
      x.At(r, c) = In(is_masked ? -kInf : 3.0f * random.Normal());
      targets.At(r, c) = In(random.Unit());
    }
  }
  // Rows with NaN, and beyond the direct limit.
  if (random.Below(4) == 0)
    x.At(random.Below(rows), random.Below(cols)) = In(kNan);
  const size_t far = random.Below(2 * rows);
  for (size_t c = 0; far < rows && c < cols; ++c) {
    x.At(far, c) = In(0x1p20f + 8192.0f * static_cast<float>(random.Below(2)));
  }
  for (Out& old : got.elements) old = Out(OldValue(random));
  std::vector<Out> old = got.elements;
  const auto run = [&](float* loss, float* divisor, const auto& dx) {
    const ConstAnyRows in = x.View();
    const AnyRows out = dx;
    return has_targets ? CrossEntropy(in, ConstAnyRows(targets.View()), loss,
                                      out, settings.options, divisor, target)
                       : CrossEntropy(in, settings.labels.data(), loss, out,
                                      settings.options, divisor, target);
  };
  std::vector<float> losses[2];
  float divisors[2];
  for (std::vector<float>& loss : losses) loss.assign(rows, 7.0f);
  REQUIRE(run(losses[0].data(), &divisors[0], want.View()) == Status::kOk);
  settings.options.accumulate = true;
  REQUIRE(run(losses[1].data(), &divisors[1], got.View()) == Status::kOk);
  if (!SameBits(losses[0], losses[1])) return "losses";
  if (!SameBits(divisors[0], divisors[1])) return "divisor";
  for (size_t r = 0; r < rows; ++r) {
    const bool is_ignored =
        !has_targets && settings.labels[r] == settings.options.ignore_index;
    for (size_t c = 0; c < cols; ++c) {
      Out& before = old[r * got.stride + c];
      if (!is_ignored) {
        before = Out(static_cast<float>(before) + want.At(r, c));
      }
      if (!SameBits(static_cast<float>(got.At(r, c)),
                    static_cast<float>(before))) {
        return "row " + std::to_string(r) + ", column " + std::to_string(c);
      }
      got.At(r, c) = before;  // one NaN
    }
  }
  for (size_t i = 0; i < old.size(); ++i) {
    if (!SameBits(static_cast<float>(got.elements[i]),
                  static_cast<float>(old[i]))) {
      return "gap " + std::to_string(i);
    }
  }
  return "";
}

// Kills: an ignored row to which +0 is added; a gradient that replaces; a sum
// that is rounded to a half type before the addition; rows of a later chunk
// that are added to the first; a part of a long row in another place.
TEST_CASE("cross_entropy: gradients are added to what is there") {
  ForEachTarget([](Target target) {
    Random random(31);
    const auto compare = [&](size_t rows, size_t cols) {
      for (const bool has_targets : {false, true}) {
        CAPTURE(rows);
        CAPTURE(cols);
        CAPTURE(has_targets);
        CHECK(Compare<float, float>(rows, cols, has_targets, target, random) ==
              "");
        CHECK(Compare<BFloat16, float>(rows, cols, has_targets, target,
                                       random) == "");
        CHECK(Compare<float, Float16>(rows, cols, has_targets, target,
                                      random) == "");
        CHECK(Compare<BFloat16, BFloat16>(rows, cols, has_targets, target,
                                          random) == "");
      }
    };
    for (int i = 0; i < 40; ++i) {
      compare(1 + random.Below(40), 1 + random.Below(70));
    }
    compare(70, 100);
    for (const size_t cols : {1500, 4097, 8192, 8193, 17000}) compare(3, cols);
    // Floats that no buffer holds: far rows are among them.
    for (int i = 0; i < 10; ++i) {
      CHECK(Compare<float, float>(3, 17000, false, target, random) == "");
    }
  });
}

// Kills: an overlap that is found with another operand alone; a call that
// writes first; options that are read without dlogits.
TEST_CASE("cross_entropy: gradients are not added to the logits") {
  ForEachTarget([](Target target) {
    std::vector<float> x = {1.0f, 2.0f, 3.0f, 4.0f};
    const std::vector<float> before = x;
    const int64_t labels[2] = {1, 0};
    float loss = 5.0f, divisor = 5.0f;
    CrossEntropyOptions options;
    options.accumulate = true;
    const Rows<float> view(x.data(), 2, 2);
    for (float* const d : {static_cast<float*>(nullptr), &divisor}) {
      CHECK(CrossEntropy(view, labels, &loss, view, options, d, target) ==
            Status::kOverlap);
      CHECK(CrossEntropy(view, view, &loss, view, options, d, target) ==
            Status::kOverlap);
    }
    BFloat16 halves[4] = {};
    const Rows<BFloat16> half(halves, 2, 2);
    CHECK(CrossEntropy(half, labels, &loss, half, options, nullptr, target) ==
          Status::kOverlap);
    CHECK(SameBits(x, before));
    CHECK(loss == 5.0f);
    CHECK(divisor == 5.0f);
    CHECK(CrossEntropy(view, labels, &loss, {}, options, nullptr, target) ==
          Status::kOk);
    CHECK(CrossEntropy({x.data(), 0, 2}, labels, &loss, {x.data(), 0, 2},
                       options, nullptr, target) == Status::kOk);
    const Rows<const float> none(x.data(), 2, 0, 77);
    CHECK(CrossEntropy(none, none, &loss, {x.data(), 2, 0, 78}, options,
                       nullptr, target) == Status::kOk);
    CHECK(SameBits(x, before));
  });
}

}  // namespace
}  // namespace softlane
