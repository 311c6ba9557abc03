// SPDX-License-Identifier: Apache-2.0
// Rows beyond the direct limit, and of a scale that two floats do not hold: see
// lib/arith/far_plan.h. All functions have one definition of them.

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "block_reference.h"
#include "doctest/doctest.h"
#include "each_target.h"
#include "far_rows.h"
#include "inputs.h"
#include "long_rows.h"
#include "reference.h"
#include "row_model.h"
#include "softlane/accuracy.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

void CheckRow(const FarCase& c, Target target, Differences& differences) {
  const size_t n = c.x.size();
  const BlockReference want(c.x, c.scale);
  const auto check = [&](const std::vector<float>& got,
                         const std::vector<float>& wanted, const char* what) {
    differences.Check(SameBits(got, wanted), NameOf(c, what));
  };
  const SoftmaxOptions options{c.scale, EmptyRow::kNan};
  const Rows<const float> x(c.x.data(), 1, n);
  std::vector<float> y(n);
  const Rows<float> to(y.data(), 1, n);
  REQUIRE(Softmax(x, to, options, target) == Status::kOk);
  check(y, want.probs, "softmax");
  REQUIRE(LogSoftmax(x, to, options, target) == Status::kOk);
  check(y, want.log_probs, "log-softmax");
  float top = 0.0f, logs[3];
  int32_t column = 0;
  SoftmaxTopKOptions top_options;
  top_options.scale = c.scale;
  REQUIRE(SoftmaxTopK(x, 1, {&top, 1, 1}, {&column, 1, 1}, top_options,
                      target) == Status::kOk);
  check({top}, {*std::max_element(want.probs.begin(), want.probs.end())},
        "top-k");
  // Rows side by side take other schedules than a row alone.
  std::vector<float> five, five_probs;
  for (int r = 0; r < 5; ++r) {
    five.insert(five.end(), c.x.begin(), c.x.end());
    five_probs.insert(five_probs.end(), want.probs.begin(), want.probs.end());
  }
  const Rows<float> rows(five.data(), 5, n);
  const std::vector<float> before = five;
  REQUIRE(Softmax(rows, rows, options, target) == Status::kOk);
  check(five, five_probs, "five rows, in place");
  if (c.scale == 1.0f) {
    AttentionOptions attention;
    attention.scale = 1.0f;
    five = before;
    REQUIRE(AttentionSoftmax(rows, rows, attention, target) == Status::kOk);
    check(five, five_probs, "attention");
    // A sink that counts as much as the maximum.
    const float sink = ModelMax(c.x.data(), n);
    attention.sinks = &sink;
    REQUIRE(AttentionSoftmax(x, to, attention, target) == Status::kOk);
    const ModelRow row = ModelRowSum(c.x.data(), n, 1.0f, sink);
    check(y, ModelProbabilities(c.x.data(), n, row, 1.0f), "a sink");
  }
  // The label's exp value is left out of the sum, and added at its end.
  const int64_t label = static_cast<int64_t>(n / 2);
  CrossEntropyOptions losses;
  losses.scale = c.scale;
  REQUIRE(CrossEntropy(x, &label, &logs[0], to, losses, nullptr, target) ==
          Status::kOk);
  const internal::ScaleParts parts = internal::SplitScale(c.scale);
  const ModelRow row =
      ModelRowSum(c.x.data(), n, c.scale, -kInf, static_cast<size_t>(label));
  const ModelExp exp(row.plan, parts);
  const double sum =
      n <= kModelBlock ? row.others + double{exp(c.x[n / 2])} : row.sum;
  const internal::Reciprocal r = internal::FactorOf(parts.scale / sum, sum);
  std::vector<float> gradient;
  for (const float v : c.x) {
    const float e = exp(v) < r.least ? 0.0f : exp(v);
    gradient.push_back(ReferenceFma(e, r.head, ReferenceFma(e, r.rest, 0.0f)));
  }
  gradient[n / 2] = static_cast<float>(parts.scale * (-row.others / sum));
  check(y, gradient, "gradient");
  REQUIRE(CrossEntropy(x, &label, &logs[1], {}, losses, nullptr, target) ==
          Status::kOk);
  check({logs[0]}, {logs[1]}, "loss without a gradient");
}

