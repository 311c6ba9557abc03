// SPDX-License-Identifier: Apache-2.0
// Cross-entropy and top-k of rows longer than a block, 4096 columns, by the
// definition of their sums: see lib/arith/exact_sum.h.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "each_target.h"
#include "inputs.h"
#include "reference.h"
#include "row_model.h"
#include "softlane/softlane.h"

namespace softlane {
namespace {

// Maxima of blocks that differ by up to `spread` octaves either way, or by none
// in every other row; a third of the elements may be far below, or -inf.
std::vector<float> MakeRow(size_t n, float scale, float spread,
                           Random& random) {
  const float octave = 0.6931472f / scale;
  const float base = octave * random.Uniform(-20.0f, 20.0f);
  const bool has_low = random.Below(2) == 0;
  const float masked = random.Below(2) == 0 ? -kInf : -1e4f / scale;
  std::vector<float> x(n);
  float level = base;
  for (size_t i = 0; i < n; ++i) {
    if (i % kModelBlock == 0) {
      level = base + octave * random.Uniform(-spread, spread);
      if (spread > 200.0f && random.Below(3) == 0) level = masked;
    }
    x[i] = level + 3.0f * octave * random.Normal();
    if (has_low && random.Below(3) == 0) {
      x[i] = random.Below(3) == 0
                 ? masked
                 : x[i] - octave * random.Uniform(60.0f, 140.0f);
    }
  }
  return x;
}

// The gradient of a row by its label alone.
std::vector<float> Gradient(const std::vector<float>& x, size_t label,
                            float scale, float upstream) {
  const internal::ScaleParts parts = internal::SplitScale(scale);
  const ModelRow row = ModelRowSum(x.data(), x.size(), scale, -kInf, label);
  const ModelExp exp(row.plan, parts);
  const double sum = row.sum;
  const double unit = double{upstream} * double{scale};
  const internal::Reciprocal r = internal::FactorOf(unit / sum, sum);
  std::vector<float> gradient;
  for (const float v : x) {
    const float e = exp(v);
    gradient.push_back(
        ReferenceFma(e < r.least ? 0.0f : e, r.head,
                     ReferenceFma(e < r.least ? 0.0f : e, r.rest, 0.0f)));
  }
  gradient[label] = static_cast<float>(unit * (-row.others / sum));
  return gradient;
}

// What differs from the model, or between calls; empty if nothing does.
std::string Compare(size_t n, float scale, float spread, Random& random,
                    Target target) {
  const std::vector<float> x = MakeRow(n, scale, spread, random);
  const size_t label = random.Below(n);
  const auto label64 = static_cast<int64_t>(label);
  CrossEntropyOptions options;
  options.scale = scale;
  options.upstream = std::ldexp(random.Uniform(-1.0f, 1.0f),
                                static_cast<int>(random.Below(160)) - 120);
  const std::vector<float> want = Gradient(x, label, scale, options.upstream);
  for (const bool is_smoothed : {false, true}) {
    options.label_smoothing = is_smoothed ? 0.1f : 0.0f;
    options.z_loss = is_smoothed ? 1e-4f : 0.0f;
    float loss[3];
    std::vector<float> dx(n), in_place = x;
    const Rows<const float> in(x.data(), 1, n);
    const Rows<float> view(in_place.data(), 1, n);
    REQUIRE(CrossEntropy(in, &label64, &loss[0], {}, options, nullptr,
                         target) == Status::kOk);
    REQUIRE(CrossEntropy(in, &label64, &loss[1], {dx.data(), 1, n}, options,
                         nullptr, target) == Status::kOk);
    REQUIRE(CrossEntropy(view, &label64, &loss[2], view, options, nullptr,
                         target) == Status::kOk);
    if (!SameBits(loss[0], loss[1]) || !SameBits(loss[0], loss[2])) {
      return "loss";
    }
    if (!SameBits(dx, in_place)) return "in place";
    if (!is_smoothed && !SameBits(dx, want)) return "gradient";
  }
  float top;
  int32_t column;
  SoftmaxTopKOptions top_options;
  top_options.scale = scale;
  REQUIRE(SoftmaxTopK({x.data(), 1, n}, 1, {&top, 1, 1}, {&column, 1, 1},
                      top_options, target) == Status::kOk);
  const float max = ModelMax(x.data(), n);
  const ModelRow row = ModelRowSum(x.data(), n, scale);
  if (!SameBits(top, ModelProbability(max, row, scale))) return "top-k";
  // A sink far above the row, also where 2^-149 of an exp value counts.
  const float sink =
      max + (random.Below(2) == 0 ? random.Uniform(76.0f, 87.0f)
                                  : random.Uniform(30.0f, 130.0f));
  const ModelRow with_sink = ModelRowSum(x.data(), n, 1.0f, sink);
  AttentionOptions attention;
  attention.scale = 1.0f;
  attention.sinks = &sink;
  std::vector<float> probs(n);
  REQUIRE(AttentionSoftmax({x.data(), 1, n}, {probs.data(), 1, n}, attention,
                           target) == Status::kOk);
  const bool is_same =
      SameBits(probs, ModelProbabilities(x.data(), n, with_sink, 1.0f));
  return is_same ? "" : "sink";
}

// Kills: terms that count by another maximum than their block's; exp values
// whose octaves are not brought to the row's, or not in the last step; a
// factor too small for its two floats; a power that no float holds; a label
// that is not left out; x that is replaced before it was read.
TEST_CASE("long rows of cross_entropy and top-k") {
  ForEachTarget([](Target target) {
    Random random(1);
    size_t wrong = 0;
    std::string first;
    for (const size_t n : {4097, 8192, 12289, 20000}) {
      for (const float spread : {0.0f, 3.0f, 15.0f, 60.0f, 110.0f, 300.0f}) {
        for (const float scale : {1.0f, 0.3f, 7.0f}) {
          const std::string what = Compare(n, scale, spread, random, target);
          if (!what.empty() && wrong++ == 0) {
            first = what + ", " + std::to_string(n) + " columns, scale " +
                    std::to_string(scale) + ", spread " +
                    std::to_string(spread);
          }
        }
      }
    }
    INFO("the first of " << wrong << ": " << first);
    CHECK(wrong == 0);
  });
}

}  // namespace
}  // namespace softlane
