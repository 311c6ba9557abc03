// SPDX-License-Identifier: Apache-2.0
// The sums of rows longer than a block, 4096 columns, have one definition in
// all functions: see lib/arith/exact_sum.h.

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
#include "row_model.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

constexpr size_t kLengths[] = {4095, 4096, 4097,  8191,
                               8192, 8193, 12289, 50257};

std::vector<float> Model(const std::vector<float>& x, float scale) {
  const ModelRow row = ModelRowSum(x.data(), x.size(), scale);
  return ModelProbabilities(x.data(), x.size(), row, scale);
}

std::string Name(size_t n, LongShape shape, const char* function) {
  return std::string(function) + ", " + std::to_string(n) + " columns, shape " +
         std::to_string(static_cast<int>(shape));
}

struct Case {
  Case(std::vector<float> row, LongShape its_shape, float its_scale)
      : x(std::move(row)),
        probs(Model(x, its_scale)),
        n(x.size()),
        shape(its_shape),
        scale(its_scale) {}

  std::vector<float> x, probs;
  size_t n;
  LongShape shape;
  float scale;
};

void CheckCase(const Case& c, Target target, Differences& differences) {
  const size_t n = c.n;
  const std::vector<float>& one = c.probs;
  // The schedule predicts the second row; the third is divided beside none.
  std::vector<float> x, want;
  for (int r = 0; r < 3; ++r) {
    x.insert(x.end(), c.x.begin(), c.x.end());
    want.insert(want.end(), one.begin(), one.end());
  }
  const auto check = [&](const std::vector<float>& got,
                         const std::vector<float>& wanted, const char* what) {
    differences.Check(SameBits(got, wanted), Name(n, c.shape, what));
  };
  const SoftmaxOptions options{c.scale, EmptyRow::kNan};
  const Rows<const float> view(x.data(), 3, n);
  const Rows<const float> first(x.data(), 1, n);
  std::vector<float> y(3 * n), of_one(n);
  REQUIRE(Softmax(view, {y.data(), 3, n}, options, target) == Status::kOk);
  check(y, want, "softmax");
  REQUIRE(Softmax(first, {of_one.data(), 1, n}, options, target) ==
          Status::kOk);
  check(of_one, one, "one row");
  y = x;
  const Rows<float> in_place(y.data(), 3, n);
  REQUIRE(Softmax(in_place, in_place, options, target) == Status::kOk);
  check(y, want, "in place");
  if (c.scale == 1.0f) {
    REQUIRE(AttentionSoftmax(view, {y.data(), 3, n}, {}, target) ==
            Status::kOk);
    check(y, want, "attention");
  }
  float top = 0.0f;
  int32_t column = 0;
  SoftmaxTopKOptions top_options;
  top_options.scale = c.scale;
  REQUIRE(SoftmaxTopK(first, 1, {&top, 1, 1}, {&column, 1, 1}, top_options,
                      target) == Status::kOk);
  check({top}, {*std::max_element(one.begin(), one.end())}, "top-k");
  // Three equal columns side by side.
  for (size_t k = 0; k < n; ++k) std::fill_n(&x[3 * k], 3, c.x[k]);
  REQUIRE(SoftmaxAxis(Planes<const float>(x.data(), 1, n, 3),
                      Planes<float>(y.data(), 1, n, 3), options,
                      target) == Status::kOk);
  std::vector<float> columns(3 * n);
  for (size_t k = 0; k < n; ++k) std::fill_n(&columns[3 * k], 3, one[k]);
  check(y, columns, "axis");
}

// Kills: terms that are dropped by the row's maximum and not by the block's;
// block sums that are added as doubles; a block that begins elsewhere; a block
// whose sum is that of the exp values that are written.
TEST_CASE("long rows are summed by blocks") {
  std::vector<Case> cases;
  Random random(1);
  size_t changes = 0, number = 0;
  const size_t step = Amount("SOFTLANE_LONG_STEP", 1, 5);
  for (const size_t n : kLengths) {
    for (const LongShape shape : kLongShapes) {
      for (const float scale : {1.0f, 1.0f, 0.37f}) {
        if (number++ % step != 0) continue;
        const std::vector<float> x = MakeLongRow(shape, n, random);
        auto rows = RowsAtChange(x, scale, random);
        changes += rows.empty() ? 0 : 1;
        rows.push_back(x);
        for (auto& row : rows) cases.emplace_back(std::move(row), shape, scale);
      }
    }
  }
  CHECK(changes > number / step / 3);
  ForEachTarget([&](Target target) {
    Differences differences;
    for (const Case& c : cases) CheckCase(c, target, differences);
    differences.Report();
  });
}