// Kills: x - max, a rest of x l1 alone, a part of l that is left out, an exp
// value that is +0 by another limit, a block that is far by the row's maximum
// and not by its own, floats beyond 2^33 octaves that count beside others.
TEST_CASE("far rows: one definition in all functions") {
  const std::vector<FarCase> cases = MakeFarCases(1, 2);
  ForEachTarget([&](Target target) {
    Differences differences;
    for (const FarCase& c : cases) CheckRow(c, target, differences);
    differences.Report();
  });
}

// Kills: a lane with the maximum, the formula or the limits of another.
TEST_CASE("far rows: columns side by side") {
  ForEachTarget([](Target target) {
    Random random(2);
    Differences differences;
    for (const size_t n : {3, 20, 300, 5000}) {
      for (const float scale : kFarScales) {
        constexpr size_t kInner = 19;
        std::vector<FarCase> columns;
        std::vector<float> x(n * kInner), y(n * kInner), logs(n * kInner);
        for (size_t c = 0; c < kInner; ++c) {
          columns.push_back({MakeFarRow(n, scale, random), scale});
          std::vector<float>& column = columns.back().x;
          if (c % 4 == 3) {  // not far, unless the scale is unusual
            for (float& v : column) v = random.Uniform(-9.0f, 9.0f) / scale;
          }
          for (size_t k = 0; k < n; ++k) x[k * kInner + c] = column[k];
        }
        const SoftmaxOptions options{scale, EmptyRow::kNan};
        const Planes<const float> from(x.data(), 1, n, kInner);
        REQUIRE(LogSoftmaxAxis(from, {logs.data(), 1, n, kInner}, options,
                               target) == Status::kOk);
        REQUIRE(SoftmaxAxis(from, {y.data(), 1, n, kInner}, options, target) ==
                Status::kOk);
        for (size_t c = 0; c < kInner; ++c) {
          const BlockReference want(columns[c].x, scale);
          std::vector<float> got(n), got_logs(n);
          for (size_t k = 0; k < n; ++k) {
            got[k] = y[k * kInner + c];
            got_logs[k] = logs[k * kInner + c];
          }
          differences.Check(SameBits(got, want.probs),
                            NameOf(columns[c], "softmax"));
          differences.Check(SameBits(got_logs, want.log_probs),
                            NameOf(columns[c], "log-softmax"));
        }
      }
    }
    differences.Report();
  });
}

// Kills: a sum that depends on the order of blocks, or on the maximum of the
// row before its end.
TEST_CASE("far rows: any order of blocks") {
  ForEachTarget([](Target target) {
    Random random(3);
    Differences differences;
    for (int k = 0; k < 60; ++k) {
      const float scale = kFarScales[k % 5];
      std::vector<std::vector<float>> blocks;
      for (int b = 0; b < 4; ++b) {
        blocks.push_back(MakeFarRow(kModelBlock, scale, random));
      }
      std::vector<float> first, second, y(4 * kModelBlock), z(4 * kModelBlock);
      for (int b = 0; b < 4; ++b) {
        const auto& one = blocks[b];
        const auto& other = blocks[3 - b];
        first.insert(first.end(), one.begin(), one.end());
        second.insert(second.end(), other.begin(), other.end());
      }
      const size_t n = first.size();
      const SoftmaxOptions options{scale, EmptyRow::kNan};
      REQUIRE(Softmax({first.data(), 1, n}, {y.data(), 1, n}, options,
                      target) == Status::kOk);
      REQUIRE(Softmax({second.data(), 1, n}, {z.data(), 1, n}, options,
                      target) == Status::kOk);
      for (int b = 0; b < 2; ++b) {
        std::swap_ranges(z.begin() + b * ptrdiff_t{kModelBlock},
                         z.begin() + (b + 1) * ptrdiff_t{kModelBlock},
                         z.begin() + (3 - b) * ptrdiff_t{kModelBlock});
      }
      differences.Check(SameBits(y, z), NameOf({first, scale}, "softmax"));
    }
    differences.Report();
  });
}

