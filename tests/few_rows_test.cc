// SPDX-License-Identifier: Apache-2.0
// A few short rows, which some targets do at once, have the bits of the same
// rows in a larger call; and so have losses, of a call that asks for its
// divisor, too. Nothing but the rows is written.

#include <algorithm>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "softlane/cross_entropy.h"
#include "softlane/log_softmax.h"
#include "softlane/softmax.h"

namespace softlane {
namespace {

constexpr size_t kMany = 20;
constexpr float kGuard = -7.0f;

// The first rows of kMany. One of those may be special.
struct Few {
  explicit Few(Random& random)
      : rows(1 + random.Below(9)),
        cols(1 + random.Below(18)),
        stride(cols + random.Below(3)),
        x(kMany * stride, kGuard) {
    const Family family = kFamilies[random.Below(8)];
    for (size_t r = 0; r < kMany; ++r) {
      const std::vector<float> row = MakeRow(family, cols, random);
      std::copy(row.begin(), row.end(), &x[r * stride]);
    }
    constexpr float kSpecial[] = {kNan, kInf, -kInf, 3e38f, -4200.0f};
    const size_t special = random.Below(20);
    float* const row = &x[random.Below(rows) * stride];
    if (special < 5) row[random.Below(cols)] = kSpecial[special];
    if (special >= 5 && special < 8) std::fill_n(row, cols, -kInf);
    if (special == 6) row[cols - 1] = -0.0f;
    if (special == 7) row[cols - 1] = -0x1p-149f;
  }
  // Whether `few` has the rows of `all`, and nothing else but `before` has.
  bool Agree(const std::vector<float>& few, const std::vector<float>& all,
             const std::vector<float>& before) const {
    for (size_t i = 0; i < few.size(); ++i) {
      const bool is_row = i / stride < rows && i % stride < cols;
      if (!SameBits(few[i], is_row ? all[i] : before[i])) return false;
    }
    return true;
  }
  Rows<const float> In(const std::vector<float>& v, size_t count) const {
    return {v.data(), count, cols, stride};
  }
  Rows<float> Out(std::vector<float>& v, size_t count) const {
    return {v.data(), count, cols, stride};
  }

  size_t rows, cols, stride;
  std::vector<float> x;
};

// Kills: a row that is written where another is; sums of two vectors as those
// of one; a logarithm of a sum that is one exp value; a NaN or a maximum that
// is not looked at.
TEST_CASE("few rows: probabilities, log-probabilities, logsumexp") {
  ForEachTarget([](Target target) {
    Random random(11);
    for (int i = 0; i < 6000; ++i) {
      const Few f(random);
      CAPTURE(i);
      SoftmaxOptions options;
      options.scale = random.Below(4) == 0 ? 0.37f : 1.0f;
      options.empty_row =
          random.Below(2) == 0 ? EmptyRow::kNan : EmptyRow::kZero;
      const bool in_place = random.Below(3) == 0;
      const std::vector<float> before =
          in_place ? f.x : std::vector<float>(f.x.size(), kGuard);
      const auto check = [&](auto function) {
        std::vector<float> all(f.x.size()), few = before;
        REQUIRE(function(f.In(f.x, kMany), f.Out(all, kMany), options,
                         target) == Status::kOk);
        const std::vector<float>& from = in_place ? few : f.x;
        REQUIRE(function(f.In(from, f.rows), f.Out(few, f.rows), options,
                         target) == Status::kOk);
        REQUIRE(f.Agree(few, all, before));
      };
      check([](auto&&... a) { return Softmax(a...); });
      check([](auto&&... a) { return LogSoftmax(a...); });
      std::vector<float> all(kMany), few(kMany, kGuard);
      REQUIRE(LogSumExp(f.In(f.x, kMany), all.data(), options.scale, target) ==
              Status::kOk);
      REQUIRE(LogSumExp(f.In(f.x, f.rows), few.data(), options.scale, target) ==
              Status::kOk);
      std::fill(all.begin() + static_cast<ptrdiff_t>(f.rows), all.end(),
                kGuard);
      REQUIRE(SameBits(few, all));
    }
  });
}

template <class Label>
void CheckLosses(Target target, Random& random) {
  const Few f(random);
  std::vector<Label> labels(f.rows);
  for (Label& label : labels) label = static_cast<Label>(random.Below(f.cols));
  CrossEntropyOptions options;
  constexpr Reduction kAll[] = {Reduction::kNone, Reduction::kSum,
                                Reduction::kMean};
  options.reduction = kAll[random.Below(3)];
  constexpr float kUpstream[] = {1.0f, -0.3f, 0.0f, -0.0f, kInf, kNan, 1e38f};
  options.upstream = kUpstream[random.Below(random.Below(2) == 0 ? 7 : 2)];
  if (random.Below(8) == 0) options.ignore_index = labels[0];
  const bool has_gradient = random.Below(3) != 0;
  const bool in_place = has_gradient && random.Below(3) == 0;
  std::vector<float> results[2], losses[2];
  for (int k = 0; k < 2; ++k) {
    results[k] = in_place ? f.x : std::vector<float>(f.x.size(), kGuard);
    losses[k].assign(f.rows + 1, kGuard);
    float divisor;
    const Rows<const float> x = f.In(in_place ? results[k] : f.x, f.rows);
    REQUIRE(CrossEntropy(
                x, labels.data(), losses[k].data(),
                has_gradient ? f.Out(results[k], f.rows) : Rows<float>(),
                options, k == 0 ? nullptr : &divisor, target) == Status::kOk);
  }
  REQUIRE(SameBits(results[0], results[1]));
  REQUIRE(SameBits(losses[0], losses[1]));
  if (has_gradient) {
    std::vector<float> dx =
        in_place ? f.x : std::vector<float>(f.x.size(), kGuard);
    REQUIRE(CrossEntropy(f.In(in_place ? dx : f.x, f.rows), labels.data(),
                         nullptr, f.Out(dx, f.rows), options, nullptr,
                         target) == Status::kOk);
    REQUIRE(SameBits(dx, results[0]));
  }

  // A label that is not good: nothing is written.
  const std::vector<float> before = losses[0];
  labels[f.rows - 1] = static_cast<Label>(f.cols);
  if (options.ignore_index == labels[f.rows - 1]) return;
  REQUIRE(CrossEntropy(f.In(f.x, f.rows), labels.data(), losses[0].data(), {},
                       options, nullptr, target) == Status::kBadLabel);
  REQUIRE(SameBits(losses[0], before));
}

// Kills: a label in another vector or half; the gradient of one column by
// another sign; a mean as a sum; a factor that floats do not hold; labels that
// are not looked at.
TEST_CASE("few rows: losses and their gradients") {
  ForEachTarget([](Target target) {
    Random random(13);
    for (int i = 0; i < 6000; ++i) {
      CAPTURE(i);
      CheckLosses<int64_t>(target, random);
      CheckLosses<int32_t>(target, random);
    }
  });
}

}  // namespace
}  // namespace softlane