// Kills: a sink that joins a block, or counts from another exponent; a range
// whose blocks begin at columns of the row; a short range that is cut in
// blocks.
TEST_CASE("long rows of attention with ranges and sinks") {
  constexpr size_t kRows = 40, kCols = 9001;
  Random random(2);
  std::vector<float> x, sinks;
  for (size_t r = 0; r < kRows; ++r) {
    const std::vector<float> row = MakeLongRow(
        kLongShapes[random.Below(std::size(kLongShapes))], kCols, random);
    x.insert(x.end(), row.begin(), row.end());
    sinks.push_back(random.Uniform(-60.0f, 60.0f));
  }
  struct Ranges {
    AttentionOptions options;
    std::vector<float> probs;
  };
  std::vector<Ranges> all;
  for (const int64_t window : {0, 4090, 8200}) {
    for (const bool has_sinks : {false, true}) {
      // Row r has keys up to first_query + r.
      for (const int64_t first : {4080, 8170, 8950}) {
        AttentionOptions options;
        options.causal = true;
        options.window = window;
        options.first_query = first;
        options.sinks = has_sinks ? sinks.data() : nullptr;
        std::vector<float> want(x.size());
        for (size_t r = 0; r < kRows; ++r) {
          const size_t end = static_cast<size_t>(first) + r + 1;
          const size_t width = static_cast<size_t>(window);
          const size_t begin = window == 0 || width >= end ? 0 : end - width;
          const float* const keys = x.data() + r * kCols;
          const float sink = has_sinks ? sinks[r] : -kInf;
          const float max = ModelMax(keys + begin, end - begin);
          if (max == -kInf && sink == -kInf) continue;  // +0
          const ModelRow row =
              ModelRowSum(keys + begin, end - begin, 1.0f, sink);
          const std::vector<float> probs =
              ModelProbabilities(keys + begin, end - begin, row, 1.0f);
          std::copy(probs.begin(), probs.end(),
                    want.begin() + static_cast<ptrdiff_t>(r * kCols + begin));
        }
        all.push_back({options, std::move(want)});
      }
    }
  }
  ForEachTarget([&](Target target) {
    Differences differences;
    for (const Ranges& ranges : all) {
      const AttentionOptions& options = ranges.options;
      std::vector<float> y(x.size());
      REQUIRE(AttentionSoftmax({x.data(), kRows, kCols},
                               {y.data(), kRows, kCols}, options,
                               target) == Status::kOk);
      differences.Check(SameBits(y, ranges.probs),
                        "window " + std::to_string(options.window) +
                            ", first " + std::to_string(options.first_query));
    }
    differences.Report();
  });
}

// Log-softmax of three rows, of which one may be of any shape.
struct LogCase {
  std::vector<float> x;
  size_t n;
  LongShape shape;
};

// Kills: blocks of log-softmax that are summed as those of softmax are, or in
// another order by another schedule.
TEST_CASE("long rows of log-softmax") {
  Random random(3);
  std::vector<LogCase> cases;
  for (const size_t n : kLengths) {
    for (const LongShape shape : kLongShapes) {
      LogCase c{{}, n, shape};
      for (int r = 0; r < 3; ++r) {
        const std::vector<float> row =
            MakeLongRow(r == 1 ? shape : LongShape::kUsual, n, random);
        c.x.insert(c.x.end(), row.begin(), row.end());
      }
      cases.push_back(std::move(c));
    }
  }
  ForEachTarget([&](Target target) {
    Differences differences;
    for (const LogCase& c : cases) {
      const size_t n = c.n;
      const auto check = [&](const std::vector<float>& got,
                             const std::vector<float>& want, const char* what) {
        differences.Check(SameBits(got, want), Name(n, c.shape, what));
      };
      std::vector<float> want(3 * n), y = c.x, logs(3), other_logs(3);
      const Rows<const float> view(c.x.data(), 3, n);
      REQUIRE(LogSoftmax(view, {want.data(), 3, n}, {}, Target::kBaseline) ==
              Status::kOk);
      REQUIRE(LogSumExp(view, logs.data(), 1.0f, Target::kBaseline) ==
              Status::kOk);
      const Rows<float> in_place(y.data(), 3, n);
      REQUIRE(LogSoftmax(in_place, in_place, {}, target) == Status::kOk);
      check(y, want, "in place");
      REQUIRE(LogSoftmax(view, in_place, {}, target) == Status::kOk);
      check(y, want, "log-softmax");
      REQUIRE(LogSumExp(view, other_logs.data(), 1.0f, target) == Status::kOk);
      check(other_logs, logs, "logsumexp");
      for (size_t r = 0; r < 3; ++r) {
        REQUIRE(LogSoftmax({view.Row(r), 1, n}, {in_place.Row(r), 1, n}, {},
                           target) == Status::kOk);
        REQUIRE(LogSumExp({view.Row(r), 1, n}, &other_logs[r], 1.0f, target) ==
                Status::kOk);
      }
      check(y, want, "rows one by one");
      check(other_logs, logs, "logsumexp of rows one by one");
      std::vector<float> columns(3 * n);
      for (size_t i = 0; i < 3 * n; ++i) columns[i] = c.x[i % 3 * n + i / 3];
      REQUIRE(LogSoftmaxAxis(Planes<const float>(columns.data(), 1, n, 3),
                             Planes<float>(y.data(), 1, n, 3), {},
                             target) == Status::kOk);
      for (size_t i = 0; i < 3 * n; ++i) columns[i] = want[i % 3 * n + i / 3];
      check(y, columns, "axis");
    }
    differences.Report();
  });
}

}  // namespace
}  // namespace softlane