// Whether an element beyond the limit has another exp value if its block is
// taken for a direct one.
bool IsTelling(float x, float scale) {
  const internal::ScaleParts parts = internal::SplitScale(scale);
  const ModelExp direct(internal::PlanRow(-4095.5f / scale, parts), parts);
  const ModelExp far(internal::PlanRow(x, parts), parts);
  int exponent;
  return std::frexp(direct(x), &exponent) != std::frexp(far(x), &exponent);
}

// Kills: a block beyond the limit that is direct because its row is.
TEST_CASE("far rows: far blocks of rows that are not far") {
  ForEachTarget([](Target target) {
    Random random(5);
    Differences differences;
    for (int k = 0; k < 20; ++k) {
      const float scale = k % 2 == 0 ? 1.0f : 0.37f;
      float level;
      do {
        level = random.Uniform(-4101.0f, -4096.5f) / scale;
      } while (!IsTelling(level, scale));
      std::vector<float> x(3 * kModelBlock, level);
      x[random.Below(3) * kModelBlock] =
          random.Uniform(-4095.5f, -4095.0f) / scale;
      CheckRow({x, scale}, target, differences);
    }
    differences.Report();
  });
}

// Kills: NaN that the sum of a far block forgets.
TEST_CASE("far rows: NaN in any block") {
  ForEachTarget([](Target target) {
    for (const float level : {-1e4f, 1e6f, -1e9f}) {
      for (const size_t at : {0, 4095, 4096, 8999}) {
        std::vector<float> x(9000, level), y(9000, 1.0f);
        x[at] = kNan;
        const Rows<const float> view(x.data(), 1, x.size());
        float log = 0.0f;
        REQUIRE(Softmax(view, {y.data(), 1, y.size()}, {}, target) ==
                Status::kOk);
        REQUIRE(LogSumExp(view, &log, 1.0f, target) == Status::kOk);
        CHECK(std::all_of(y.begin(), y.end(), [](float v) { return v != v; }));
        CHECK(log != log);
      }
    }
  });
}

// Kills: l in two parts, a logarithm without the rest of the maximum.
TEST_CASE("far rows: the bounds of errors") {
  const std::vector<FarCase> cases = MakeFarCases(4, 3);
  ForEachTarget([&](Target target) {
    Worst softmax, log_softmax, logsumexp;
    for (const FarCase& c : cases) {
      const size_t n = c.x.size();
      const auto name = [&] {
        return std::to_string(n) + " columns, scale " +
               std::to_string(c.scale) + ", " + std::to_string(c.x[0]);
      };
      const SoftmaxReference want = ReferenceSoftmax(c.x.data(), n, c.scale);
      const LogSoftmaxReference want_logs =
          ReferenceLogSoftmax(c.x.data(), n, c.scale);
      std::vector<float> y(n), logs(n);
      float log = 0.0f;
      const SoftmaxOptions options{c.scale, EmptyRow::kNan};
      const Rows<const float> x(c.x.data(), 1, n);
      REQUIRE(Softmax(x, {y.data(), 1, n}, options, target) == Status::kOk);
      REQUIRE(LogSoftmax(x, {logs.data(), 1, n}, options, target) ==
              Status::kOk);
      REQUIRE(LogSumExp(x, &log, c.scale, target) == Status::kOk);
      for (size_t i = 0; i < n; ++i) {
        if (want.probs[i] >= 0x1p-125) {
          softmax.Offer(UlpError(y[i], want.probs[i]), name);
        }
        if (c.x[i] != -kInf) {
          log_softmax.Offer(LogError(logs[i], want_logs.log_probs[i]), name);
        }
      }
      logsumexp.Offer(LogError(log, want.logsumexp), name);
    }
    std::printf(
        "%-9s far rows: %.2f ULP, log-softmax %.2f, logsumexp %.2f of "
        "2^-22\n",
        TargetName(target), softmax.value, log_softmax.value * 0x1p22,
        logsumexp.value * 0x1p22);
    INFO(softmax.where << "; " << log_softmax.where << "; " << logsumexp.where);
    CHECK(softmax.value <= 4.0);
    CHECK(log_softmax.value <= kLogSoftmaxMaxError);
    CHECK(logsumexp.value <= kLogSumExpMaxError);
  });
}

}  // namespace
}  // namespace softlane
